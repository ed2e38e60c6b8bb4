"""MediaPlacement: where clients of a meeting connect to (chime-meetings A.5)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from hubbub.wire.service import Call

EVENTS_PATH = "/v1/client-events"
CONTROL_PATH = "/control/"
"""Of signalling; the meeting's id follows."""

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")


class Placement:
    """Makes the eight URLs, with the host under which the API was called.

    `public_url` ("https://host", "http://host:port") stands for that host where it is not the one
    that clients reach, `own_host` ("127.0.0.1:4480") where a request names none.
    """

    def __init__(self, *, public_url: str, own_host: str, media_port: int) -> None:
        self._public = urlsplit(public_url) if public_url else None
        self._own_host = own_host
        self._media_port = media_port

    def of(self, call: Call, meeting_id: str) -> dict[str, str]:
        host, secure = self._origin(call)
        web, socket = ("https", "wss") if secure else ("http", "ws")
        found = _HOST.fullmatch(host)
        name = found[1] if found else host
        return {
            "AudioHostUrl": f"{name}:{self._media_port}",
            "AudioFallbackUrl": f"{socket}://{host}/calls/{meeting_id}",
            "SignalingUrl": f"{socket}://{host}{CONTROL_PATH}{meeting_id}",
            "TurnControlUrl": f"{web}://{host}/v2/turn_sessions",
            "ScreenDataUrl": f"{socket}://{host}/v2/screen/{meeting_id}",
            "ScreenViewingUrl": (
                f"{socket}://{host}/ws/connect?passcode=null&viewer_uuid=null"
                f"&X-BitHub-Call-Id={meeting_id}"
            ),
            "ScreenSharingUrl": f"{socket}://{host}/v2/screen/{meeting_id}",
            "EventIngestionUrl": f"{web}://{host}{EVENTS_PATH}",
        }

    def _origin(self, call: Call) -> tuple[str, bool]:
        """Host with port, and whether it is TLS that is spoken there."""
        if self._public is not None:
            return self._public.netloc, self._public.scheme == "https"
        host = call.headers.get("host", "")
        return (host if _HOST.fullmatch(host) else self._own_host), call.secure
