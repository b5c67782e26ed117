"""Learners who ask and read: a process of its own, which prints what it measured as JSON.

They ask within a few seconds, not all at once; what counts is the time in which all of them read.

``python -m tests.bench.streams.readers --url http://127.0.0.1:8000 --streams 200``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Any

import httpx
import uvloop

from tests.bench.load import percentile
from tests.bench.sockets import Socket

COURSE = "linear-equations"
#: Sockets opened at the same time.
OPENING = 8


class Reader:
    """One learner, and when each token of the answer arrived."""

    def __init__(self, arrivals: list[tuple[int, float]]) -> None:
        self.live = asyncio.Event()
        self.finished = asyncio.Event()
        self.deltas = 0
        #: When the first and the last token came, in nanoseconds.
        self.first = self.last = 0
        self._arrivals = arrivals
        self._turn: str | None = None
        self._rest = ""
        self.outcome = ""

    async def open(self, url: str, token: str) -> None:
        self._socket = await Socket.open(url, token, self._take, self._lost)
        self._send("hello", {"course": COURSE})
        async with asyncio.timeout(30):
            await self.live.wait()

    def ask(self) -> None:
        self._send("message.send", {"text": "Why is an equation like a balance?"})

    def close(self) -> None:
        self._socket.close()

    def _send(self, kind: str, d: dict[str, Any]) -> None:
        self._socket.send(json.dumps({"t": kind, "id": f"{kind}-{time.monotonic_ns()}", "d": d}).encode())

    def _lost(self, reason: str) -> None:
        self.outcome = self.outcome or f"lost: {reason}"
        self.finished.set()

    def _take(self, text: bytes) -> None:
        now = time.monotonic_ns()
        frame = json.loads(text)
        match frame["t"]:
            case "live":
                self.live.set()
            case "ok" if frame["d"].get("disposition") == "started":
                self._turn = frame["d"]["turn"]
            case "output.delta":
                self.deltas += 1
                self.first, self.last = self.first or now, now
                words = (self._rest + frame["d"]["text"]).split(" ")
                # The white space after a token is held back until the next one comes: a token may end a piece.
                self._rest = words.pop()
                if len(self._rest) == len(str(now)):
                    words.append(self._rest)
                    self._rest = ""
                self._arrivals += [(now, (now - int(word)) / 1e6) for word in words if word.isdigit()]
            case "turn.finished" if frame["turn"] == self._turn:
                self.outcome = frame["d"]["outcome"]
                self.finished.set()


async def main(url: str, streams: int, spread_s: float, limit_s: float) -> dict[str, Any]:
    """All open, one after the other asks, all read to the end."""
    slots = asyncio.Semaphore(OPENING)
    arrivals: list[tuple[int, float]] = []
    readers = [Reader(arrivals) for _ in range(streams)]
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:

        async def open_one(reader: Reader) -> None:
            async with slots:
                answer = await http.post("/api/guests")
                answer.raise_for_status()
                await reader.open(url.replace("http", "ws", 1) + "/ws/session/", answer.json()["token"])

        await asyncio.gather(*(open_one(reader) for reader in readers))
    cpu, began = time.process_time(), time.perf_counter()
    for reader in readers:
        reader.ask()
        await asyncio.sleep(spread_s / streams)
    async with asyncio.timeout(limit_s):
        await asyncio.gather(*(reader.finished.wait() for reader in readers))
    seconds = time.perf_counter() - began
    # While all of them read.
    begin, end = max(reader.first for reader in readers), min(reader.last for reader in readers)
    taken = [late for at, late in arrivals if begin < at <= end]
    outcomes = sorted({reader.outcome for reader in readers})
    for reader in readers:
        reader.close()
    return {
        "streams": streams,
        "seconds": seconds,
        "tokens": len(taken),
        # A token is the time at which it was written, and the space after it.
        "characters_per_s": len(taken) * (len(str(begin)) + 1) / ((end - begin) / 1e9),
        "window_s": (end - begin) / 1e9,
        "deltas": sum(reader.deltas for reader in readers),
        "p50_ms": percentile(taken, 0.50),
        "p99_ms": percentile(taken, 0.99),
        "max_ms": max(taken, default=0.0),
        "client_cpu_share": (time.process_time() - cpu) / seconds,
        "outcomes": outcomes,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--spread", type=float, default=5, help="seconds in which all ask")
    parser.add_argument("--limit", type=float, default=120, help="seconds")
    options = parser.parse_args()
    print(json.dumps(uvloop.run(main(options.url, options.streams, options.spread, options.limit))))
