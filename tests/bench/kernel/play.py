"""One measured run against the database of DATABASE_URL, in a process of its own; prints one JSON object.

``events``: closed loops on 32 sessions. ``poison``: the same beside a session that crashes on every event.
``history``: single events on sessions of three lengths, in turns. ``lateness``: 100 time-outs, fired by whoever serves.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.bench.processes import Watched

#: Environment: the servers whose CPU time is counted.
POSTGRES_PIDS = "BENCH_POSTGRES_PIDS"
HEALTHY = 32
#: What a healthy event asks for: it says something and pushes a time-out away, as a lesson does.
HEALTHY_TEXT = "go:b say:hello named:nudge:3600000"
WARM_UP_S = 0.7
LENGTHS = (10, 10_000, 50_000)
#: One compaction for so many interactions.
COMPACTED_EVERY = 100
TIMEOUTS = 100
#: Turns of each session before they are measured.
WARM_UP_ROUNDS = 20


def events(seconds: float) -> dict[str, Any]:
    """Events per second while time-outs are looked for, as the timer service does."""
    with _timer_service():
        return asyncio.run(_loops(seconds, _Neighbour()))


def poison(seconds: float, neighbour: str) -> dict[str, Any]:
    """The healthy sessions' events per second beside one more that is healthy or poisoned."""
    beside = _Poison() if neighbour == "poison" else _Neighbour(active=True)
    with _timer_service():
        return {**asyncio.run(_loops(seconds, beside)), **beside.figures()}


async def _loops(seconds: float, beside: _Neighbour) -> dict[str, Any]:
    """Events per second, and this process's CPU time an event: that of the other work on the machine is not in it."""
    from sessions_app.group_commit import group_commit

    sessions = await asyncio.to_thread(_scripted, HEALTHY)
    counted, measuring = 0, False
    stop = asyncio.Event()

    async def healthy(session: uuid.UUID) -> None:
        nonlocal counted
        while not stop.is_set():
            await group_commit.deliver(_message(session, HEALTHY_TEXT))
            counted += measuring

    loops = [asyncio.create_task(healthy(session)) for session in sessions]
    loops.append(asyncio.create_task(beside.run(stop)))
    await asyncio.sleep(WARM_UP_S)
    measuring, began, used, served = True, time.perf_counter(), time.process_time(), _postgres_s()
    await asyncio.sleep(seconds)
    measuring, spent = False, time.perf_counter() - began
    used, served = time.process_time() - used, _postgres_s() - served
    stop.set()
    await asyncio.gather(*loops)
    await asyncio.to_thread(group_commit.stop)
    return {
        "events_per_s": counted / spent,
        "cpu_ms": used * 1_000 / counted,
        "postgres_ms": served * 1_000 / counted,
    }


def _postgres_s() -> float:
    """CPU seconds that Postgres has used so far."""
    return sum(Watched("postgres", int(pid)).cpu_s() for pid in os.environ[POSTGRES_PIDS].split(","))


@dataclass
class _Neighbour:
    """One more session beside those that are counted."""

    active: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        from sessions_app.group_commit import group_commit

        if not self.active:
            return
        (session,) = await asyncio.to_thread(_scripted, 1)
        while not stop.is_set():
            await group_commit.deliver(_message(session, HEALTHY_TEXT))

    def figures(self) -> dict[str, Any]:
        return {}


@dataclass
class _Poison(_Neighbour):
    """Crashes on every event. Its client comes back when it is told to; a session given up is followed by the next."""

    crashes: int = 0
    answered: int = 0
    refused: int = 0
    #: Crashes of each session until its first quarantine.
    until_quarantine: list[int] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            (session,) = await asyncio.to_thread(_scripted, 1)
            await self._poisoned(session, stop)

    async def _poisoned(self, session: uuid.UUID, stop: asyncio.Event) -> None:
        from sessions_app.exceptions import CommandError
        from sessions_app.group_commit import group_commit

        crashes = 0
        quarantined = False
        while not stop.is_set():
            try:
                delivered = await group_commit.deliver(_message(session, "crash"))
            except CommandError as told:
                self.refused += 1
                await asyncio.sleep((told.after_ms or 10) / 1_000)
                continue
            crashes += 1
            kinds = [entry.kind for entry in delivered.entries]
            self.answered += "output.committed" in kinds
            if "event.quarantined" in kinds and not quarantined:
                quarantined = True
                self.until_quarantine.append(crashes)
            if not delivered.live:
                break
        self.crashes += crashes

    def figures(self) -> dict[str, Any]:
        return {
            "crashes": self.crashes,
            "answered": self.answered,
            "told to wait": self.refused,
            "crashes until quarantine": sorted(set(self.until_quarantine)),
        }


