"""The tutor's message chain: what a model is shown of a session, built anew for every request.

Whole turns, newest first, until the budget is full or the last completed compaction is reached; before them, always,
where the lesson stands. The chain has the form every provider takes: one system message, then user and assistant in
turn, first and last the user. A tool's result stands in it as the user's data, whole, with the tool's name: there is
no request without its result to send, whatever still runs.

What could tell who the learner is stands in no message (``tutor.redaction``): all requests are made here.

What learners and tools said is JSON data in user messages; only what the tutor said is the assistant's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Literal

import msgspec

from tutor import interactions
from tutor.file_text import Library
from tutor.interactions import CompactionCompleted
from tutor.projections.fact import Fact
from tutor.projections.standing import standing
from tutor.projections.tokens import clipped, of_message, tokens
from tutor.prompts import ChatMessage, Request
from tutor.redaction import redacted, redacted_value

NAME = "chain"
VERSION = 2

Rule = Literal["full", "summary", "drop"]
#: What stands in the chain of a tool's result. Dropped are those that the log tells better: the verdict stands as
#: ``answer.checked``, an explanation as what was said.
TOOL_RESULTS: dict[str, Rule] = {
    "check_answer": "drop",
    "clarify_concept": "drop",
    "generate_variant": "drop",
    "give_hint": "drop",
    "remediate": "drop",
    "echo": "drop",
    "read_file": "full",
}
DEFAULT_RULE: Rule = "summary"
#: Full results in so many of the newest turns, their summaries in so many; older ones are dropped.
FULL_TURNS = 3
SUMMARY_TURNS = 6
#: Longest summary of a result, in tokens.
SUMMARY_TOKENS = 60
#: Of what the fixed part leaves, the summary, the material, the earlier verdicts and the learner's files get at most
#: these parts.
_SUMMARY_PART, _MATERIAL_PART, _VERDICTS_PART, _FILES_PART = 4, 4, 8, 4

Part = tuple[Literal["user", "assistant"], str]
_encoder = msgspec.json.Encoder(order="sorted")


class BudgetTooSmall(ValueError):
    """Not even the instructions and the request fit; raise the budget (``TUTOR_CHAIN_TOKENS``)."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What a model is shown."""

    messages: tuple[ChatMessage, ...]
    #: Oldest fact that stands in it; 0: none.
    first: int
    tokens: int
    #: Turns that stand in it.
    turns: int
    #: The budget was full before everything was in.
    left_out: bool

    @property
    def encoded(self) -> bytes:
        """The messages as they are sent."""
        return encoded(self.messages)

    @property
    def digest(self) -> str:
        """SHA-256 of ``encoded``, in hexadecimal."""
        return hashlib.sha256(self.encoded).hexdigest()


def encoded(messages: Iterable[ChatMessage]) -> bytes:
    """Messages as JSON: UTF-8, no white space."""
    return msgspec.json.encode(list(messages))


def build(
    request: Request,
    newest_first: Iterable[Fact],
    *,
    budget: int,
    compaction: CompactionCompleted | None = None,
    turn: str | None = None,
    cause: str | None = None,
) -> Chain:
    """The chain of a session as its log was when ``newest_first`` began; read only as far as there is room.

    ``budget`` in tokens, as ``tokens`` estimates them. ``turn`` and ``cause`` are the running turn's: the request says
    what it is about. Raises ``BudgetTooSmall``.
    """
    last = _data(request.wanted)
    fixed = of_message(request.system) + of_message(_data(request.context)) + of_message(last)
    if fixed > budget:
        raise BudgetTooSmall(f"the instructions alone cost {fixed} tokens, the budget is {budget}")
    context, left = _context(request, compaction, budget - fixed)
    units: list[list[Part]] = []
    first, left_out = 0, False
    for facts in _turns(_read(newest_first, compaction, turn, cause)):
        parts = [part for part in _parts(facts, len(units)) if part[1].strip()]
        if not parts:
            continue
        cost = sum(of_message(text) for _, text in parts)
        if cost > left:
            left_out = True
            # The newest turn is what is talked about: rather half of it than nothing.
            parts = [] if units else _shortened(parts, left)
            if not parts:
                break
            cost = sum(of_message(text) for _, text in parts)
        units.append(parts)
        left -= cost
        first = facts[0].seq
        if left_out:
            break
    parts = [("user", _data(context)), *(part for unit in reversed(units) for part in unit), ("user", last)]
    messages = (ChatMessage(role="system", content=request.system), *_alternating(parts))
    spent = sum(of_message(message["content"]) for message in messages)
    return Chain(messages, first, spent, len(units), left_out)


# --- the fixed part ----------------------------------------------------------------------------------------------


def _data(value: Any) -> str:
    return _encoder.encode(redacted_value(value)).decode()


