"""Message chains of tool calls: built when a model is about to be asked, recorded, and built again for whoever asks.

    @asks("clarify_concept")
    def _(scope: Scope, args: dict[str, Any], moment: Moment) -> Request: ...

``messages`` reads the log as it is, builds the chain, and has ``chain.built`` in the log before the model is asked: a
worker that dies afterwards leaves a trace of what was sent. The same functions build the same bytes again from the log
range, because logs, course versions and the call's arguments never change.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from django.conf import settings

from sessions_app import compacting, conf, history, log
from sessions_app.delivery import Delivery
from sessions_app.exceptions import CommandError, ControlRefused, UnknownSession
from sessions_app.group_commit import group_commit
from sessions_app.models import Interaction, Session
from sessions_app.pool import in_database
from sessions_app.shown import Shown
from tools_app.models import ToolCall
from tools_app.scope import Scope
from tutor.interactions import ChainBuilt
from tutor.projections import chain
from tutor.prompts import ChatMessage, Request

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moment:
    """A session as its log was at a seq."""

    upto: int
    machine: Any
    state: str
    plain: dict[str, Any]

    @cached_property
    def context(self) -> dict[str, Any]:
        """Where the lesson stands, as the machine tells it."""
        data = self.machine.load(self.plain)
        return {
            "syllabus": self.machine.syllabus_context(data),
            "teaching": self.machine.pedagogical_context(data),
            "current_question": self.machine.current_question(self.state, data),
        }


Builder = Callable[[Scope, dict[str, Any], Moment], Request]
#: Name of a tool -> what its chain is built around.
_builders: dict[str, Builder] = {}


def asks(tool: str) -> Callable[[Builder], Builder]:
    """Register what a tool asks a model. Raises ``TypeError`` for a second function of one tool."""

    def register(function: Builder) -> Builder:
        if _builders.setdefault(tool, function) is not function:
            raise TypeError(f"two functions say what {tool!r} asks a model")
        return function

    return register


async def messages(scope: Scope, tool: str, args: dict[str, Any]) -> tuple[ChatMessage, ...]:
    """What a model is to be shown for a running call; that it is, stands in the log when this returns.

    Raises ``chain.BudgetTooSmall``, or the database's error where the log cannot be written: then no model is asked.
    """
    built, fact = await in_database(_now, scope, tool, args)
    # Only while the call is pending: what is cancelled by now leaves no trace of a question that nobody will send.
    await group_commit.deliver(
        Delivery(scope.session, None, by="tool", ends_call=scope.call, facts=[fact], opens_turn=False)
    )
    if built.left_out and tool != compacting.TOOL:
        await in_database(_ask_for_compaction, scope.session)
    return built.messages


def _now(scope: Scope, tool: str, args: dict[str, Any]) -> tuple[chain.Chain, ChainBuilt]:
    row = (
        Session.objects.filter(pk=scope.session).values_list("head", "state", "data", "machine", "machine_args").first()
    )
    if row is None:
        raise UnknownSession(f"there is no session {scope.session}")
    head, state, data, machine, machine_args = row
    budget: int = settings.TUTOR_CHAIN_TOKENS
    moment = Moment(head, conf.machine(machine, machine_args), state, data)
    built, compaction = _built(scope, tool, args, moment, budget)
    return built, ChainBuilt(
        call=scope.call,
        attempt=scope.attempt,
        projection=chain.NAME,
        projection_version=chain.VERSION,
        purpose=tool,
        first=built.first,
        upto=head,
        compaction=compaction,
        budget=budget,
        tokens=built.tokens,
        digest=built.digest,
        bytes=len(built.encoded),
    )


def _built(
    scope: Scope, tool: str, args: dict[str, Any], moment: Moment, budget: int
) -> tuple[chain.Chain, int | None]:
    """The chain as it is, or was, at a moment; and the seq of the compaction that it begins with."""
    request = _builders[tool](scope, args, moment)
    compaction = history.compaction_at(scope.session, moment.upto)
    facts = history.newest_first(scope.session, moment.upto if request.upto is None else request.upto)
    built = chain.build(
        request,
        facts,
        budget=budget,
        compaction=compaction[1] if compaction else None,
        turn=scope.turn,
        cause=scope.request,
    )
    return built, compaction[0] if compaction else None


def _ask_for_compaction(session: uuid.UUID) -> None:
    """The budget was full: next time less should stand for more. The learner's turn does not depend on it."""
    try:
        compacting.request(session, actor="budget")
    except (ControlRefused, CommandError) as refused:
        logger.info("action=compaction.not_requested session=%s why=%s", session, refused)


# --- what a model saw --------------------------------------------------------------------------------------------


def shown(session: uuid.UUID, call: str) -> Iterator[Shown]:
    """What models were shown for a call, attempt by attempt, built again and compared with the recorded digest.

    Raises ``UnknownSession`` where the session has no such call.
    """
    row = ToolCall.objects.filter(session_id=session, ref=call).first()
    if row is None:
        raise UnknownSession(f"session {session} has no call {call!r}")
    records = Interaction.objects.filter(session_id=session, kind=ChainBuilt.kind, payload__isnull=False)
    for seq, payload in records.order_by("seq").values_list("seq", "payload"):
        fact = msgspec.json.decode(payload or "{}", type=ChainBuilt)
        if fact.call == call:
            yield _shown_again(row, seq, fact)


def _shown_again(row: ToolCall, seq: int, fact: ChainBuilt) -> Shown:
    if (fact.projection, fact.projection_version) != (chain.NAME, chain.VERSION):
        why = f"this release has no version {fact.projection_version} of the projection {fact.projection!r}"
        return Shown(seq, fact, None, matches=False, why=why)
    plain = msgspec.convert(row.scope, Scope)
    scope = msgspec.structs.replace(plain, call=row.ref, attempt=fact.attempt, turn=row.turn)
    folded = log.state_at(row.session_id, fact.upto)
    machine, machine_args = Session.objects.values_list("machine", "machine_args").get(pk=row.session_id)
    moment = Moment(fact.upto, conf.machine(machine, machine_args), folded.state or "", folded.data or {})
    try:
        built, _ = _built(scope, fact.purpose, row.args, moment, fact.budget)
    except Exception as error:
        # Whatever it is (erased text, a course that is gone, code that changed), the answer is that it cannot be shown.
        return Shown(seq, fact, None, matches=False, why=f"it cannot be built again: {type(error).__name__}: {error}")
    matches = built.digest == fact.digest
    return Shown(seq, fact, built.messages, matches=matches, why="" if matches else "the bytes are not those of then")
