use crate::Source;

/// What an attendee may do with video, both its halves at once (chime-meetings D.1).
/// An attendee nobody set gates for may do nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gates {
    /// Its camera is forwarded.
    pub video_send: bool,
    /// Cameras are forwarded to it.
    pub video_receive: bool,
    /// Its content is forwarded.
    pub content_send: bool,
    /// Content is forwarded to it.
    pub content_receive: bool,
}

impl Gates {
    /// Everything allowed.
    pub const OPEN: Self = Self {
        video_send: true,
        video_receive: true,
        content_send: true,
        content_receive: true,
    };

    pub(crate) fn sends(self, content: bool) -> bool {
        if content {
            self.content_send
        } else {
            self.video_send
        }
    }

    pub(crate) fn receives(self, content: bool) -> bool {
        if content {
            self.content_receive
        } else {
            self.video_receive
        }
    }
}

/// Whether packets of `source` may reach `attendee`: both gates open, and never one's own.
pub(crate) fn permits(source: &Source, sender: Gates, attendee: u64, receiver: Gates) -> bool {
    source.attendee != attendee && sender.sends(source.content) && receiver.receives(source.content)
}
