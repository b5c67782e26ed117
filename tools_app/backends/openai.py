"""Any OpenAI-compatible chat endpoint, over httpx: ``LLM_BASE_URL``, ``LLM_API_KEY`` and ``LLM_MODEL`` name it."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec
from django.conf import settings

from tools_app.exceptions import BadOutput, Misconfigured, Overloaded, Unreachable
from tutor.prompts import ChatMessage

#: connect, then between two reads, in seconds; the tool's own time-out bounds the whole.
_TIMEOUT = httpx.Timeout(30, connect=5)
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100)
#: Longest answer that is read, in bytes.
_MOST_BYTES = 1_000_000
#: Longest answer asked for, in tokens.
_MOST_TOKENS = 600

#: One client per event loop: connections are reused, and never shared between loops.
_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = weakref.WeakKeyDictionary()


def configured() -> bool:
    """Whether a model can be asked at all."""
    return bool(settings.LLM_BASE_URL and settings.LLM_MODEL)


def _client() -> httpx.AsyncClient:
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = httpx.AsyncClient(timeout=_TIMEOUT, limits=_LIMITS)
    return _clients[loop]


def _retry_after_s(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


async def complete(messages: Sequence[ChatMessage]) -> str:
    """The model's answer to a chat, whole.

    Raises ``Misconfigured`` (401, 403, 404), ``Overloaded`` (429), ``Unreachable`` (5xx, connection, time-out) or
    ``BadOutput`` (not a chat completion, empty, too long).
    """
    url = f"{settings.LLM_BASE_URL.rstrip('/')}/chat/completions"
    headers = {"Authorization": f"Bearer {settings.LLM_API_KEY}"} if settings.LLM_API_KEY else {}
    body = {"model": settings.LLM_MODEL, "messages": list(messages), "max_tokens": _MOST_TOKENS}
    try:
        async with _client().stream("POST", url, json=body, headers=headers) as response:
            await _check(response)
            raw = await _read(response)
    except httpx.HTTPError as error:
        raise Unreachable(f"the model's endpoint does not answer: {type(error).__name__} {error}") from error
    return _text(raw)


async def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status in {401, 403, 404}:
        raise Misconfigured(f"the model's endpoint answered {status}: check LLM_BASE_URL, LLM_API_KEY and LLM_MODEL")
    if status == 429:
        raise Overloaded("the model's endpoint is overloaded (429)", _retry_after_s(response))
    if status >= 500:
        raise Unreachable(f"the model's endpoint answered {status}")
    if status != 200:
        raise BadOutput(f"the model's endpoint answered {status}")


async def _read(response: httpx.Response) -> bytes:
    raw = b""
    async for chunk in response.aiter_bytes():
        raw += chunk
        if len(raw) > _MOST_BYTES:
            raise BadOutput(f"the model's answer is longer than {_MOST_BYTES} bytes")
    return raw


def _text(raw: bytes) -> str:
    try:
        answer: Any = msgspec.json.decode(raw)
        text = answer["choices"][0]["message"]["content"]
    except (msgspec.DecodeError, KeyError, IndexError, TypeError) as error:
        raise BadOutput(f"the model's answer is not a chat completion: {type(error).__name__}") from None
    if not isinstance(text, str) or not text.strip():
        raise BadOutput("the model's answer is empty")
    return text.strip()
