"""Janus as Debian packages it: AudioBridge mixes, VideoRoom forwards."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.process import Process, free_port
from bench.servers.contract import Running

PLUGINS = ("audiobridge", "videoroom")
INSTALLED = Path("/usr/lib/x86_64-linux-gnu/janus")
CONFIGURATION = """
general: {{
  configs_folder = "{directory}"
  plugins_folder = "{directory}/plugins"
  transports_folder = "{directory}/transports"
  events_folder = "{directory}"
  loggers_folder = "{directory}"
  debug_level = 2
  event_loops = 1
  server_name = "bench"
}}
media: {{ rtp_port_range = "20000-32000" }}
nat: {{ ice_enforce_list = "{address}" }}
"""
WEBSOCKETS = """
general: {{ json = "compact" ws = true ws_interface = "lo" ws_port = {port} wss = false }}
admin: {{ admin_ws = false }}
"""


class Janus:
    name = "Janus"
    rival = True
    mixes = True

    def version(self) -> str:
        done = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Version}", "janus"],
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def start(self, directory: Path) -> Running:
        """One event loop for all handles, which suits one core better than a thread for each."""
        port = free_port()
        _link(directory / "plugins", [f"libjanus_{plugin}.so" for plugin in PLUGINS])
        _link(directory / "transports", ["libjanus_websockets.so"])
        (directory / "janus.jcfg").write_text(
            CONFIGURATION.format(directory=directory, address=_address())
        )
        (directory / "janus.transport.websockets.jcfg").write_text(WEBSOCKETS.format(port=port))
        process = Process(["janus", "-F", directory], directory)
        process.wait_for_port(port)
        return Running(process, port)

    def meetings(self, running: Running, count: int, attendees: int) -> Sequence[str]:
        return (
            *("--target", "janus", "--url", f"ws://127.0.0.1:{running.port}"),
            *("--local-ip", _address()),
            *("--meetings", str(count), "--attendees", str(attendees)),
        )

    def audience(self, running: Running, receivers: int) -> Sequence[str]:
        return self.meetings(running, 1, receivers + 1)


def _address() -> str:
    """This machine's own: Janus has no candidates on the loopback interface, though packets between
    two sockets of one machine go over it in any case.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))  # sends nothing
        address = probe.getsockname()[0]
        assert isinstance(address, str)
        return address


def _link(directory: Path, libraries: Sequence[str]) -> None:
    directory.mkdir()
    for library in libraries:
        (directory / library).symlink_to(INSTALLED / directory.name / library)
