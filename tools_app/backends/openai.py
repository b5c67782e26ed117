"""Any OpenAI-compatible chat endpoint: ``LLM_BASE_URL``, ``LLM_API_KEY`` and ``LLM_MODEL`` name it.

    async for piece in openai.stream(messages): …         the answer as it comes
    await openai.complete(messages)                       the answer, whole
    await openai.parse(messages, Verdict)                 the answer as a typed value

What an endpoint does not offer (usage in streams, JSON schemas) is found out once and left away from then on. Failures
are the errors of ``tools_app.exceptions``; what is done about each is decided elsewhere (``tutor.strategies``).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from django.conf import settings

from tools_app import usage
from tools_app.backends import connection
from tools_app.backends.connection import Clock
from tools_app.backends.refusals import Rejected, error_of
from tools_app.backends.sse import EventParser, LineTooLong
from tools_app.exceptions import BadOutput, Unreachable
from tutor.projections.tokens import of_message
from tutor.prompts import ChatMessage

T = TypeVar("T")

#: Longest line of a stream, and longest answer altogether, in bytes.
LINE_BYTES = 256 * 1024
ANSWER_BYTES = 1_000_000
#: Longest answer asked for, in tokens.
MOST_TOKENS = 600
#: Where an endpoint does not say what a request cost, a token is taken for this many characters.
CHARS_PER_TOKEN = 4

#: (base URL, model) -> optional parts of a request that were refused, and are not sent again by this process.
_refused: dict[tuple[str, str], set[str]] = {}


def configured() -> bool:
    """Whether a model can be asked at all."""
    return bool(settings.LLM_BASE_URL and settings.LLM_MODEL)


class _Answer:
    """One answer, as far as it has come."""

    def __init__(self) -> None:
        self.finished = False
        self.chars = 0
        self.usage: tuple[int, int] | None = None
        #: Half a surrogate pair, where a server cuts its text by UTF-16 units.
        self._half = ""

    def take(self, plain: Any) -> str:
        """The text of a chunk (``choices[0].delta``) or of a whole completion (``.message``). Raises ``ToolError``."""
        if not isinstance(plain, dict):
            raise BadOutput("the model's answer is not a chat completion")
        if plain.get("error"):
            error = plain["error"]
            code = error.get("code") if isinstance(error, dict) else None
            raise error_of(code if isinstance(code, int) else 500, {}, msgspec.json.encode(plain))
        self._spent(plain.get("usage"))
        choices = plain.get("choices")
        if not choices:
            return ""  # only usage, or a filter's report
        try:
            choice = choices[0]
            part = choice.get("delta") or choice.get("message") or {}
            text = part.get("content") or ""
            self.finished = self.finished or bool(choice.get("finish_reason"))
        except (AttributeError, KeyError, IndexError, TypeError):
            raise BadOutput("the model's answer is not a chat completion") from None
        if not isinstance(text, str):
            raise BadOutput("the model's answer is not text")
        self.chars += len(text)
        return self._whole(text)

    def _spent(self, said: Any) -> None:
        if isinstance(said, dict):
            sent, received = said.get("prompt_tokens"), said.get("completion_tokens")
            if isinstance(sent, int) and isinstance(received, int):
                self.usage = sent, received

    def _whole(self, text: str) -> str:
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _request(messages: Sequence[ChatMessage], response_format: dict[str, Any] | None) -> dict[str, Any]:
    refused = _refused.get((settings.LLM_BASE_URL, settings.LLM_MODEL), set())
    body: dict[str, Any] = {
        "model": settings.LLM_MODEL,
        "messages": list(messages),
        "max_tokens": MOST_TOKENS,
        "stream": True,
    }
    if "stream_options" not in refused:
        body["stream_options"] = {"include_usage": True}
    if response_format is not None and "response_format" not in refused:
        body["response_format"] = response_format
    return body


def _leave_away(rejected: Rejected, body: dict[str, Any]) -> bool:
    """Whether the request is worth sending again without its optional parts: those named, or else all."""
    optional = {"stream_options", "response_format"} & body.keys()
    named = {part for part in optional if part in rejected.text}
    if not optional:
        return False
    _refused.setdefault((settings.LLM_BASE_URL, settings.LLM_MODEL), set()).update(named or optional)
    return True


async def stream(
    messages: Sequence[ChatMessage], *, response_format: dict[str, Any] | None = None
) -> AsyncGenerator[str]:
    """The model's answer as it comes, without white space around it. Close it to stop the request.

    Raises ``Misconfigured`` (401, 403, 404), ``Overloaded`` (429), ``ContextTooLong``, ``Unreachable`` (5xx,
    connection, time-outs, an answer that breaks off), ``CircuitOpen`` or ``BadOutput`` (not a chat completion, empty,
    too long).
    """
    clock = Clock()
    while True:
        body = _request(messages, response_format)
        try:
            async with contextlib.aclosing(_pieces(body, clock)) as pieces:
                async for piece in pieces:
                    yield piece
        except Rejected as rejected:
            if not _leave_away(rejected, body):
                raise
        else:
            return


async def _pieces(body: dict[str, Any], clock: Clock) -> AsyncGenerator[str]:
    await usage.set_aside(sum(of_message(message["content"]) for message in body["messages"]) + body["max_tokens"])
    answer, held, begun = _Answer(), "", False
    async with connection.answer("/chat/completions", body, clock) as response:
        try:
            async with contextlib.aclosing(_parts(response, clock)) as parts:
                async for plain in parts:
                    text = answer.take(plain)
                    if text:
                        clock.token()
                    # White space at the end is held back until something follows it.
                    text = held + text if begun else text.lstrip()
                    shown = text.rstrip()
                    held = text[len(shown) :]
                    if shown:
                        begun = True
                        yield shown
        finally:
            _count(answer, body)
    if not begun:
        raise BadOutput("the model's answer is empty")
    if not answer.finished:
        raise Unreachable("the model's answer broke off: it ended without a finish_reason")


def _count(answer: _Answer, body: dict[str, Any]) -> None:
    """What the request cost; where it was cut short or the endpoint does not say, estimated."""
    sent = sum(len(message["content"]) for message in body["messages"]) // CHARS_PER_TOKEN
    usage.count(*(answer.usage or (sent, -(-answer.chars // CHARS_PER_TOKEN))))


async def _parts(response: Any, clock: Clock) -> AsyncGenerator[Any]:
    """The JSON values of an answer: one for each event of a stream, or the one of an endpoint that does not stream."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"text/event-stream", "application/json", ""}:
        raise BadOutput(f"the model's endpoint answered with {kind}, not with a chat completion")
    async with contextlib.aclosing(connection.chunks(response, clock, ANSWER_BYTES)) as chunks:
        if kind == "application/json":
            yield _decoded(b"".join([chunk async for chunk in chunks]))
            return
        parser = EventParser(LINE_BYTES)
        async for chunk in chunks:
            for plain in _events(parser, chunk):
                if plain is None:
                    await connection.read_to_end(chunks)
                    return
                yield plain
        for plain in _events(parser, None):
            if plain is not None:
                yield plain


