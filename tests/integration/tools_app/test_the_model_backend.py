"""Any OpenAI-compatible endpoint, and every way in which one fails, over real HTTP on the loopback."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest

from tests import model_server
from tests.model_server import Behaviour, ModelServer
from tools_app import usage
from tools_app.backends import connection, openai
from tools_app.exceptions import (
    BadOutput,
    CircuitOpen,
    ContextTooLong,
    Misconfigured,
    Overloaded,
    ToolError,
    Unreachable,
)
from tutor.prompts import ChatMessage

HELLO: list[ChatMessage] = [{"role": "user", "content": "hello"}]


@pytest.fixture
def endpoint(settings: Any) -> Iterator[ModelServer]:
    openai.forget()
    with ModelServer() as server:
        settings.LLM_BASE_URL, settings.LLM_API_KEY, settings.LLM_MODEL = server.url, "sk-test", "m-1"
        settings.LLM_FIRST_TOKEN_S = settings.LLM_BETWEEN_TOKENS_S = 0.3
        settings.LLM_TOTAL_S = 5
        yield server
    openai.forget()


@pytest.fixture(autouse=True)
async def _connections_end_with_the_loop() -> Any:
    yield
    await connection.close()


async def ask() -> str:
    return await openai.complete(HELLO)


# --- answers -----------------------------------------------------------------------------------------------------


async def test_an_answer_comes_as_it_is_written_without_white_space_around_it(endpoint: ModelServer) -> None:
    endpoint.behaviour = model_server.says(" \n", " Hi", " there", "! ", "\n", "Bye.", " ", "\n")

    pieces = [piece async for piece in openai.stream(HELLO)]

    assert "".join(pieces) == "Hi there! \nBye."
    assert pieces[:2] == ["Hi", " there"]


async def test_the_request_is_what_such_endpoints_expect(endpoint: ModelServer) -> None:
    await ask()

    (request,) = endpoint.requests
    assert request.head.startswith(b"POST /v1/chat/completions HTTP/1.1")
    assert b"authorization: bearer sk-test" in request.head.lower()
    assert (request.body["model"], request.body["messages"], request.body["stream"]) == ("m-1", HELLO, True)


async def test_an_endpoint_that_does_not_stream_is_read_whole(endpoint: ModelServer) -> None:
    endpoint.behaviour = model_server.whole(" Hi! ")
    assert await ask() == "Hi!"


async def test_a_character_that_is_cut_in_two_is_put_together(endpoint: ModelServer) -> None:
    halves = [b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % half for half in (b"a\\ud83d", b"\\ude00b")]
    end = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    endpoint.behaviour = model_server.raw(*halves, end)
    assert await ask() == "a😀b"


# --- what it costs -----------------------------------------------------------------------------------------------


async def test_the_cost_that_the_endpoint_tells_is_counted(endpoint: ModelServer) -> None:
    endpoint.behaviour = model_server.says("Hi!", usage=(123, 45))
    counted = usage.measure()
    await ask()

    assert counted.spent() == {"input_tokens": 123, "output_tokens": 45, "requests": 1}


async def test_the_cost_of_an_answer_that_was_cut_short_is_estimated(endpoint: ModelServer) -> None:
    endpoint.behaviour = model_server.breaks_off("four" * 100)
    counted = usage.measure()
    with pytest.raises(Unreachable):
        await ask()

    assert counted.spent() == {"input_tokens": 1, "output_tokens": 100, "requests": 1}


# --- what an endpoint may not offer ------------------------------------------------------------------------------


def refuses(part: str) -> Behaviour:
    """400 for requests that have this part."""

    async def behave(request: model_server.Request) -> None:
        unknown = {"error": {"message": f"Unrecognized request argument supplied: {part}", "code": None}}
        await (model_server.answers(400, unknown) if part in request.body else model_server.says("Hi!"))(request)

    return behave


async def test_usage_in_streams_is_not_asked_for_again_where_it_is_refused(endpoint: ModelServer) -> None:
    endpoint.behaviour = refuses("stream_options")

    assert [await ask(), await ask()] == ["Hi!", "Hi!"]
    assert ["stream_options" in request.body for request in endpoint.requests] == [True, False, False]


class Verdict(msgspec.Struct):
    right: bool
    why: str


async def test_a_typed_answer_is_asked_for_by_schema(endpoint: ModelServer) -> None:
    endpoint.behaviour = model_server.says('{"right": true, ', '"why": "it is"}')

    assert await openai.parse(HELLO, Verdict) == Verdict(right=True, why="it is")
    assert endpoint.requests[0].body["response_format"]["type"] == "json_schema"


async def test_without_schemas_a_typed_answer_is_asked_for_in_words(endpoint: ModelServer) -> None:
    async def behave(request: model_server.Request) -> None:
        if "response_format" in request.body:
            await model_server.answers(422, {"detail": "response_format is not supported"})(request)
        else:
            await model_server.says('```json\n{"right": false, "why": "no"}\n```')(request)

    endpoint.behaviour = behave

    assert await openai.parse(HELLO, Verdict) == Verdict(right=False, why="no")
    assert "schema" in endpoint.requests[1].body["messages"][-1]["content"]


async def test_an_answer_that_does_not_fit_its_type_says_why(endpoint: ModelServer) -> None:
    endpoint.behaviour = model_server.says('{"right": "perhaps"}')
    with pytest.raises(BadOutput, match=r"bool"):
        await openai.parse(HELLO, Verdict)


# --- failures ----------------------------------------------------------------------------------------------------


def event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


PIECE = event(b'{"choices": [{"delta": {"content": "x"}}]}')
TOO_LONG = {
    "error": {"message": "This model's maximum context length is 8192 tokens.", "code": "context_length_exceeded"}
}
FAILURES: dict[str, tuple[Behaviour, type[ToolError]]] = {
    "401": (model_server.answers(401), Misconfigured),
    "403": (model_server.answers(403), Misconfigured),
    "404": (model_server.answers(404), Misconfigured),
    "no credit": (model_server.answers(429, {"error": {"code": "insufficient_quota"}}), Misconfigured),
    "429": (model_server.answers(429), Overloaded),
    "500": (model_server.answers(500, b"oops", "text/plain"), Unreachable),
    "503": (model_server.answers(503), Unreachable),
    "400": (model_server.answers(400), BadOutput),
    "context too long": (model_server.answers(400, TOO_LONG), ContextTooLong),
    "context too long, in the stream": (model_server.raw(event(msgspec.json.encode(TOO_LONG))), ContextTooLong),
    "an error in the stream": (model_server.raw(event(b'{"error": {"message": "busy", "code": 429}}')), Overloaded),
    "hangs before its headers": (model_server.stalls(headers=False), Unreachable),
    "hangs before the first token": (model_server.stalls(), Unreachable),
    "stalls in mid-stream": (model_server.stalls("Hi"), Unreachable),
    "only keeps the line alive": (model_server.stalls("Hi", keep_alive_s=0.05), Unreachable),
    "ends in mid-stream": (model_server.breaks_off("Hi"), Unreachable),
    "says nothing": (model_server.says(), BadOutput),
    "says only white space": (model_server.says(" ", "\n"), BadOutput),
    "malformed JSON": (model_server.raw(event(b"{nope}")), BadOutput),
    "another form": (model_server.raw(event(b'{"choices": [7]}')), BadOutput),
    "not even an object": (model_server.raw(event(b"[1, 2]")), BadOutput),
    "no text": (model_server.raw(event(b'{"choices": [{"delta": {"content": 5}}]}')), BadOutput),
    "wrong content type": (model_server.answers(200, b"<html>hello</html>", "text/html"), BadOutput),
    "a line of 10 MB": (model_server.raw(*[b"x" * 100_000] * 100), BadOutput),
    "a whole answer of 10 MB": (model_server.raw(*[b"x" * 100_000] * 100, kind="application/json"), BadOutput),
    "an endless answer": (model_server.raw(*[PIECE * 500] * 100), BadOutput),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
async def test_every_failure_has_its_own_error(endpoint: ModelServer, name: str) -> None:
    endpoint.behaviour, error = FAILURES[name]
    begun = time.monotonic()
    with pytest.raises(ToolError) as failed:
        await ask()

    assert type(failed.value) is error or (error is BadOutput and isinstance(failed.value, BadOutput))
    assert time.monotonic() - begun < 3


async def test_a_line_of_10_mb_is_not_kept(endpoint: ModelServer) -> None:
    endpoint.behaviour = model_server.raw(*[b"x" * 1_000_000] * 10)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadOutput, match="line"):
        await ask()

    # Kilobytes; the server is in this process, and its own buffers count.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000


async def test_an_answer_that_never_ends_is_given_up_in_time(endpoint: ModelServer, settings: Any) -> None:
    settings.LLM_TOTAL_S = 0.5
    endpoint.behaviour = model_server.says(*["word "] * 100, every_s=0.05)
    with pytest.raises(Unreachable, match="LLM_TOTAL_S"):
        await ask()


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_the_wish_to_be_asked_later_is_passed_on(endpoint: ModelServer, form: str) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=31), usegmt=True)
    endpoint.behaviour = model_server.answers(429, Retry_After="30" if form == "seconds" else later)
    with pytest.raises(Overloaded) as overloaded:
        await ask()

    assert overloaded.value.retry_after_s == pytest.approx(30, abs=1.5)


# --- who cannot be reached ---------------------------------------------------------------------------------------


async def test_nobody_listening_is_unreachable(endpoint: ModelServer, settings: Any) -> None:
    settings.LLM_BASE_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(Unreachable):
        await ask()


async def test_who_cannot_be_reached_is_left_alone_for_a_while(endpoint: ModelServer, settings: Any) -> None:
    settings.LLM_BREAKER_FAILURES, settings.LLM_BREAKER_OPEN_S = 3, 0.4
    endpoint.behaviour = model_server.stalls(headers=False)
    for _ in range(3):
        with pytest.raises(Unreachable):
            await ask()
    with pytest.raises(CircuitOpen):
        await ask()
    assert len(endpoint.requests) == 3

    endpoint.behaviour = model_server.says("Hi!")
    await asyncio.sleep(0.5)
    assert [await ask(), await ask()] == ["Hi!", "Hi!"]


# --- connections -------------------------------------------------------------------------------------------------


async def test_a_request_that_is_not_wanted_any_more_is_closed_within_a_second(
    endpoint: ModelServer, settings: Any
) -> None:
    settings.LLM_BETWEEN_TOKENS_S = 30
    endpoint.behaviour = model_server.stalls("Hi")
    asking = asyncio.create_task(ask())
    while not endpoint.requests:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    cancelled_at = time.monotonic()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    while endpoint.requests[0].hung_up_at is None:
        await asyncio.sleep(0.01)
        assert time.monotonic() - cancelled_at < 1

    assert not connection.client()._transport._pool.connections  # type: ignore[attr-defined]


async def test_a_reader_that_has_enough_closes_the_request(endpoint: ModelServer) -> None:
    endpoint.behaviour = model_server.stalls("Enough.")
    async with aclosing(openai.stream(HELLO)) as pieces:
        async for piece in pieces:
            assert piece == "Enough."
            break
    left_at = time.monotonic()
    while endpoint.requests[0].hung_up_at is None:
        await asyncio.sleep(0.01)
        assert time.monotonic() - left_at < 1
