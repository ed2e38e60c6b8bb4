"""A room on the websockets library: whatever a member sends goes to all with `broadcast`.

python bench/rivals/broadcast.py PORT
"""

from __future__ import annotations

import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

members: set[ServerConnection] = set()


async def member(connection: ServerConnection) -> None:
    members.add(connection)
    try:
        while True:
            broadcast(members, await connection.recv(decode=False), text=True)
    except ConnectionClosed:
        pass
    finally:
        members.discard(connection)


async def main(port: int) -> None:
    async with serve(member, "127.0.0.1", port, compression=None, backlog=4096) as server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
