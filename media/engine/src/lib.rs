//! WebRTC sessions and meetings on threads of their own.