def history(rounds: int, lengths: list[int]) -> dict[str, Any]:
    """Median milliseconds of an event on sessions whose logs are so long; every log is verified at the end."""
    from sessions_app import server, verification
    from tests.bench import population

    sessions = _echo(len(lengths))
    # The short ones would grow while they are measured: each round has its own.
    short = iter(_echo(rounds + WARM_UP_ROUNDS))
    for session, length in zip(sessions[1:], lengths[1:], strict=True):
        population.lengthen(session, length)
    spent: dict[int, list[float]] = {length: [] for length in lengths}
    for number in range(rounds + WARM_UP_ROUNDS):
        sessions[0] = next(short)
        _turn(sessions[0], server.deliver)
        for place in range(len(lengths)):
            at = (place + number) % len(lengths)  # nobody always comes after the same neighbour
            began = time.perf_counter()
            _turn(sessions[at], server.deliver)
            if number >= WARM_UP_ROUNDS:
                spent[lengths[at]].append((time.perf_counter() - began) * 500)  # two events a turn
    divergent = [str(one) for found in verification.verify(sessions) for one in found.divergences]
    assert not divergent, divergent
    return {
        "event_ms": {str(length): statistics.median(times) for length, times in spent.items()},
        "reading_ms": _reading(dict(zip(lengths, sessions, strict=True)), rounds),
        "verified": True,
    }


