"""SIGKILL to every process while many sessions are in all kinds of states: each goes on from where it was.

``TUTOR_DYING_SESSIONS=200`` makes it as large as the issue asks; by default it is small enough for every run.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
import psycopg
import pytest

from tests.acceptance.knowledge import repeated_operation
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import COURSE, ProtocolClient, new_id
from tests.temporary_data import temporary_data_folder

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
SESSIONS = int(os.environ.get("TUTOR_DYING_SESSIONS", "60"))
#: Seconds of a slow call; after a restart it is run again from its beginning.
SLOW_S = 8
#: Restart, lease and another run of the slow call, on a machine that is busy with other things.
ENDED_WITHIN_S = 4 + SLOW_S + 15

Kind = Literal["slow call", "exposition", "awaiting_answer", "remediating", "paused"]
KINDS: tuple[Kind, ...] = ("slow call", "exposition", "awaiting_answer", "remediating", "paused")
Json = dict[str, Any]


@pytest.fixture
def system() -> Iterator[LiveSystem]:
    with temporary_data_folder() as data:
        system = LiveSystem(data, {"TUTOR_BENCH": "1"})
        try:
            system.start()
            yield system
        finally:
            system.end()


@dataclass
class Learner:
    """A learner over HTTP."""

    kind: Kind
    token: str
    session: str = ""
    events: list[Json] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def command(self, http: httpx.AsyncClient, t: str, d: Json | None = None) -> Json:
        body = {"t": t, "id": new_id(), "d": d or {}}
        answer = await http.post(f"/sessions/{self.session}/commands", json=body, headers=self.headers)
        assert answer.status_code == 200, answer.text
        reply: Json = answer.json()["d"]
        return reply

    async def read(self, http: httpx.AsyncClient, wait_s: float = 0) -> None:
        after = self.events[-1]["seq"] if self.events else 0
        answer = await http.get(
            f"/sessions/{self.session}/events", params={"after": after, "wait": wait_s}, headers=self.headers
        )
        assert answer.status_code == 200, answer.text
        self.events += answer.json()["events"]

    async def turn(self, http: httpx.AsyncClient, t: str, d: Json | None = None, within_s: float = 60) -> None:
        """Send a command and read until its turn has finished."""
        turn = (await self.command(http, t, d))["turn"]
        until = time.monotonic() + within_s
        while turn not in {event["turn"] for event in self.events if event["t"] == "turn.finished"}:
            assert time.monotonic() < until, f"the turn {turn} of {self.session} ({self.kind}) does not finish"
            await self.read(http, wait_s=5)

    @property
    def state(self) -> str:
        return next((e["d"]["to"] for e in reversed(self.events) if e["t"] == "state.changed"), "created")


async def _bring_about(system: LiveSystem, http: httpx.AsyncClient, kind: Kind, room: asyncio.Semaphore) -> Learner:
    """A new learner whose session is in the wanted state."""
    async with room:
        learner = Learner(kind, (await http.post("/guests")).json()["token"])
        if kind == "slow call":
            # Only a socket may name the echo machine.
            async with ProtocolClient(system.ws_url, learner.token) as client:
                client.stream.states = {"idle", "awaiting_tool_result"}
                learner.session = (await client.hello(course="", machine="echo"))["d"]["session"]
            return learner
        opened = await http.post("/sessions", json={"course": COURSE}, headers=learner.headers)
        learner.session = opened.json()["session"]
        await learner.read(http)
        while kind != "exposition" and learner.state != "awaiting_answer":
            await learner.turn(http, "continue")
        while kind == "remediating" and learner.state != "remediating_known_error":
            question = next(event["d"] for event in reversed(learner.events) if event["t"] == "question.asked")
            slip = repeated_operation(question)
            await learner.turn(http, "message.send", {"text": slip or "999999"})
        if kind == "paused":
            await learner.turn(http, "session.pause")
        return learner


def _rows(system: LiveSystem, sessions: list[str]) -> dict[str, tuple[Any, ...]]:
    """What stands in the database of each session, and its ``Timer`` rows."""
    with psycopg.connect(_database(system)) as connection:
        rows = connection.execute(
            """
            SELECT s.id::text, s.state, s.state_no, s.event_no, s.head, s.data, s.kernel, s.live,
                   (SELECT coalesce(json_agg(t.type || ':' || t.name ORDER BY t.type, t.name), '[]')
                      FROM sessions_app_timer t WHERE t.session_id = s.id)
              FROM sessions_app_session s WHERE s.id = ANY(%s::uuid[])
            """,
            [sessions],
        ).fetchall()
    return {row[0]: row[1:] for row in rows}


def _database(system: LiveSystem) -> str:
    record = system.data.read_record("postgres") or {}
    return str(record["url"])


async def test_everything_dies_with_many_sessions(system: LiveSystem, record_property: Any) -> None:
    kinds = [KINDS[number % len(KINDS)] for number in range(SESSIONS)]
    room = asyncio.Semaphore(12)
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=f"{system.url}/api", timeout=60) as http:
        learners = list(await asyncio.gather(*(_bring_about(system, http, kind, room) for kind in kinds)))
        waiting = [learner for learner in learners if learner.kind == "slow call"]
        turns = [await learner.command(http, "message.send", {"text": f"wait {SLOW_S}"}) for learner in waiting]
        for learner in learners:
            await learner.read(http)
    prepared_s = time.monotonic() - began
    ids = [learner.session for learner in learners]
    before = _rows(system, ids)
    states = Counter(row[0] for row in before.values())
    assert {
        "awaiting_tool_result",
        "exposition",
        "awaiting_answer",
        "remediating_known_error",
        "paused",
    } <= states.keys(), states

    system.kill_everything()
    began = time.monotonic()
    system.start()
    ready_s = time.monotonic() - began

    after = _rows(system, ids)
    assert after.keys() == before.keys()
    for learner in learners:
        if learner.kind == "slow call":
            continue  # its call goes on by itself
        assert after[learner.session][:-1] == before[learner.session][:-1], learner.kind
        state, *_, kernel, _live, rows = after[learner.session]
        assert set(kernel.get("timers", {})) <= set(rows), (state, kernel.get("timers"), rows)
    assert any(row[5].get("timers") for row in after.values()), "some time-outs must have been running"

    async with httpx.AsyncClient(base_url=f"{system.url}/api", timeout=60) as http:
        began = time.monotonic()
        for learner, reply in zip(waiting, turns, strict=True):
            while not any(e["t"] == "turn.finished" and e["turn"] == reply["turn"] for e in learner.events):
                assert time.monotonic() - began < ENDED_WITHIN_S, f"{learner.session} waits for its tool for ever"
                await learner.read(http, wait_s=2)
        ended_s = time.monotonic() - began
        for learner in waiting:
            endings = [e for e in learner.events if e["t"] == "tool.finished"]
            assert len(endings) == 1, endings
            assert [e["d"]["text"] for e in learner.events if e["t"] == "output.committed"] == [f"wait {SLOW_S}"]
        _nobody_waits_for_nothing(system, ids)
        began = time.monotonic()
        await asyncio.gather(*(_answers(learner, http, room) for learner in learners))
        answered_s = time.monotonic() - began
    _nobody_waits_for_nothing(system, ids)
    figures = {
        "sessions": SESSIONS, "states": dict(states), "prepared_s": prepared_s, "ready_s": ready_s,
        "last_call_ended_s": ended_s, "all_answered_s": answered_s,
    }  # fmt: skip
    record_property("figures", json.dumps(figures))
    print(json.dumps({key: round(value, 1) if isinstance(value, float) else value for key, value in figures.items()}))


def _nobody_waits_for_nothing(system: LiveSystem, sessions: list[str]) -> None:
    """``why`` names for each live session something that will happen, and nothing for which somebody has to act."""
    listing = ["session", "list", "--json", "--limit", str(2 * len(sessions))]
    done = subprocess.run(
        [sys.executable, "manage.py", *listing],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": _database(system), "DJANGO_SECRET_KEY": "a key for tests"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = {one["session"]: one for one in json.loads(done.stdout)}
    assert set(sessions) <= told.keys()
    waits_for_nothing = [told[one] for one in sessions if told[one]["stuck"] or not told[one]["waiting_for"]]
    assert not waits_for_nothing, waits_for_nothing[:3]


async def _answers(learner: Learner, http: httpx.AsyncClient, room: asyncio.Semaphore) -> None:
    """The session takes the next step and says something."""
    async with room:
        said = len([e for e in learner.events if e["t"] == "output.committed"])
        if learner.kind == "paused":
            await learner.turn(http, "session.resume")
        if learner.kind == "exposition":
            await learner.turn(http, "continue")
        else:
            await learner.turn(http, "message.send", {"text": "why?"})
        assert len([e for e in learner.events if e["t"] == "output.committed"]) > said, learner.kind
