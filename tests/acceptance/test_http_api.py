"""The same commands and events over HTTP."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from sessions_app.stream_grammar import SocketGrammar, Stream
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import COURSE, ProtocolClient, new_guest, new_id, whole_stream
from tests.published_document import check_answer

pytestmark = pytest.mark.acceptance

#: Every answer is held to the OpenAPI document.
AS_PUBLISHED: dict[str, list[Callable[..., Any]]] = {"response": [check_answer]}


@pytest.fixture
def token(shared_live_system: LiveSystem) -> str:
    return new_guest(shared_live_system.url)


@pytest.fixture
def http(shared_live_system: LiveSystem, token: str) -> Iterator[httpx.Client]:
    """A learner's client with the token."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(
        base_url=f"{shared_live_system.url}/api", headers=headers, timeout=30, event_hooks=AS_PUBLISHED
    ) as client:
        yield client


@pytest.fixture
def stranger(shared_live_system: LiveSystem) -> Iterator[httpx.Client]:
    """A client without a token."""
    with httpx.Client(base_url=f"{shared_live_system.url}/api", timeout=30, event_hooks=AS_PUBLISHED) as client:
        yield client


def _session(http: httpx.Client) -> str:
    answer = http.post("/sessions", json={"course": COURSE})
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["session"])


def _command(
    http: httpx.Client, session: str, kind: str, d: dict[str, Any] | None = None, **more: Any
) -> httpx.Response:
    return http.post(f"/sessions/{session}/commands", json={"t": kind, "id": new_id(), "d": d or {}, **more})


def test_the_system_says_that_it_is_well_and_ready(stranger: httpx.Client) -> None:
    assert [stranger.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]


def test_a_guest_gets_a_token_and_the_courses(stranger: httpx.Client) -> None:
    made = stranger.post("/guests")
    assert made.status_code == 201
    assert set(made.json()) >= {"token", "user"}

    assert stranger.get("/courses").status_code == 401
    courses = stranger.get("/courses", headers={"Authorization": f"Bearer {made.json()['token']}"})

    assert courses.status_code == 200
    assert next(course["title"] for course in courses.json() if course["slug"] == COURSE) == "Solving linear equations"


