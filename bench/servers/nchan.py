"""nginx with nchan: members publish and subscribe over one WebSocket."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from bench.process import Process, free_port
from bench.servers.contract import Running

CONFIGURATION = """
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
{user}
worker_processes 1;
worker_rlimit_nofile 20000;
daemon off;
pid {directory}/pid;
error_log {directory}/log warn;
events {{ worker_connections 16000; multi_accept on; }}
http {{
  access_log off;
  tcp_nodelay on;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  nchan_shared_memory_size 256M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /room {{
      nchan_pubsub websocket;
      nchan_channel_id room;
      nchan_message_buffer_length 64;
      nchan_message_timeout 10s;
      nchan_subscriber_first_message newest;
    }}
  }}
}}
"""
PACKAGES = ("nginx", "libnginx-mod-nchan")


class Nchan:
    name = "nginx + nchan"
    rival = True
    protocol = "ws"

    def version(self) -> str:
        done = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *PACKAGES],
            capture_output=True,
            check=True,
        )
        return ", ".join(done.stdout.decode().splitlines())

    def start(self, directory: Path) -> Running:
        port = free_port()
        configuration = directory / "nginx.conf"
        # Only root may name another user, and then the worker must reach our directory.
        user = "user root;" if os.getuid() == 0 else ""
        configuration.write_text(
            CONFIGURATION.format(directory=directory, port=port, user=user).lstrip()
        )
        process = Process(["nginx", "-e", directory / "log", "-c", configuration], directory)
        process.wait_for_port(port)
        return Running(process, port)

    def tokens(self, running: Running, count: int, publishers: int) -> Path | None:
        return None
