"""Makes a variant of a template that the learner was asked before: operations on the question, never text about it."""

from __future__ import annotations

import asyncio
from typing import Any

from sessions_app.pool import in_database
from tools_app import asking, chains
from tools_app.backends import openai
from tools_app.registry import Repair, tool
from tools_app.scope import Scope
from tutor import catalogue, prompts
from tutor.course import Course
from tutor.lens.variant import PLAIN, Variant, VariantEdit, allowed_numbers
from tutor.lens.verification import plain_variant, verified
from tutor.prompts import Request
from tutor.questions import find


def _course(scope: Scope) -> Course:
    return catalogue.course(scope.machine_args["course"], scope.machine_args["version"])


@chains.asks("generate_variant")
def _request(scope: Scope, args: dict[str, Any], moment: chains.Moment) -> Request:
    course = _course(scope)
    _, question = find(course, args["question"])
    return prompts.variation(course, question, allowed_numbers(question), args["had"], moment.context)


@tool(timeout_s=12, available=openai.configured)
async def generate_variant(
    scope: Scope, question: str, seed: int, had: list[list[int]], repair: Repair, variant: Variant = PLAIN
) -> VariantEdit:
    """Operations that a model chose. What they make is looked over, its own answer by the checker.

    ``had``: numbers that the learner was asked with. Raises ``BadOutput`` for operations that do not fit.
    """
    del variant  # a variant begins from its author's question
    args = {"question": question, "seed": seed, "had": had}
    course = await in_database(_course, scope)
    edit = await asking.typed(scope, "generate_variant", args, VariantEdit, repair)
    await asyncio.to_thread(asking.within_bounds, verified, course, question, seed, edit.operations, had)
    return edit


@tool(timeout_s=10, name="generate_variant", offline=True)
def draw_variant(scope: Scope, question: str, seed: int, had: list[list[int]], variant: Variant = PLAIN) -> VariantEdit:
    """Other numbers of the same template, drawn from the seed."""
    del variant
    _, template = find(_course(scope), question)
    return VariantEdit(plain_variant(template, seed, had))
