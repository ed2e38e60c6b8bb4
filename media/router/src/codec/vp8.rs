/// Ids of a VP8 payload descriptor (RFC 7741 section 4.2); absent fields are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PictureIds {
    /// PictureID, within the width (7 or 15 bits) the payload has.
    pub picture_id: Option<u16>,
    /// TL0PICIDX.
    pub tl0_picture_index: Option<u8>,
    /// KEYIDX, 5 bits.
    pub key_index: Option<u8>,
}
