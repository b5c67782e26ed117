"""Gives a hint to a question whose author wrote none: worded by a model, otherwise found in the course's material."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from sessions_app.pool import in_database
from tools_app import asking, chains
from tools_app.backends import openai
from tools_app.registry import Repair, tool
from tools_app.scope import Scope
from tutor import catalogue, hinting, judging, prompts
from tutor.course import Course
from tutor.hinting import Hint
from tutor.lens.variant import PLAIN, Variant
from tutor.prompts import Request
from tutor.questions import find


def _course(scope: Scope) -> Course:
    return catalogue.course(scope.machine_args["course"], scope.machine_args["version"])


@chains.asks("give_hint")
def _request(scope: Scope, args: dict[str, Any], moment: chains.Moment) -> Request:
    course = _course(scope)
    topic, _ = find(course, args["question"])
    return prompts.hint(course, topic, judging.asked(course, args), args["level"], hinting.LONGEST_HINT, moment.context)


@tool(timeout_s=12, available=openai.configured)
async def give_hint(
    scope: Scope,
    question: str,
    seed: int,
    level: int,
    repair: Repair,
    shown: Collection[str] = (),
    variant: Variant = PLAIN,
) -> dict[str, str]:
    """A hint in a model's words. Raises ``BadOutput`` where it would give the answer away."""
    args = {"question": question, "seed": seed, "level": level, "variant": variant}
    instance = judging.asked(await in_database(_course, scope), args)
    hint = await asking.typed(scope, "give_hint", args, Hint, repair)
    return {"text": await asyncio.to_thread(asking.within_bounds, hinting.accepted, hint, instance)}


@tool(timeout_s=10, name="give_hint", offline=True)
def find_hint(
    scope: Scope, question: str, seed: int, level: int, shown: Collection[str] = (), variant: Variant = PLAIN
) -> dict[str, str]:
    """A way to begin, then the sentence of the material that fits best. ``shown``: ids of what was read."""
    course = _course(scope)
    instance = judging.asked(course, {"question": question, "seed": seed, "variant": variant})
    return {"text": hinting.found(course, instance, level, shown)}