def test_starting_a_course_twice_finds_the_session(http: httpx.Client) -> None:
    assert _session(http) == _session(http)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/courses"),
        ("POST", "/sessions"),
        ("GET", "/sessions/x"),
        ("POST", "/sessions/x/commands"),
        ("GET", "/sessions/x/events?after=0"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
def test_nothing_is_told_without_a_right_token(
    stranger: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    assert stranger.request(method, path, headers=headers).status_code == 401


async def test_a_command_has_the_same_reply_and_events_as_on_the_socket(
    shared_live_system: LiveSystem, http: httpx.Client, token: str
) -> None:
    async with ProtocolClient(shared_live_system.ws_url, token) as client:
        await client.hello()
        body = {"t": "continue", "id": "from http", "d": {}}

        over_http = await asyncio.to_thread(http.post, f"/sessions/{client.session}/commands", json=body)
        await client.turn_finished(over_http.json()["d"]["turn"])
        over_socket = await client.command("continue", id="from http")

        assert over_http.status_code == 200
        assert set(over_http.json()) == set(over_socket)
        assert over_http.json()["d"] == {**over_socket["d"], "duplicate": False}
        assert over_socket["d"]["duplicate"] is True


async def test_the_long_poll_gives_the_events_of_the_socket(
    shared_live_system: LiveSystem, http: httpx.Client, token: str
) -> None:
    session = _session(http)
    _command(http, session, "message.send", {"text": "why?"})
    stream = Stream()
    grammar = SocketGrammar(stream)
    while not any(event["d"]["by"] == "learner" for event in stream.of("turn.started")) or stream.open_turns:
        answer = http.get(f"/sessions/{session}/events", params={"after": stream.last_seq, "wait": 5})
        assert answer.status_code == 200
        for event in answer.json()["events"]:
            grammar.received(event)

    assert await whole_stream(shared_live_system.ws_url, token, session) == stream.events


async def test_the_long_poll_waits_for_news_and_no_longer(http: httpx.Client) -> None:
    session = _session(http)
    events = http.get(f"/sessions/{session}/events", params={"after": 0}).json()["events"]
    after = {"after": events[-1]["seq"]}

    began = time.monotonic()
    nothing = http.get(f"/sessions/{session}/events", params={**after, "wait": 1})
    waited = time.monotonic() - began
    poll = asyncio.create_task(asyncio.to_thread(http.get, f"/sessions/{session}/events", params={**after, "wait": 20}))
    await asyncio.sleep(0.5)
    assert not poll.done()
    began = time.monotonic()
    await asyncio.to_thread(_command, http, session, "continue")
    news = await poll

    assert (nothing.status_code, nothing.json()["events"]) == (200, [])
    assert 0.8 < waited < 3
    assert time.monotonic() - began < 3
    assert news.json()["events"][0]["t"] == "turn.started"


def test_server_sent_events_are_numbered_by_seq(http: httpx.Client) -> None:
    session = _session(http)
    wanted = http.get(f"/sessions/{session}/events", params={"after": 0}).json()["events"]
    got: list[dict[str, Any]] = []
    ids: list[int] = []

    headers = {"Accept": "text/event-stream"}
    with http.stream("GET", f"/sessions/{session}/events", params={"after": 0, "wait": 5}, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("id:"):
                ids.append(int(line[3:]))
            if line.startswith("data:"):
                got.append(json.loads(line[5:]))
            if len(got) == len(wanted):
                break

    assert got == wanted
    assert ids == [event["seq"] for event in wanted]


def test_a_session_can_be_inspected(http: httpx.Client) -> None:
    session = _session(http)

    seen = http.get(f"/sessions/{session}")

    assert seen.status_code == 200
    assert seen.json()["state"] == "exposition"
    assert isinstance(seen.json()["words"], str)


REFUSED = [
    ("not json", 400, "bad_frame"),
    ("[]", 400, "bad_frame"),
    ('{"t":"continue","d":{}}', 400, "bad_frame"),
    ('{"t":"no.such","id":"h1","d":{}}', 400, "unknown_command"),
    ('{"t":"message.send","id":"h2","d":{}}', 400, "bad_request"),
    ('{"t":"message.send","id":"h3","d":{"text":"' + "x" * 70_000 + '"}}', 413, "too_large"),
    ('{"t":"question.give_up","id":"h4","d":{}}', 409, "invalid_transition"),
    ('{"t":"continue","id":"h5","d":{},"expect":1}', 409, "stale"),
    ('{"t":"session.force_remediation","id":"h6","d":{"known_error":"repeats_operation"}}', 403, "forbidden"),
    ('{"t":"turn.cancel","id":"h7","d":{"turn":"t999999"}}', 409, "no_such_turn"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSED, ids=[f"{code} {status}" for _, status, code in REFUSED])
def test_the_status_follows_the_error_code(http: httpx.Client, body: str, status: int, code: str) -> None:
    session = _session(http)
    before = http.get(f"/sessions/{session}/events", params={"after": 0}).json()["events"]

    answer = http.post(f"/sessions/{session}/commands", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["t"], answer.json()["d"]["code"]) == (status, "err", code)
    assert http.get(f"/sessions/{session}/events", params={"after": 0}).json()["events"] == before


def test_an_error_names_the_command_even_where_its_frame_is_wrong(http: httpx.Client) -> None:
    answer = http.post(f"/sessions/{_session(http)}/commands", json={"t": "continue", "id": "mine", "d": []})

    assert (answer.status_code, answer.json()["cause"]) == (400, "mine")


def test_an_id_reused_with_another_body_is_a_conflict(http: httpx.Client) -> None:
    session = _session(http)
    assert _command(http, session, "continue", id="once").status_code == 200
    assert _command(http, session, "continue", id="once").json()["d"]["duplicate"] is True

    answer = _command(http, session, "message.send", {"text": "why?"}, id="once")

    assert (answer.status_code, answer.json()["d"]["code"]) == (409, "id_reused")


def test_a_session_of_someone_else_is_no_different_from_none(
    shared_live_system: LiveSystem, http: httpx.Client, stranger: httpx.Client
) -> None:
    other = {"Authorization": f"Bearer {new_guest(shared_live_system.url)}"}
    theirs = stranger.post("/sessions", json={"course": COURSE}, headers=other).json()["session"]
    for method, tail, content in (
        ("GET", "", None),
        ("GET", "/events?after=0", None),
        ("POST", "/commands", '{"t":"continue","id":"mine","d":{}}'),
    ):
        answers = [
            http.request(method, f"/sessions/{session}{tail}", content=content)
            for session in (theirs, str(uuid.uuid4()), "not-an-id")
        ]

        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].json()["d"] == answers[1].json()["d"]


def test_an_unknown_course_is_not_found(http: httpx.Client) -> None:
    answer = http.post("/sessions", json={"course": "no-such-course"})

    assert (answer.status_code, answer.json()["d"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "body", ["", "nonsense", "[]", "{}", '{"course": 7}', '{"course": null}', '{"course": "a\\u0000b"}']
)
def test_a_start_without_a_course_is_refused(http: httpx.Client, body: str) -> None:
    answer = http.post("/sessions", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in {400, 404}
    assert answer.json()["t"] == "err"


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "after=1&wait=x", "after=99999999999999999999999", "after=0&wait=-5"]
)
def test_a_poll_with_nonsense_is_answered_and_breaks_nothing(http: httpx.Client, query: str) -> None:
    answer = http.get(f"/sessions/{_session(http)}/events?{query}")

    assert answer.status_code in {200, 400}


def test_a_cookie_needs_the_csrf_token_and_a_bearer_does_not(shared_live_system: LiveSystem) -> None:
    with httpx.Client(base_url=shared_live_system.url, timeout=30) as browser:
        page = browser.get("/admin/login/")
        password = shared_live_system.data.secret_path("admin").read_text().strip()
        form = {"username": "admin", "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        assert page.status_code == 200
        assert browser.post("/admin/login/?next=/admin/", data=form).status_code == 302

        without = browser.post("/api/sessions", json={"course": COURSE})
        token = {"X-CSRFToken": browser.cookies["csrftoken"]}
        with_token = browser.post("/api/sessions", json={"course": COURSE}, headers=token)

    assert without.status_code == 403
    assert with_token.status_code in {200, 201}
