//! Media files: IVF, Ogg Opus, WAV.

pub mod ivf;
pub mod ogg_opus;
pub mod wav;
