"""LiveKit, built from bench/rivals/livekit. It forwards audio like video and mixes nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.places import CACHE
from bench.process import Process, free_port
from bench.servers.contract import Running

PROGRAM = CACHE / "livekit-server"
KEY, SECRET = "bench", "benchmark-secret-benchmark-secret-000000"
CONFIGURATION = """
port: {port}
bind_addresses: ["127.0.0.1"]
keys: {{ {key}: {secret} }}
logging: {{ level: error }}
rtc:
  udp_port: {udp_port}
  tcp_port: {tcp_port}
  node_ip: 127.0.0.1
  use_external_ip: false
  enable_loopback_candidate: true
  interfaces: {{ includes: [lo] }}
"""


class LiveKit:
    name = "LiveKit"
    rival = True
    mixes = False

    def version(self) -> str:
        if not PROGRAM.exists():
            return "not built"
        done = subprocess.run([PROGRAM, "--version"], capture_output=True, check=True)
        return done.stdout.decode().strip().removeprefix("livekit-server version ")

    def start(self, directory: Path) -> Running:
        port = free_port()
        configuration = directory / "livekit.yaml"
        configuration.write_text(
            CONFIGURATION.format(
                port=port, udp_port=free_port(), tcp_port=free_port(), key=KEY, secret=SECRET
            )
        )
        process = Process([PROGRAM, "--config", configuration], directory)
        process.wait_for_port(port)
        return Running(process, port)

    def meetings(self, running: Running, count: int, attendees: int) -> Sequence[str]:
        return (
            *("--target", "livekit", "--url", f"ws://127.0.0.1:{running.port}"),
            *("--api-key", KEY, "--api-secret", SECRET),
            *("--meetings", str(count), "--attendees", str(attendees)),
        )

    def audience(self, running: Running, receivers: int) -> Sequence[str]:
        return self.meetings(running, 1, receivers + 1)
