"""HTTP to a model's endpoint: one client per event loop, one circuit per endpoint, every wait bounded."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
from django.conf import settings

from tools_app.backends.breaker import Breaker, Circuit
from tools_app.backends.refusals import error_of
from tools_app.exceptions import BadOutput, CircuitOpen, ToolError, Unreachable

#: Read of a body that says what is wrong, in bytes.
_ERROR_BYTES = 10_000
#: How long the end of a body may take after the end of the answer, in seconds, before its connection is given up.
_END_S = 0.1
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100)

#: Connections are reused, and never shared between loops.
_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = weakref.WeakKeyDictionary()
#: By base URL, for all loops of the process: what one call learns, the others need not find out.
_circuits: dict[str, Circuit] = {}


def client() -> httpx.AsyncClient:
    """This event loop's client. Its own time-out is for connecting; all others are measured here."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        timeout = httpx.Timeout(None, connect=settings.LLM_CONNECT_S, write=settings.LLM_FIRST_TOKEN_S)
        _clients[loop] = httpx.AsyncClient(timeout=timeout, limits=_LIMITS)
    return _clients[loop]


async def close() -> None:
    """Close this event loop's connections, before the loop ends."""
    known = _clients.pop(asyncio.get_running_loop(), None)
    if known is not None:
        await known.aclose()


def forget_circuits() -> None:
    """Every endpoint is tried again at once (the settings have changed)."""
    _circuits.clear()


class Clock:
    """How long an answer may take: to its first token, between two tokens, and altogether."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._total = self._now() + settings.LLM_TOTAL_S
        self._next = self._now() + settings.LLM_FIRST_TOKEN_S
        self._started = False

    def token(self) -> None:
        """Something came that is part of the answer; a keep-alive is not."""
        self._started = True
        self._next = self._now() + settings.LLM_BETWEEN_TOKENS_S

    @asynccontextmanager
    async def bounded(self) -> AsyncIterator[None]:
        """A wait for the next bytes. Raises ``Unreachable`` with the setting that was exceeded."""
        try:
            async with asyncio.timeout_at(min(self._next, self._total)):
                yield
        except TimeoutError:
            if self._now() >= self._total:
                why = f"is not complete after {settings.LLM_TOTAL_S} s (LLM_TOTAL_S)"
            elif self._started:
                why = f"paused for more than {settings.LLM_BETWEEN_TOKENS_S} s (LLM_BETWEEN_TOKENS_S)"
            else:
                why = f"did not begin within {settings.LLM_FIRST_TOKEN_S} s (LLM_FIRST_TOKEN_S)"
            raise Unreachable(f"the model's answer {why}") from None


def _admit(base_url: str) -> Breaker:
    breaker = Breaker(settings.LLM_BREAKER_FAILURES, settings.LLM_BREAKER_OPEN_S)
    now, circuit = time.monotonic(), _circuits.get(base_url, Circuit())
    admitted, _circuits[base_url] = breaker.admit(circuit, now)
    if not admitted:
        after_s = breaker.opens_in(circuit, now)
        raise CircuitOpen(
            f"the model's endpoint could not be reached {circuit.failures} times in a row; "
            f"it is tried again in {after_s:.0f} s (LLM_BREAKER_OPEN_S)"
        )
    return breaker


@asynccontextmanager
async def answer(path: str, body: dict[str, Any], clock: Clock) -> AsyncIterator[httpx.Response]:
    """POST ``body`` and give the answer once its headers are there and its status is 200.

    Leaving it, by whatever way, closes what was not read: a cancelled call costs its endpoint nothing more. Raises
    ``CircuitOpen``, ``Unreachable`` or what ``refusals`` makes of the status.
    """
    base_url = settings.LLM_BASE_URL.rstrip("/")
    headers = {"Authorization": f"Bearer {settings.LLM_API_KEY}"} if settings.LLM_API_KEY else {}
    breaker = _admit(base_url)
    request = client().build_request("POST", f"{base_url}{path}", json=body, headers=headers)
    try:
        async with clock.bounded():
            response = await client().send(request, stream=True)
    except (httpx.HTTPError, Unreachable) as error:
        _circuits[base_url] = breaker.failed(_circuits.get(base_url, Circuit()), time.monotonic())
        raise _unreachable(error) from error
    _circuits[base_url] = breaker.succeeded(_circuits.get(base_url, Circuit()))
    try:
        if response.status_code != 200:
            raise error_of(response.status_code, response.headers, await _beginning(response, clock))
        yield response
    finally:
        await response.aclose()


def _unreachable(error: Exception) -> Unreachable:
    if isinstance(error, Unreachable):
        return error
    return Unreachable(f"the model's endpoint does not answer: {type(error).__name__} {error}".rstrip())


async def chunks(response: httpx.Response, clock: Clock, most: int) -> AsyncGenerator[bytes]:
    """The body as it comes. Raises ``Unreachable`` where it breaks off, ``BadOutput`` beyond ``most`` bytes."""
    read = 0
    stream = response.aiter_bytes()
    while True:
        try:
            async with clock.bounded():
                chunk = await anext(stream, None)
        except httpx.HTTPError as error:
            raise Unreachable(f"the model's answer broke off: {type(error).__name__} {error}".rstrip()) from error
        if chunk is None:
            return
        read += len(chunk)
        if read > most:
            raise BadOutput(f"the model's answer is longer than {most} bytes")
        yield chunk


async def read_to_end(rest: AsyncGenerator[bytes]) -> None:
    """Read what follows a complete answer, as a rule nothing: a connection is usable after its body's end only."""
    with suppress(TimeoutError, ToolError):
        async with asyncio.timeout(_END_S):
            async for _ in rest:
                pass


async def _beginning(response: httpx.Response, clock: Clock) -> bytes:
    """Enough of an error's body to say what is wrong; a body that is broken or endless says nothing more."""
    found = b""
    with suppress(ToolError):
        async for chunk in chunks(response, clock, _ERROR_BYTES):
            found += chunk
    return found