def _reading(sessions: dict[int, uuid.UUID], rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of opening a view, of resuming one at its head, of a page of history, the newest and the
    first, and of building a message chain, at last one after very many compactions.

    What there is to show is bounded, not equal: a short log fills neither an opening's replay nor a chain's budget.
    """
    from sessions_app import history as log_history
    from sessions_app import log, opening
    from sessions_app.frames import Cursor, Hello
    from sessions_app.models import Session
    from tutor.interactions import Visibility
    from tutor.projections import chain
    from tutor.prompts import Request

    rows = {length: Session.objects.select_related("learner").get(pk=session) for length, session in sessions.items()}
    request = Request(purpose="bench", system="You are a tutor.")

    def opened(row: Any) -> None:
        opening.open_session(row.learner, row.pk, Hello())

    def resumed(row: Any) -> None:
        cursor = Cursor(log_id=row.log_id, seq=row.learner_head)
        opening.open_session(row.learner, row.pk, Hello(resume=cursor))

    def chained(row: Any) -> None:
        found = log_history.compaction_at(row.pk, row.head)
        facts = log_history.newest_first(row.pk, row.head)
        chain.build(request, facts, budget=6_000, compaction=found[1] if found else None)

    def newest_page(row: Any) -> None:
        log.lines(row.pk, Visibility.LEARNER, limit=101, newest=True)

    def first_page(row: Any) -> None:
        log.lines(row.pk, Visibility.LEARNER, before=200, limit=101, newest=True)

    ways: dict[str, Callable[[Any], None]] = {
        "opening": opened, "resuming": resumed, "newest page": newest_page, "first page": first_page, "chain": chained,
    }  # fmt: skip
    found = _timed(ways, rows, rounds)
    for length, row in rows.items():
        _compact(row.pk, length // COMPACTED_EVERY)
    rows = {length: Session.objects.get(pk=row.pk) for length, row in rows.items()}
    return {**found, **_timed({"chain, compacted": chained}, rows, rounds)}


def _compact(session: uuid.UUID, times: int) -> None:
    """As many compactions as a log of its length would have."""
    from sessions_app import server
    from sessions_app.delivery import Delivery
    from sessions_app.models import Session
    from tutor.interactions import CompactionCompleted

    for _ in range(times):
        upto = max(1, Session.objects.values_list("head", flat=True).get(pk=session) - 40)
        fact = CompactionCompleted(
            upto=upto, summary="They talked." * 60, verdicts=[], known_errors={}, interactions=upto, by="extract"
        )
        server.deliver(Delivery(session, None, by="tool", facts=[fact], opens_turn=False))


def _timed(ways: dict[str, Callable[[Any], None]], rows: dict[int, Any], rounds: int) -> dict[str, dict[str, float]]:
    spent: dict[str, dict[str, list[float]]] = {name: {str(length): [] for length in rows} for name in ways}
    for number in range(rounds + WARM_UP_ROUNDS):
        for name, way in ways.items():
            for length, row in rows.items():
                began = time.perf_counter()
                way(row)
                if number >= WARM_UP_ROUNDS:
                    spent[name][str(length)].append((time.perf_counter() - began) * 1_000)
    return {name: {length: statistics.median(ms) for length, ms in times.items()} for name, times in spent.items()}


def _turn(session: uuid.UUID, deliver: Callable[[Any], Any]) -> None:
    from tools_app import calls

    deliver(_message(session, "hello"))
    (call,) = calls.claim("bench", ["tools"], 1)
    deliver(calls.succeeded(call, {"text": "hello"}, fallback=False, facts=[]))


def lateness(seconds: float) -> dict[str, Any]:
    """How late time-outs are that fall due within so many seconds, one after the other; milliseconds."""
    from django.db import connection

    from sessions_app import server

    sessions = _scripted(TIMEOUTS)
    for number, session in enumerate(sessions):
        after_ms = 2_000 + int(seconds * 1_000 * number / TIMEOUTS)
        server.deliver(_message(session, f"named:tea:{after_ms}"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_id, due_at FROM sessions_app_timer WHERE session_id = ANY(%s)", [sessions])
        due = dict(cursor.fetchall())
    until = time.monotonic() + 2 + seconds + 20
    fired: dict[uuid.UUID, Any] = {}
    while len(fired) < TIMEOUTS and time.monotonic() < until:
        time.sleep(0.5)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT session_id, at FROM sessions_app_interaction"
                " WHERE session_id = ANY(%s) AND kind = 'output.committed'",
                [sessions],
            )
            fired = dict(cursor.fetchall())
    late = sorted((at - due[session]).total_seconds() * 1_000 for session, at in fired.items())
    return {
        "fired": len(late),
        "p50_ms": statistics.median(late),
        "p99_ms": late[min(len(late) - 1, int(0.99 * len(late)))],
        "earliest_ms": late[0],
    }


def _message(session: uuid.UUID, text: str) -> Any:
    from sessions_app.delivery import CommandId, Delivery
    from tutor import events

    command = CommandId(uuid.uuid4().hex, "message.send", b"bench")
    return Delivery(session, events.UserMessage(text=text), by="learner", command=command, text=text)


def _scripted(count: int) -> list[uuid.UUID]:
    from tests.bench import population

    return population.start(count, "forgetful")


def _echo(count: int) -> list[uuid.UUID]:
    from tests.bench import population

    return population.start(count, "echo")


@contextmanager
def _timer_service() -> Iterator[None]:
    from django.db import connection

    from sessions_app import timers
    from sessions_app.management.commands.timer_service import TICK_S

    stop = threading.Event()

    def serve() -> None:
        while not stop.wait(TICK_S):
            timers.sweep()
            timers.next_due_s()
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def main() -> None:
    import django

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["events", "poison", "history", "lateness"])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--lengths", type=int, nargs="+", default=list(LENGTHS))
    parser.add_argument("--neighbour", choices=["healthy", "poison"], default="healthy")
    options = parser.parse_args()
    django.setup()
    from sessions_app import hints

    # The kernel alone is measured; hints have their own cost, the same in every run.
    hints.after_commit = lambda _played: None  # type: ignore[assignment]
    match options.what:
        case "events":
            result = events(options.seconds)
        case "poison":
            result = poison(options.seconds, options.neighbour)
        case "history":
            result = history(options.rounds, options.lengths)
        case _:
            result = lateness(options.seconds)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
