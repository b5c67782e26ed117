"""Any OpenAI-compatible endpoint, and every way in which one fails, over real HTTP on the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from tools_app.backends import openai
from tools_app.exceptions import BadOutput, Misconfigured, Overloaded, Unreachable

Answer = Callable[[bytes], bytes]


def http(status: int, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body


def completion(text: Any) -> bytes:
    return msgspec.json.encode({"choices": [{"message": {"role": "assistant", "content": text}}]})


@asynccontextmanager
async def endpoint(settings: Any, answer: Answer) -> AsyncIterator[list[bytes]]:
    """A server on the loopback that answers every request with what ``answer`` makes of it."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        requests.append(head + await reader.readexactly(length))
        writer.write(answer(requests[-1]))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings.LLM_BASE_URL, settings.LLM_API_KEY, settings.LLM_MODEL = f"http://127.0.0.1:{port}/v1", "sk-test", "m-1"
    async with server:
        yield requests


async def ask() -> str:
    return await openai.complete([{"role": "user", "content": "hello"}])


async def test_an_answer_is_read_and_the_request_is_what_such_endpoints_expect(settings: Any) -> None:
    async with endpoint(settings, lambda _: http(200, completion(" Hi! "))) as requests:
        assert await ask() == "Hi!"

    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1")
    assert b"authorization: bearer sk-test" in head.lower()
    sent = msgspec.json.decode(body)
    assert (sent["model"], sent["messages"]) == ("m-1", [{"role": "user", "content": "hello"}])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (http(401, b"{}"), Misconfigured),
        (http(403, b"{}"), Misconfigured),
        (http(404, b"{}"), Misconfigured),
        (http(429, b"{}"), Overloaded),
        (http(500, b"oops"), Unreachable),
        (http(503, b""), Unreachable),
        (http(400, b"{}"), BadOutput),
        (http(200, b"<html>not json</html>"), BadOutput),
        (http(200, b'{"choices": []}'), BadOutput),
        (http(200, completion("")), BadOutput),
        (http(200, completion(None)), BadOutput),
        (http(200, completion("x" * 1_200_000)), BadOutput),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"choi", Unreachable),
        (b"", Unreachable),
    ],
    ids=[
        "401", "403", "404", "429", "500", "503", "400", "not json", "no choices", "empty text", "no text", "too long",
        "cut off", "closed at once",
    ],
)  # fmt: skip
async def test_every_failure_has_its_own_error(settings: Any, answer: bytes, error: type[Exception]) -> None:
    async with endpoint(settings, lambda _: answer):
        with pytest.raises(error):
            await ask()


async def test_a_retry_after_is_passed_on(settings: Any) -> None:
    async with endpoint(settings, lambda _: http(429, b"{}", "Retry-After: 3\r\n")):
        with pytest.raises(Overloaded) as overloaded:
            await ask()

    assert overloaded.value.retry_after_s == 3.0


async def test_nobody_listening_is_unreachable(settings: Any) -> None:
    settings.LLM_BASE_URL, settings.LLM_MODEL = "http://127.0.0.1:9/v1", "m-1"
    with pytest.raises(Unreachable):
        await ask()
