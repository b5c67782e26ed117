"""Bad input gets the error or close code of protocol.md; nothing is lost, nothing logged twice, no internals told."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from sessions_app.stream_grammar import Stream
from tests.acceptance.knowledge import right_answer
from tests.acceptance.learner import question_of, to_first_question
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import COURSE, ProtocolClient, new_guest, new_id, whole_stream

pytestmark = pytest.mark.acceptance


@pytest.fixture(autouse=True)
def nothing_crashed(shared_live_system: LiveSystem) -> Iterator[None]:
    before = len(shared_live_system.logs("web"))
    yield
    printed = shared_live_system.logs("web")[before:]
    assert "Traceback" not in printed, printed
    assert " ERROR " not in printed, printed


@pytest.fixture(scope="module")
def token(shared_live_system: LiveSystem) -> str:
    """One learner for the cases that must leave everything as it was."""
    return new_guest(shared_live_system.url)


@asynccontextmanager
async def unharmed(system: LiveSystem, token: str) -> AsyncIterator[ProtocolClient]:
    """A live socket; afterwards the log is as it was before, and the same socket still works."""
    async with ProtocolClient(system.ws_url, token, Stream(whole=False)) as client:
        await client.hello()
        before = list(client.stream.events)

        yield client

        pong = await client.command("ping")
        assert pong["t"] == "pong"
        assert pong["d"]["head"] == client.stream.last_seq
        assert client.stream.events == before
        assert await whole_stream(system.ws_url, token, client.session) == before


def _nested(depth: int) -> str:
    return '{"t":"message.send","id":"deep","d":{"text":' + "[" * depth + "]" * depth + "}}"


def _frame(t: object = "message.send", id: object = None, d: object = None, **more: object) -> str:
    return json.dumps({"t": t, "id": id or new_id(), "d": {"text": "hi"} if d is None else d, **more})


NO_CAUSE = {
    "an empty frame": "",
    "not JSON": "hello?",
    "cut JSON": '{"t":"ping","id":"a","d"',
    "two objects": '{"t":"ping","id":"a","d":{}}{"t":"ping","id":"b","d":{}}',
    "an array": '["ping"]',
    "a string": '"ping"',
    "a number": "42",
    "null": "null",
    "not a number": "NaN",
    "no id": '{"t":"ping","d":{}}',
    "an empty id": '{"t":"ping","id":"","d":{}}',
    "a number for an id": '{"t":"ping","id":7,"d":{}}',
    "null for an id": '{"t":"ping","id":null,"d":{}}',
    "an object for an id": '{"t":"ping","id":{},"d":{}}',
    "an id of 65 characters": _frame("ping", "x" * 65, {}),
    "a lone surrogate": '{"t":"message.send","id":"s","d":{"text":"a\\ud800b"}}',
    "a deep array": "[" * 30_000,
    "deep JSON": _nested(20_000),
    "JSON nested 2,000 deep": _nested(2_000),
}


@pytest.mark.parametrize("text", NO_CAUSE.values(), ids=NO_CAUSE)
async def test_a_frame_that_cannot_be_read_is_refused(shared_live_system: LiveSystem, token: str, text: str) -> None:
    async with unharmed(shared_live_system, token) as client:
        mark = len(client.frames)
        await client.send_text(text)

        error = await client.seen(lambda frame: frame["t"] == "err", after=mark)

        assert error["d"]["code"] in {"bad_frame", "bad_request"}
        assert error["d"]["retry"] == "never"


REFUSED: dict[str, tuple[str, set[str]]] = {
    "an unknown command": (_frame("lesson.explode", "u1", {}), {"unknown_command"}),
    "an event's name": (_frame("turn.started", "u2", {}), {"unknown_command"}),
    "an empty command": (_frame("", "u3", {}), {"unknown_command", "bad_request"}),
    "a command that is a number": (_frame(7, "u4", {}), {"bad_frame", "bad_request", "unknown_command"}),
    "no command": ('{"id":"u5","d":{}}', {"bad_frame", "bad_request", "unknown_command"}),
    "d that is an array": ('{"t":"message.send","id":"u6","d":[]}', {"bad_frame", "bad_request"}),
    "d that is text": ('{"t":"message.send","id":"u7","d":"hi"}', {"bad_frame", "bad_request"}),
    "no text": (_frame("message.send", "u8", {}), {"bad_request"}),
    "a number for text": (_frame("message.send", "u9", {"text": 5}), {"bad_request"}),
    "null for text": (_frame("message.send", "u10", {"text": None}), {"bad_request"}),
    "a list for text": (_frame("message.send", "u11", {"text": ["a"]}), {"bad_request"}),
    "an empty message": (_frame("message.send", "u12", {"text": ""}), {"bad_request"}),
    "a message of spaces": (_frame("message.send", "u13", {"text": " \t\n\u00a0\u2003 "}), {"bad_request"}),
    "a message of 2,001 characters": (
        _frame("message.send", "u14", {"text": "x" * 2_001}),
        {"too_large", "bad_request"},
    ),
    "a message of 10,000 characters": (
        _frame("message.send", "u15", {"text": "x" * 10_000}),
        {"too_large", "bad_request"},
    ),
    "an unknown busy policy": (_frame("message.send", "u16", {"text": "a", "on_busy": "shout"}), {"bad_request"}),
    "a busy policy that is a list": (_frame("message.send", "u17", {"text": "a", "on_busy": []}), {"bad_request"}),
    "expect that is text": (_frame("ping", "u19", {}, expect="1"), {"bad_frame", "bad_request"}),
    "an answer without a question": (_frame("answer.submit", "u20", {"value": "7"}), {"bad_request"}),
    "an answer that is a number": (_frame("answer.submit", "u21", {"question": "q", "value": 7}), {"bad_request"}),
    "an answer that is an object": (_frame("answer.submit", "u22", {"question": "q", "value": {}}), {"bad_request"}),
    "history before a text": (_frame("history.get", "u23", {"before": "x", "limit": 3}), {"bad_request"}),
    "a cancel of an unknown turn": (_frame("turn.cancel", "u26", {"turn": "t999999"}), {"no_such_turn"}),
    "a teacher's command": (
        _frame("session.force_remediation", "u27", {"known_error": "repeats_operation"}),
        {"forbidden"},
    ),
    "an operator's command": (_frame("session.reset", "u28", {"state": "completed"}), {"forbidden", "unknown_command"}),
    "a hello after the hello": (_frame("hello", "u29", {"course": COURSE, "resume": None}), {"bad_request"}),
    "a stale expectation": (_frame("message.send", "u30", {"text": "a"}, expect=1), {"stale"}),
    "an expectation from the future": (
        _frame("message.send", "u31", {"text": "a"}, expect=10**9),
        {"stale", "bad_request"},
    ),
    "a give-up without a question": (_frame("question.give_up", "u34", {}), {"invalid_transition"}),
}


@pytest.mark.parametrize(("text", "codes"), REFUSED.values(), ids=REFUSED)
async def test_a_command_that_is_wrong_is_refused_and_leaves_no_trace(
    shared_live_system: LiveSystem, token: str, text: str, codes: set[str]
) -> None:
    command_id = json.loads(text)["id"]
    async with unharmed(shared_live_system, token) as client:
        client.grammar.sent(command_id)
        await client.send_text(text)

        error = await client.reply(command_id)

        assert error["t"] == "err", error
        assert error["d"]["code"] in codes


@pytest.mark.parametrize(
    "d",
    [{"before": 3, "limit": -1}, {"before": 3, "limit": 0}, {"before": 2**70}, {"before": 10**400}, {"before": -5}, {}],
)
async def test_any_page_of_history_may_be_asked_for(
    shared_live_system: LiveSystem, token: str, d: dict[str, int]
) -> None:
    async with unharmed(shared_live_system, token) as client:
        reply = await client.command("history.get", d)

        if reply["t"] == "ok":
            own = {event["seq"]: event for event in client.stream.events}
            assert all(own[event["seq"]] == event for event in reply["d"]["events"])
        else:
            assert reply["d"]["code"] == "bad_request"


async def test_a_cancel_with_nothing_to_cancel_says_so(shared_live_system: LiveSystem, token: str) -> None:
    async with unharmed(shared_live_system, token) as client:
        reply = await client.command("turn.cancel")

        assert (reply["t"], reply["d"]["result"]) == ("ok", "already_finished")


async def test_an_id_that_was_refused_may_be_used_again(shared_live_system: LiveSystem) -> None:
    async with ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as client:
        await client.hello()
        assert (await client.command("message.send", {"text": ""}, id="again"))["t"] == "err"

        reply = await client.command("continue", id="again")

        assert (reply["t"], reply["d"]["duplicate"]) == ("ok", False)


async def test_a_refusal_of_a_state_names_the_state_and_what_is_possible(
    shared_live_system: LiveSystem, token: str
) -> None:
    async with unharmed(shared_live_system, token) as client:
        error = await client.command("question.give_up")

        assert error["d"]["code"] == "invalid_transition"
        assert error["d"]["detail"]["state"] == "exposition"
        assert {"message.send", "continue"} <= set(error["d"]["detail"]["allowed"])
        assert "question.give_up" not in error["d"]["detail"]["allowed"]


async def test_a_stale_expectation_names_the_head(shared_live_system: LiveSystem, token: str) -> None:
    async with unharmed(shared_live_system, token) as client:
        error = await client.command("continue", expect=1)

        assert (error["d"]["code"], error["d"]["detail"]["head"]) == ("stale", client.stream.last_seq)


async def test_the_right_expectation_is_taken(shared_live_system: LiveSystem) -> None:
    async with ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as client:
        await client.hello()

        assert (await client.command("continue", expect=client.stream.last_seq))["t"] == "ok"


async def test_unknown_fields_are_ignored_or_refused_alike_every_time(shared_live_system: LiveSystem) -> None:
    async with ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as client:
        await client.hello()

        replies = [
            await client.command("ping", {"colour": "red"}),
            await client.command("ping", shade="dark"),
        ]

        assert all(reply["t"] == "pong" or reply["d"]["code"] in {"bad_frame", "bad_request"} for reply in replies)


@pytest.mark.parametrize("size", [2**16 + 1, 2**20 - 2**10])
async def test_a_frame_over_64_kib_is_too_large_and_the_socket_goes_on(
    shared_live_system: LiveSystem, token: str, size: int
) -> None:
    async with unharmed(shared_live_system, token) as client:
        text = _frame("message.send", "large", {"text": ""})
        mark = len(client.frames)
        client.grammar.sent("large")
        await client.send_text(text.replace('""', '"' + "x" * (size - len(text)) + '"'))

        error = await client.seen(lambda frame: frame["t"] == "err", after=mark)

        assert error["d"]["code"] == "too_large"


async def test_a_frame_over_1_mib_closes_with_1009(shared_live_system: LiveSystem, token: str) -> None:
    async with ProtocolClient(shared_live_system.ws_url, token, Stream(whole=False)) as client:
        await client.hello()
        await client.send_text("x" * (2**20 + 1))

        assert await client.closed() == 1009

    async with unharmed(shared_live_system, token):
        pass


async def test_a_binary_frame_is_a_bad_frame(shared_live_system: LiveSystem, token: str) -> None:
    async with ProtocolClient(shared_live_system.ws_url, token, Stream(whole=False)) as client:
        await client.hello()
        mark = len(client.frames)
        await client.socket.send(b'{"t":"ping","id":"b","d":{}}')

        bad = await client.seen(lambda frame: frame["t"] in {"err", "bye"}, after=mark)

        if bad["t"] == "err":
            assert bad["d"]["code"] == "bad_frame"
        else:
            assert await client.closed() == 4400

    async with unharmed(shared_live_system, token):
        pass


async def test_characters_that_databases_dislike_are_taken_or_refused_but_never_break(
    shared_live_system: LiveSystem,
) -> None:
    async with ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as client:
        await client.hello()
        await to_first_question(client)
        for text in (
            "a\x00b",
            "\x00",
            "\ufffe\uffff",
            "\u202e7",
            "🧮" * 500,
            "\x1b[31m",
            "'; DROP TABLE x; --",
            "{{7*7}}",
        ):
            reply = await client.command("message.send", {"text": text})
            if reply["t"] == "ok":
                await client.turn_finished(reply["d"]["turn"])
            else:
                assert reply["d"]["code"] == "bad_request"
            if client.stream.state != "awaiting_answer":
                await to_first_question(client)
        client.stream.demand_quiet()

        right = await client.say(right_answer(question_of(client)["d"]))

        assert next(event for event in right if event["t"] == "answer.checked")["d"]["verdict"] == "correct"


async def test_html_of_a_learner_is_never_given_back_as_html(shared_live_system: LiveSystem) -> None:
    async with ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as client:
        await client.hello()
        await to_first_question(client)
        for text in ("<img src=x onerror=alert(1)>", "why <script>alert(1)</script>?", "[a](javascript:alert(1)) why?"):
            await client.say(text)
            if client.stream.state != "awaiting_answer":
                await to_first_question(client)

        said = " ".join(event["d"]["html"] for event in client.stream.of("output.committed"))

        assert not any(evil in said for evil in ("<img", "<script", 'href="javascript'))


@pytest.mark.parametrize(
    "answer", ["9**9**9**9", "__import__('os').system('true')", "(" * 500, "9" * 2000, "1/0", "x" * 2000]
)
async def test_an_answer_that_is_an_attack_is_not_run_and_does_not_hang(
    shared_live_system: LiveSystem, answer: str
) -> None:
    async with ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as client:
        await client.hello()
        await to_first_question(client)

        async with asyncio.timeout(10):
            turn = await client.say(answer)

        checked = next(event["d"] for event in turn if event["t"] == "answer.checked")
        assert checked["verdict"] != "correct"
        assert client.stream.state in {"awaiting_answer", "awaiting_tool_result"}


# --- ids ---------------------------------------------------------------------------------------------------------


async def test_the_same_id_and_body_returns_the_original_reply(shared_live_system: LiveSystem) -> None:
    token = new_guest(shared_live_system.url)
    async with ProtocolClient(shared_live_system.ws_url, token) as client:
        await client.hello()
        first = await client.command("message.send", {"text": "why?"}, id="once")
        await client.turn_finished(first["d"]["turn"])
        events = list(client.stream.events)

        second = await client.command("message.send", {"text": "why?"}, id="once")

        assert second["d"] == {**first["d"], "duplicate": True}
        await client.command("ping")
        assert client.stream.events == events
        assert await whole_stream(shared_live_system.ws_url, token, client.session) == events


@pytest.mark.parametrize(
    ("kind", "d"),
    [("message.send", {"text": "how?"}), ("continue", {}), ("message.send", {"text": "why?", "on_busy": "queue"})],
)
async def test_an_id_reused_with_another_body_is_refused(
    shared_live_system: LiveSystem, kind: str, d: dict[str, Any]
) -> None:
    async with ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as client:
        await client.hello()
        await client.turn("message.send", {"text": "why?"}, id="once")
        head = client.stream.last_seq

        error = await client.command(kind, d, id="once")

        assert (error["t"], error["d"]["code"]) == ("err", "id_reused")
        assert (await client.command("ping"))["d"]["head"] == head


async def test_one_id_sent_by_two_sockets_at_once_has_one_effect(shared_live_system: LiveSystem) -> None:
    token = new_guest(shared_live_system.url)
    async with (
        ProtocolClient(shared_live_system.ws_url, token) as one,
        ProtocolClient(shared_live_system.ws_url, token) as two,
    ):
        await one.hello()
        await two.hello()

        replies = await asyncio.gather(*(client.command("continue", id="both") for client in (one, two)))

        assert sorted(reply["d"]["duplicate"] for reply in replies) == [False, True]
        assert len({reply["d"]["seq"] for reply in replies}) == 1
        started = [event for event in one.stream.of("turn.started") if event["cause"] == "both"]
        assert len(started) == 1


# --- opening -----------------------------------------------------------------------------------------------------


async def _refused_hello(system: LiveSystem, token: str, d: dict[str, Any]) -> tuple[int | None, list[Any]]:
    async with ProtocolClient(system.ws_url, token) as client:
        await client.send("hello", d, id="hello")
        code = await client.closed()
        return code, [(frame["t"], frame["d"]) for frame in client.frames]


async def test_a_session_of_someone_else_is_no_different_from_none(shared_live_system: LiveSystem, token: str) -> None:
    async with ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as other:
        await other.hello()
        theirs = other.session

    answers = [
        await _refused_hello(shared_live_system, token, {"session": session, "resume": None})
        for session in (theirs, str(uuid.uuid4()), "not-an-id", "", "x" * 5000, "\x00")
    ]

    assert answers[0][0] == 4404
    for answer in answers[1:]:
        assert answer == answers[0]


@pytest.mark.parametrize("course", ["no-such-course", "", "a\x00b", "../etc", "x" * 5000])
async def test_a_wrong_course_is_not_found(shared_live_system: LiveSystem, token: str, course: str) -> None:
    code, frames = await _refused_hello(shared_live_system, token, {"course": course, "resume": None})

    assert code == 4404
    assert frames[0][0] == "err"
    assert frames[0][1]["code"] == "not_found"


@pytest.mark.parametrize("d", [{}, {"resume": None}, {"course": 7}, {"session": []}, {"course": None, "session": None}])
async def test_a_hello_that_names_nothing_is_refused(
    shared_live_system: LiveSystem, token: str, d: dict[str, Any]
) -> None:
    async with ProtocolClient(shared_live_system.ws_url, token) as client:
        refused = await client.command("hello", d)

        assert (refused["t"], refused["d"]["code"]) == ("err", "bad_request")


@pytest.mark.parametrize("ticket", ["nonsense", "", "\x00", "x" * 5000])
async def test_a_wrong_ticket_closes_with_4401(shared_live_system: LiveSystem, ticket: str) -> None:
    async with ProtocolClient(shared_live_system.ws_url, None) as client:
        await client.send("hello", {"course": COURSE, "resume": None, "ticket": ticket})

        assert await client.closed() == 4401


async def test_a_ticket_lets_one_socket_in(shared_live_system: LiveSystem, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    ticket = httpx.post(f"{shared_live_system.url}/api/tickets", headers=headers).json()["ticket"]
    async with ProtocolClient(shared_live_system.ws_url, None, Stream(whole=False)) as client:
        assert (await client.hello(course=COURSE, ticket=ticket))["t"] == "welcome"

    async with ProtocolClient(shared_live_system.ws_url, None) as client:
        await client.send("hello", {"course": COURSE, "resume": None, "ticket": ticket})
        assert await client.closed() == 4401


@pytest.mark.parametrize("wrong", [None, "nonsense", "x" * 4000])
async def test_without_a_right_token_the_socket_closes_with_4401(
    shared_live_system: LiveSystem, wrong: str | None
) -> None:
    async with ProtocolClient(shared_live_system.ws_url, wrong) as client:
        await client.send("hello", {"course": COURSE, "resume": None})

        assert await client.closed() == 4401


async def test_a_command_before_the_hello_is_refused_and_has_no_effect(
    shared_live_system: LiveSystem, token: str
) -> None:
    async with ProtocolClient(shared_live_system.ws_url, token) as client:
        refused = await client.command("message.send", {"text": "hi"})

        assert refused["t"] == "err"
        assert refused["d"]["code"] in {"bad_frame", "bad_request"}
        assert await client.closed() == 4400

    async with unharmed(shared_live_system, token):
        pass


async def test_without_a_hello_the_socket_closes_with_4408(shared_live_system: LiveSystem, token: str) -> None:
    async with ProtocolClient(shared_live_system.ws_url, token) as client:
        began = asyncio.get_running_loop().time()

        assert await client.closed(limit_s=10) == 4408

        assert 4 < asyncio.get_running_loop().time() - began < 8
        assert [frame["t"] for frame in client.frames] == ["bye"]


async def test_an_unknown_version_closes_with_4426_and_none_is_taken_as_v1(
    shared_live_system: LiveSystem, token: str
) -> None:
    async with ProtocolClient(shared_live_system.ws_url, token, subprotocol="tutor.v99") as client:
        assert await client.closed() == 4426

    async with ProtocolClient(shared_live_system.ws_url, token, Stream(whole=False), subprotocol=None) as client:
        await client.hello()
        assert client.socket.subprotocol is None

    async with ProtocolClient(shared_live_system.ws_url, token, Stream(whole=False)) as client:
        assert client.socket.subprotocol == "tutor.v1"


async def test_a_foreign_origin_with_a_cookie_is_not_let_in(shared_live_system: LiveSystem) -> None:
    with httpx.Client(base_url=shared_live_system.url) as browser:
        browser.post("/api/guests")
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    if not cookies:
        cookies = "sessionid=none"
    headers = {"Cookie": cookies, "Origin": "https://evil.example"}
    async with ProtocolClient(shared_live_system.ws_url, None, headers=headers) as client:
        await client.send("hello", {"course": COURSE, "resume": None})

        assert await client.closed() in {4401, 4404}
