//! The router over an emulated network, in virtual time.

mod camera;
mod meeting;
mod network;
mod screen;

mod allocator_precedence;
mod garbage;
mod gates_close_at_once;
mod key_frame_requests;
mod layer_fall_back;
mod narrow_downlink;
mod other_codecs;
mod recovery_after_loss;
mod size_limits;
mod source_states;
mod start_on_key_frame;
mod stream_continuity;
