/// One published encoding, as its sender declared it (chime-meetings B.4, C.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The session that sends it.
    pub session: u64,
    /// The attendee of that session; the same for its content half.
    pub attendee: u64,
    /// All encodings of one camera share this.
    pub group: u32,
    /// A content share: the gates of content apply, and it has precedence.
    pub content: bool,
    /// Place among the encodings of its group, 0 the smallest.
    pub layer: u8,
    /// `max_bitrate_kbps` as declared; 0 if it did not say.
    pub max_kbps: u32,
    /// False: declared off (`max_bitrate_kbps` 0 of a simulcast layer); others of the group replace it.
    pub active: bool,
}
