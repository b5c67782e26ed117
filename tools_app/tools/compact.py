"""Sums up the older part of a session: by a model where one is configured, otherwise line by line from what was said.

Its result becomes ``compaction.completed``; a failure changes nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sessions_app import history, lineage
from sessions_app.pool import in_database
from tools_app import chains
from tools_app.backends import openai
from tools_app.registry import tool
from tools_app.scope import Scope
from tutor import compaction, prompts
from tutor.interactions import CompactionCompleted
from tutor.projections.fact import Fact
from tutor.prompts import Request


@chains.asks("compact")
def _request(_scope: Scope, args: dict[str, Any], _moment: chains.Moment) -> Request:
    return prompts.compaction(args["upto"], compaction.SUMMARY_WORDS)


def _read(scope: Scope, upto: int) -> tuple[list[Fact], CompactionCompleted | None]:
    # The one before may have completed later than ``upto``: it stands where it ended, not where it ends.
    found = history.compaction_at(scope.session, lineage.MOST - 1)
    before = found[1] if found and found[1].upto < upto else None
    return list(history.facts(scope.session, after=before.upto if before else 0, upto=upto)), before


def _completed(scope: Scope, upto: int, summary: str) -> dict[str, Any]:
    facts, before = _read(scope, upto)
    plain: dict[str, Any] = msgspec.to_builtins(compaction.completed(facts, before, upto, summary, "model"))
    return plain


@tool(timeout_s=60, available=openai.configured)
async def compact(scope: Scope, upto: int) -> dict[str, Any]:
    """Notes in a model's words."""
    messages = await chains.messages(scope, "compact", {"upto": upto})
    summary = await openai.complete(messages)
    return await in_database(_completed, scope, upto, summary)


@tool(timeout_s=60, name="compact", offline=True)
def compact_by_extract(scope: Scope, upto: int) -> dict[str, Any]:
    """Notes from what was said."""
    facts, before = _read(scope, upto)
    summary = compaction.extract(facts, before)
    plain: dict[str, Any] = msgspec.to_builtins(compaction.completed(facts, before, upto, summary, "extract"))
    return plain