def _events(parser: EventParser, chunk: bytes | None) -> Iterator[Any]:
    """Values of events; None for the one that says that the stream is complete."""
    try:
        found = parser.end() if chunk is None else parser.feed(chunk)
    except LineTooLong as error:
        raise BadOutput(f"the model's answer cannot be read: {error}") from None
    for data in found:
        yield None if data == b"[DONE]" else _decoded(data)


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        pass
    try:
        return json.loads(data)  # takes half a surrogate pair, too
    except (ValueError, RecursionError) as error:
        raise BadOutput(f"the model's answer is not JSON: {error}") from None


async def complete(messages: Sequence[ChatMessage], *, response_format: dict[str, Any] | None = None) -> str:
    """The model's answer, whole. Raises as ``stream``."""
    async with contextlib.aclosing(stream(messages, response_format=response_format)) as pieces:
        return "".join([piece async for piece in pieces])


async def parse(messages: Sequence[ChatMessage], kind: type[T]) -> T:
    """The model's answer as a typed value: by JSON schema where the endpoint offers it, else as it was asked to.

    Raises as ``stream``, and ``BadOutput`` where the answer does not fit: its message says why, for a repair.
    """
    schema = msgspec.json.schema(kind)
    name = getattr(kind, "__name__", "answer").lower()
    asked: ChatMessage = {
        "role": "system",
        "content": f"Answer with one JSON value that fits this schema, and nothing else:\n{json.dumps(schema)}",
    }
    wanted = {"type": "json_schema", "json_schema": {"name": name, "schema": schema}}
    text = await complete([*messages, asked], response_format=wanted)
    try:
        return msgspec.json.decode(_unfenced(text), type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadOutput(f"the model's answer does not fit its schema: {error}") from None


def _unfenced(text: str) -> str:
    """Models like to put JSON between fences."""
    if text.startswith("```") and text.endswith("```"):
        return text.strip("`").removeprefix("json").strip()
    return text


def forget() -> None:
    """Find out anew what the endpoint offers and whether it can be reached: for tests and changed settings."""
    _refused.clear()
    connection.forget_circuits()
