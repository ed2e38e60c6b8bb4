"""Live meetings: rooms, WebSockets, timers and the media engine put together on the event loop."""

from hubbub.meetings.live.opening import Live, open_live

__all__ = ["Live", "open_live"]
