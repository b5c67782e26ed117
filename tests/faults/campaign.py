"""Schedules of faults against a whole system: real processes, real sockets, a layer that loses (``layer``).

A schedule is one learner with two windows: a script of messages, streams and cancels, and lines that are cut, all by
the dice of its seed. Schedules run side by side while a conductor empties Redis and kills Redis, the web process and
the worker, so that these hit all of them. At the end of each, both windows must have shown exactly the log, as a fresh
window reads it, and exactly the text.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import redis
from websockets.exceptions import WebSocketException

from sessions_app.client import (
    BrokenProtocolError,
    CommandError,
    Event,
    Output,
    Pace,
    Resync,
    SessionEndedError,
    TutorClient,
)
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import ProtocolClient, whole_stream

#: Waits short enough that a schedule sees several reconnections.
PACE = Pace(first_s=0.1, longest_s=1.0, opening_s=5.0, silence_s=10.0, behind_s=0.5)
#: Seconds until a schedule must have come to rest; lost workers, killed processes and other schedules take their time.
PATIENCE_S = 150.0
ENVIRONMENT = {"TUTOR_BENCH": "1", "DJANGO_SETTINGS_MODULE": "tests.faults.settings"}


@dataclass
class Tally:
    """What a campaign did and found."""

    begun: int = 0
    #: Those that came to rest.
    schedules: int = 0
    events: int = 0
    characters: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    #: What was wrong, by its kind.
    wrong: Counter[str] = field(default_factory=Counter)
    details: list[str] = field(default_factory=list)

    def found(self, kind: str, number: int, detail: str) -> None:
        if number:
            self.wrong[kind] += number
            self.details.append(f"{kind}: {detail}")

    @property
    def words(self) -> str:
        """The result in a few lines."""
        faults = ", ".join(f"{number} × {name}" for name, number in sorted(self.faults.items()))
        kinds = ("lost", "doubled", "reordered", "wrong characters", "broken grammar", "not at rest")
        wrong = ", ".join(f"{self.wrong[kind]} {kind}" for kind in kinds)
        return (
            f"{self.schedules} schedules, {self.events} interactions, {self.characters} streamed characters\n"
            f"faults: {faults}\n{wrong}"
        )


class Window:
    """A strict client that keeps what a learner would have seen."""

    def __init__(self, system: LiveSystem, token: str, session: str) -> None:
        self.client = TutorClient(system.url, token=token, session=session, pace=PACE, strict=True)
        self.events: list[Event] = []
        #: (turn, attempt) -> all that was shown of its text.
        self.texts: dict[tuple[str, int], str] = {}
        self.broken: SessionEndedError | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Window:
        await self.client.__aenter__()
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        try:
            async for item in self.client:
                match item:
                    case Event():
                        self.events.append(item)
                    case Output():
                        self.texts[item.turn, item.attempt] = item.text
                    case Resync():
                        self.events.clear()
        except SessionEndedError as ended:
            self.broken = ended

    def cut(self) -> None:
        """The line breaks, without a word."""
        socket = self.client._socket
        if socket is not None:
            socket.transport.abort()


class Schedule:
    """One learner."""

    def __init__(self, system: LiveSystem, seed: int, tally: Tally) -> None:
        self._system, self._tally = system, tally
        self._dice = random.Random(seed)
        self._name = f"schedule {seed}"

    async def run(self) -> None:
        """Play it and compare."""
        token = await self._persist(self._guest)
        session = await self._persist(lambda: self._open(token))
        async with Window(self._system, token, session) as one, Window(self._system, token, session) as two:
            windows = [one, two]
            cutting = asyncio.create_task(self._cut(windows))
            try:
                await self._play(windows)
            finally:
                cutting.cancel()
            try:
                log = await self._at_rest(windows, token, session)
            except TimeoutError:
                seen = [(len(w.events), w.client.view.seq, str(w.broken)) for w in windows]
                self._tally.found("not at rest", 1, f"{self._name}: session {session} {seen}")
                return
        for window in windows:
            self._compare(window, log)
        self._tally.schedules += 1
        self._tally.events += len(log)

    async def _persist(self, ask: Any) -> Any:
        """Ask until the server is there to answer."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    return await ask()
                except (httpx.HTTPError, OSError, WebSocketException, AssertionError, KeyError):
                    await asyncio.sleep(0.2)

    async def _guest(self) -> str:
        async with httpx.AsyncClient(timeout=10) as http:
            answer = await http.post(f"{self._system.url}/api/guests")
            return str(answer.json()["token"])

    async def _open(self, token: str) -> str:
        async with ProtocolClient(self._system.ws_url, token) as client:
            client.stream.states = None
            await client.hello(course="", machine="echo")
            return client.session

    async def _play(self, windows: list[Window]) -> None:
        for number in range(self._dice.randint(3, 5)):
            window = self._dice.choice(windows)
            policy = self._dice.choice(["reject", "queue", "interrupt", "merge", "rollback"])
            words, pace = self._dice.randint(5, 60), self._dice.randint(0, 40)
            text = f"stream {words} {pace}" if self._dice.random() < 0.75 else f"message {number}"
            command, d = ("turn.cancel", {}) if self._dice.random() < 0.12 else ("message.send", {"text": text})
            if command == "message.send":
                d |= {"on_busy": policy}
            with contextlib.suppress(CommandError, SessionEndedError, TimeoutError):
                # Some commands are not waited for: their answer is lost with the line, and they are sent again.
                async with asyncio.timeout(self._dice.choice([0.05, 30.0, 30.0])):
                    await window.client.send(command, d)
            await asyncio.sleep(self._dice.random() * 0.8)

    async def _cut(self, windows: list[Window]) -> None:
        while True:
            await asyncio.sleep(self._dice.random() * 1.5)
            self._dice.choice(windows).cut()
            self._tally.faults["line cut"] += 1

    async def _at_rest(self, windows: list[Window], token: str, session: str) -> list[dict[str, Any]]:
        """The log, once nothing is open any more and both windows have read as far."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                log = await self._persist(lambda: whole_stream(self._system.ws_url, token, session, None))
                open_turns = {e["turn"] for e in log if e["t"] == "turn.started"}
                open_turns -= {e["turn"] for e in log if e["t"] == "turn.finished"}
                if not open_turns and not _waiting(log):
                    break
                await asyncio.sleep(0.5)
            while any(w.client.view.seq < log[-1]["seq"] and w.broken is None for w in windows):
                await asyncio.sleep(0.05)
        found: list[dict[str, Any]] = log
        return found

    def _compare(self, window: Window, log: list[dict[str, Any]]) -> None:
        if isinstance(window.broken, BrokenProtocolError):
            self._tally.found("broken grammar", 1, f"{self._name}: {window.broken}")
        seqs, wanted = [event.seq for event in window.events], [event["seq"] for event in log]
        self._tally.found("lost", len(set(wanted) - set(seqs)), f"{self._name}: {sorted(set(wanted) - set(seqs))}")
        self._tally.found("doubled", len(seqs) - len(set(seqs)), f"{self._name}: {seqs}")
        reordered = sum(later < earlier for earlier, later in itertools.pairwise(seqs))
        self._tally.found("reordered", reordered, f"{self._name}: {seqs}")
        bodies = {event["seq"]: (event["t"], event["turn"], event["d"]) for event in log}
        others = [e.seq for e in window.events if bodies.get(e.seq) != (e.t, e.frame.turn, e.d)]
        self._tally.found("lost", len(others), f"{self._name}: other events at {others}")
        for event in log:
            if event["t"] != "output.committed" or event["d"]["attempt"] is None:
                continue
            text = event["d"]["text"]
            shown = window.texts.get((event["turn"], event["d"]["attempt"]), "")
            self._tally.characters += len(text)
            wrong = sum(a != b for a, b in zip(shown, text, strict=False)) + max(0, len(shown) - len(text))
            if not event["d"]["partial"]:
                wrong += text != " ".join(str(n) for n in range(1, len(text.split()) + 1)) + "."
            self._tally.found("wrong characters", wrong, f"{self._name}: {shown!r} instead of {text!r}")


def _waiting(log: list[dict[str, Any]]) -> set[str]:
    """Commands that wait for their turn."""
    waiting: set[str] = set()
    for event in log:
        if event["t"] == "message.queued":
            waiting.add(event["cause"])
        elif event["t"] == "turn.started":
            waiting.discard(event["cause"])
        elif event["t"] == "message.removed":
            waiting.discard(event["d"]["command"])
    return waiting


class Conductor:
    """What hits everybody: Redis is emptied and killed, the web process and the worker are killed."""

    def __init__(self, system: LiveSystem, tally: Tally, seed: int, every_s: float) -> None:
        self._system, self._tally, self._dice = system, tally, random.Random(seed)
        self._every_s = every_s

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(self._every_s * (0.5 + self._dice.random()))
            await self.strike(self._dice.choice(["FLUSHALL"] * 6 + ["web", "worker", "valkey"]))

    async def strike(self, what: str) -> None:
        """One fault, and then the system is whole again."""
        self._tally.faults[what if what == "FLUSHALL" else f"{what} killed"] += 1
        await asyncio.to_thread(self._flush if what == "FLUSHALL" else lambda: self._kill(what))

    def _flush(self) -> None:
        port = (self._system.data.read_record("valkey") or {})["port"]
        secret = quote(self._system.data.secret("valkey"), safe="")
        with (
            contextlib.suppress(redis.RedisError),
            redis.Redis.from_url(f"redis://:{secret}@127.0.0.1:{port}") as client,
        ):
            client.flushall()

    def _kill(self, name: str) -> None:
        self._system.kill(name)
        self._system.wait_ready()


async def campaign(
    system: LiveSystem,
    number: int,
    seed: int,
    *,
    together: int = 8,
    every_s: float = 2.0,
    seconds: float = math.inf,
    ended: Callable[[Tally], None] = lambda _tally: None,
) -> Tally:
    """Play so many schedules, some side by side; after ``seconds`` no other one is begun."""
    tally = Tally()
    places = asyncio.Semaphore(together)
    until = asyncio.get_running_loop().time() + seconds

    async def one(schedule: Schedule) -> None:
        async with places:
            if asyncio.get_running_loop().time() < until:
                tally.begun += 1
                await schedule.run()
                ended(tally)

    conductor = Conductor(system, tally, seed, every_s)
    striking = asyncio.create_task(conductor.run())
    try:
        async with asyncio.TaskGroup() as group:
            for index in range(number):
                group.create_task(one(Schedule(system, seed * 100_000 + index, tally)))
    finally:
        striking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await striking
    return tally
