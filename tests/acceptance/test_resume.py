"""A client that comes back sees every event once and in order, wherever the line was cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from sessions_app.stream_grammar import Frame, Stream
from tests.acceptance.knowledge import right_answer
from tests.acceptance.learner import go_on, question_of, to_first_question
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import COURSE, Cut, ProtocolClient, new_guest, whole_history, whole_stream
from tests.acceptance.slips import to_a_known_error

pytestmark = pytest.mark.acceptance


@dataclass(frozen=True)
class Lesson:
    """A lesson that stands still: its learner, its session, all its events, and a cursor at its start."""

    token: str
    session: str
    events: list[Frame]
    log_id: str

    def cursor(self, seq: int) -> dict[str, Any]:
        return {"log_id": self.log_id, "seq": seq, "out": None}


@pytest.fixture(scope="module")
def lesson(shared_live_system: LiveSystem) -> Lesson:
    """With a clarification, a known error and its remediation, a hint and a give-up."""

    async def take() -> Lesson:
        token = new_guest(shared_live_system.url)
        async with ProtocolClient(shared_live_system.ws_url, token) as client:
            await client.hello()
            await client.say("why?")
            await to_a_known_error(client)
            await client.turn("question.give_up")
            await client.turn("continue")
            await client.turn("hint.request")
            await client.turn("question.give_up")
            return Lesson(token, client.session, list(client.stream.events), client.cursor["log_id"])

    return asyncio.run(take())


async def _resumed(
    system: LiveSystem, lesson: Lesson, cursor: dict[str, Any] | None
) -> tuple[ProtocolClient, list[Frame]]:
    async with ProtocolClient(system.ws_url, lesson.token, Stream(whole=False)) as client:
        await client.hello(session=lesson.session, resume=cursor)
        return client, list(client.stream.events)


async def test_from_every_cursor_come_exactly_the_events_after_it(
    shared_live_system: LiveSystem, lesson: Lesson
) -> None:
    for seq in range(lesson.events[-1]["seq"] + 1):
        client, events = await _resumed(shared_live_system, lesson, lesson.cursor(seq))

        assert events == [event for event in lesson.events if event["seq"] > seq], seq
        assert client.frames[-1]["t"] == "live"
        assert not [frame for frame in client.frames if frame["t"] == "resync"]


async def test_a_cut_after_every_received_event_loses_and_doubles_nothing(shared_live_system: LiveSystem) -> None:
    """Each socket of this learner is cut as soon as it has shown one more event, in the middle of turns as well."""
    token = new_guest(shared_live_system.url)
    stream = Stream()
    cursor: dict[str, Any] | None = None
    command = 0
    cuts = 0
    while len(stream.of("turn.finished")) < 9:
        async with ProtocolClient(shared_live_system.ws_url, token, stream) as client:
            known = stream.last_seq

            def cut(_frame: Frame, known: int = known) -> None:
                if stream.last_seq > known:
                    raise Cut

            client.on_frame = cut
            client.welcome = await client.reply(await client.send("hello", {"course": COURSE, "resume": cursor}))
            cursor = client.cursor
            with contextlib.suppress(ConnectionError):
                await client.seen(lambda frame: frame["t"] == "live")
                # Everything was shown: between turns comes the next command, whose reply is never read.
                if stream.open_turns:
                    pass
                elif stream.state == "awaiting_answer":
                    text = right_answer(question_of(client)["d"])
                    await client.send("message.send", {"text": text}, id=f"command {command}")
                    command += 1
                else:
                    await client.send("continue", id=f"command {command}")
                    command += 1
            await client.closed()
            cuts += 1
            cursor = client.cursor

    assert cuts > 30
    stream.demand_quiet()
    accepted = [event["cause"] for event in stream.of("turn.started") if event["cause"]]
    assert len(accepted) == len(set(accepted)) == command
    assert await whole_stream(shared_live_system.ws_url, token, client.session) == stream.events


async def test_a_foreign_log_is_told_to_start_again(shared_live_system: LiveSystem, lesson: Lesson) -> None:
    cursor = {**lesson.cursor(lesson.events[3]["seq"]), "log_id": "0" * 32}

    client, events = await _resumed(shared_live_system, lesson, cursor)

    resync = next(frame for frame in client.frames if frame["t"] == "resync")
    assert resync["d"]["log_id"] == lesson.log_id
    assert resync["d"]["head"] == lesson.events[-1]["seq"]
    assert events == lesson.events


@pytest.mark.parametrize("beyond", [1, 10**6, 2**70])
async def test_a_cursor_beyond_the_head_is_told_to_start_again(
    shared_live_system: LiveSystem, lesson: Lesson, beyond: int
) -> None:
    client, events = await _resumed(shared_live_system, lesson, lesson.cursor(lesson.events[-1]["seq"] + beyond))

    assert [frame["t"] for frame in client.frames[:2]] == ["welcome", "resync"]
    assert events == lesson.events


@pytest.mark.parametrize(
    "resume", [{"seq": 1}, {"log_id": 5, "seq": 1}, {"log_id": "x", "seq": "1"}, "newest", [1], -1]
)
async def test_a_cursor_that_is_none_is_refused(shared_live_system: LiveSystem, lesson: Lesson, resume: object) -> None:
    async with ProtocolClient(shared_live_system.ws_url, lesson.token) as client:
        await client.send("hello", {"session": lesson.session, "resume": resume})

        refused = await client.seen(lambda frame: frame["t"] in {"err", "bye"})

        assert refused["d"]["code"] in {"bad_frame", "bad_request", 4400}


@pytest.mark.parametrize("page", [1, 7, 1000])
async def test_paging_backwards_gives_the_whole(shared_live_system: LiveSystem, lesson: Lesson, page: int) -> None:
    async with ProtocolClient(shared_live_system.ws_url, lesson.token, Stream(whole=False)) as client:
        await client.hello(session=lesson.session, resume=lesson.cursor(lesson.events[-2]["seq"]))
        assert client.stream.events == lesson.events[-1:]

        assert await whole_history(client, page) == lesson.events


async def test_the_welcome_tells_where_the_lesson_stands(shared_live_system: LiveSystem, lesson: Lesson) -> None:
    client, events = await _resumed(shared_live_system, lesson, None)
    welcome = client.welcome["d"]

    assert welcome["session"] == lesson.session
    assert (welcome["first"], welcome["head"]) == (events[0]["seq"], events[-1]["seq"])
    assert welcome["state"] == client.stream.state
    assert welcome["active"] is None


async def test_two_sockets_of_a_session_stay_in_step(shared_live_system: LiveSystem) -> None:
    token = new_guest(shared_live_system.url)
    async with (
        ProtocolClient(shared_live_system.ws_url, token) as one,
        ProtocolClient(shared_live_system.ws_url, token) as two,
    ):
        await one.hello()
        await two.hello()
        assert one.session == two.session
        assert one.welcome["d"]["conn"] != two.welcome["d"]["conn"]

        for writer, reader in [(one, two), (two, one)] * 6:
            turn = await go_on(writer)
            await reader.turn_finished(turn[-1]["turn"])

            assert reader.stream.events == writer.stream.events


async def test_sockets_that_open_at_once_share_one_session(shared_live_system: LiveSystem) -> None:
    token = new_guest(shared_live_system.url)

    async def opened() -> tuple[str, list[Frame]]:
        async with ProtocolClient(shared_live_system.ws_url, token) as client:
            await client.hello()
            return client.session, client.stream.events

    views = await asyncio.gather(*(opened() for _ in range(10)))

    assert len({session for session, _ in views}) == 1
    assert all(events == views[0][1] for _, events in views)


async def test_guests_do_not_see_each_other(shared_live_system: LiveSystem) -> None:
    async def learn(client: ProtocolClient) -> AsyncIterator[None]:
        await client.hello()
        await to_first_question(client)
        for _ in range(3):
            await go_on(client)
            yield

    async with (
        ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as one,
        ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as two,
    ):
        turns = [learn(one), learn(two)]
        for _ in range(3):
            await asyncio.gather(*(anext(turn) for turn in turns))
        for turn in turns:
            async for _ in turn:
                pass

        assert one.session != two.session
        for client in (one, two):
            assert {frame["sid"] for frame in client.frames if frame["sid"]} == {client.session}
