"""Asking a model for a typed value: the chain recorded, the reply parsed strictly, refusals handed back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tools_app import chains
from tools_app.backends import openai
from tools_app.exceptions import BadOutput
from tools_app.registry import Repair
from tools_app.scope import Scope
from tutor.lens.refused import Refused
from tutor.prompts import ChatMessage

T = TypeVar("T")
R = TypeVar("R")


async def typed(scope: Scope, purpose: str, args: dict[str, Any], kind: type[T], repair: Repair | None = None) -> T:
    """A model's reply to what ``purpose`` asks (``chains.asks``), as ``kind``.

    ``repair``: what was wrong with the last one. Raises as ``openai.parse``.
    """
    messages = await chains.messages(scope, purpose, args)
    if repair:
        messages = (*messages, ChatMessage(role="system", content=f"Your last reply was refused: {repair}"))
    return await openai.parse(messages, kind)


def within_bounds(check: Callable[..., R], *arguments: Any) -> R:
    """What ``check`` accepts of a model's reply. Raises ``BadOutput`` with what it refuses, for a repair."""
    try:
        return check(*arguments)
    except Refused as refused:
        raise BadOutput(str(refused)) from None
