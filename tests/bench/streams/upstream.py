"""A model's endpoint that says the time: every token is the moment at which it was written, in nanoseconds.

``python -m tests.bench.streams.upstream --port 8001 --tokens 100 --every-ms 50``. All processes of one machine share
the monotonic clock.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import time

import uvloop

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
_TOKEN = b'data: {"choices":[{"index":0,"delta":{"content":"%d "}}]}\n\n'
_END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


async def main(port: int, tokens: int, every_s: float) -> None:
    """Serve until the process is ended."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"POST"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                writer.close()
                return
            writer.write(_HEAD)
            # Streams are not in step, as models are not.
            await asyncio.sleep(random.uniform(0, every_s))
            for _ in range(tokens):
                writer.write(_TOKEN % time.monotonic_ns())
                await asyncio.sleep(every_s)
            writer.write(_END)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1_000)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--every-ms", type=float, default=50)
    options = parser.parse_args()
    uvloop.run(main(options.port, options.tokens, options.every_ms / 1_000))
