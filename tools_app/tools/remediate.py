"""Explains a known error a second time, in another representation: a model edits the plan, otherwise its author's."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from sessions_app.pool import in_database
from tools_app import asking, chains
from tools_app.backends import openai
from tools_app.registry import Repair, tool
from tools_app.scope import Scope
from tutor import catalogue, prompts, remedies
from tutor.course import Course
from tutor.lens import plan
from tutor.lens.plan import PlanEdit
from tutor.lens.variant import PLAIN, Variant
from tutor.prompts import Request


def _course(scope: Scope) -> Course:
    return catalogue.course(scope.machine_args["course"], scope.machine_args["version"])


@chains.asks("remediate")
def _request(scope: Scope, args: dict[str, Any], moment: chains.Moment) -> Request:
    course = _course(scope)
    treatment = remedies.of(course, args)
    steps = msgspec.to_builtins(treatment.plan)
    return prompts.remedy(course, treatment.known, steps, treatment.probe, args["given"], moment.context)


@tool(timeout_s=15, available=openai.configured)
async def remediate(
    scope: Scope,
    question: str,
    seed: int,
    known_error: str,
    given: str,
    repair: Repair,
    variant: Variant = PLAIN,
) -> dict[str, str]:
    """The plan as a model edited it. Raises ``BadOutput`` where an operation does not fit or tells an answer."""
    args = {"question": question, "seed": seed, "known_error": known_error, "given": given, "variant": variant}
    treatment = remedies.of(await in_database(_course, scope), args)
    edit = await asking.typed(scope, "remediate", args, PlanEdit, repair)
    return {"text": await asyncio.to_thread(asking.within_bounds, remedies.accepted, treatment, edit)}


@tool(timeout_s=10, name="remediate", offline=True)
def remediate_as_written(
    scope: Scope, question: str, seed: int, known_error: str, given: str, variant: Variant = PLAIN
) -> dict[str, str]:
    """What the error's author wrote."""
    args = {"question": question, "seed": seed, "known_error": known_error, "given": given, "variant": variant}
    return {"text": plan.rendered(remedies.of(_course(scope), args).plan)}