def _context(request: Request, compaction: CompactionCompleted | None, left: int) -> tuple[dict[str, Any], int]:
    """Where the lesson stands with as much of material, earlier verdicts and notes as has room, and what is left."""
    context = dict(request.context)
    before = tokens(_data(context))
    if compaction is not None:
        context["earlier_in_this_session"] = clipped(compaction.summary, left // _SUMMARY_PART)
        context["earlier_known_errors"] = compaction.known_errors
        context["earlier_verdicts"] = _newest(compaction.verdicts, left // _VERDICTS_PART)
    room = left // _MATERIAL_PART
    material: list[str] = []
    for chunk in request.material:
        if tokens(_data([*material, chunk])) > room:
            break
        material.append(chunk)
    if material:
        context["material"] = material
    if request.library.outlines:
        context["files"] = _files(request.library, left // _FILES_PART)
    spent = tokens(_data(context)) - before
    if spent <= left:
        return context, left - spent
    # Text that needs escaping is longer as data than it was estimated: the notes are what can be done without.
    return dict(request.context), left


def _files(library: Library, room: int) -> list[dict[str, Any]]:
    """What files there are, and, as long as there is room, what stands in them: their best parts first."""
    told: list[dict[str, Any]] = [
        {"file": one.file, "name": one.name, "sections": one.sections, "pages": one.pages} for one in library.outlines
    ]
    while told and tokens(_data(told)) > room:
        told.pop()
    quotes: dict[str, list[dict[str, Any]]] = {one["file"]: [] for one in told}
    spent = tokens(_data(told))
    for part in library.parts:
        quote = {"section": part.section, "page": part.page, "heading": part.heading, "text": part.text}
        spent += tokens(_data(quote))
        if spent > room:
            break
        if part.file in quotes:
            quotes[part.file].append(quote)
    return [{**one, "quotes": quotes[one["file"]]} if quotes[one["file"]] else one for one in told]


def _newest(verdicts: list[list[str]], room: int) -> list[list[str]]:
    """Verdicts of the newest questions, as many as have room."""
    kept: list[list[str]] = []
    for one in reversed(verdicts):
        if tokens(_data([one, *kept])) > room:
            break
        kept.insert(0, one)
    return kept


# --- the history -------------------------------------------------------------------------------------------------


def _read(
    newest_first: Iterable[Fact], compaction: CompactionCompleted | None, turn: str | None, cause: str | None
) -> Iterator[Fact]:
    """What counts, down to the compaction, without the running turn."""
    begins_after = 0 if compaction is None else compaction.upto
    for fact in standing(takewhile(lambda fact: fact.seq > begins_after, newest_first)):
        if (turn is not None and fact.turn == turn) or (cause is not None and fact.cause == cause):
            continue
        yield fact


def _turns(newest_first: Iterable[Fact]) -> Iterator[list[Fact]]:
    """The facts turn by turn, newest turn first, each oldest first, with the words that opened it."""
    facts: list[Fact] = []
    opened_by: str | None = None
    for fact in newest_first:
        if opened_by is not None and not (fact.cause == opened_by and fact.turn is None):
            yield facts[::-1]
            facts, opened_by = [], None
        facts.append(fact)
        if fact.kind == "turn.started":
            opened_by = fact.cause or ""
    if facts:
        yield facts[::-1]


def _parts(facts: Iterable[Fact], age: int) -> Iterator[Part]:
    """One turn in words; ``age`` is how many newer turns there are."""
    for fact in facts:
        if fact.kind == "step":
            yield from _result(fact, age)
            continue
        match fact.interaction:
            case interactions.MessageAccepted(text=text):
                yield "user", _data({"learner_wrote": text})
            case interactions.OutputCommitted(text=text) | interactions.HintGiven(text=text):
                yield "assistant", redacted(text)
            case interactions.ObserverSaid(text=text):
                yield "assistant", redacted(text)
            case interactions.QuestionAsked(prompt=prompt, choices=choices):
                options = "".join(f"\n- {choice['id']}: {choice['text']}" for choice in choices or [])
                yield "assistant", prompt + options
            case interactions.AnswerChecked() as checked:
                told = {"answer": checked.answer, "question": checked.question, "verdict": checked.verdict}
                known = {"known_error": checked.known_error} if checked.known_error else {}
                yield "user", _data({"answer_checked": {**told, **known}})
            case interactions.ObserverSuggested(suggestion=suggestion) if age < SUMMARY_TURNS:
                yield "user", _data({"observer_suggests": suggestion})
            case interactions.FileReady(name=name, file=file, sections=sections):
                yield "user", _data({"file_ready": {"file": file, "name": name, "sections": sections}})
            case _:
                pass


def _result(fact: Fact, age: int) -> Iterator[Part]:
    """A tool's result, which stands in the step that handled it."""
    if fact.payload is None or '"tool_succeeded"' not in fact.payload:
        return
    content = msgspec.json.decode(fact.payload)["event"]["content"]
    if content.get("kind") != "tool_succeeded":
        return
    rule = TOOL_RESULTS.get(content["tool"], DEFAULT_RULE)
    if rule == "full" and age < FULL_TURNS:
        yield "user", _data({"tool": content["tool"], "result": content["result"]})
    elif rule != "drop" and age < SUMMARY_TURNS:
        yield "user", _data({"tool": content["tool"], "summary": clipped(_data(content["result"]), SUMMARY_TOKENS)})


def _shortened(parts: list[Part], left: int) -> list[Part]:
    """A turn cut to ``left`` tokens: its last words first, the one that does not fit whole is cut."""
    kept: list[Part] = []
    for role, text in reversed(parts):
        room = left - of_message("")
        short = clipped(text, room) if room > 0 else ""
        if not short:
            break
        kept.append((role, short))
        left -= of_message(short)
        if short != text:
            break
    return kept[::-1]


def _alternating(parts: Iterable[Part]) -> Iterator[ChatMessage]:
    """Neighbours of one role become one message."""
    role: Literal["user", "assistant"] | None = None
    texts: list[str] = []
    for speaker, text in parts:
        if speaker != role and role is not None:
            yield ChatMessage(role=role, content="\n\n".join(texts))
            texts = []
        role = speaker
        texts.append(text)
    if role is not None:
        yield ChatMessage(role=role, content="\n\n".join(texts))
