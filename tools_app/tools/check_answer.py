"""Checks an answer: by code, always (DESIGN §4.14).

Where a model is configured it may do two things and no more: quote the words of a free text that state points of its
rubric, and say what a message means that is no answer. If it fails at that, code's verdict stands.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from sessions_app.pool import in_database
from tools_app import asking, chains
from tools_app.backends import openai
from tools_app.exceptions import ToolError
from tools_app.registry import tool
from tools_app.scope import Scope
from tutor import catalogue, judging
from tutor.checking.verdict import Verdict
from tutor.course import Course
from tutor.lens.variant import PLAIN, Variant
from tutor.prompts import Request

logger = logging.getLogger(__name__)

#: A learner waits for a verdict: a model has so long to help, in seconds.
HELP_S = 8.0


def _course(scope: Scope) -> Course:
    return catalogue.course(scope.machine_args["course"], scope.machine_args["version"])


@chains.asks("quote_points")
@chains.asks("route_intent")
def _request(scope: Scope, args: dict[str, Any], _moment: chains.Moment) -> Request:
    question = judging.asked(_course(scope), args)
    typed = args.get("typed", False)
    verdict = judging.by_code(question, args["given"], typed=typed)
    open_point = judging.open_point(question, args["given"], verdict, typed=typed)
    if open_point is None:
        raise LookupError("code has decided about this answer: no model was asked")
    return open_point[1]


@tool(timeout_s=20, available=openai.configured)
async def check_answer(
    scope: Scope,
    question: str,
    seed: int,
    given: str | list[str],
    part: str = "main",
    typed: bool = False,
    variant: Variant = PLAIN,
) -> Verdict:
    """The verdict on what the learner wrote. The scope names the course version in which the question is found."""
    args = {"question": question, "seed": seed, "given": given, "part": part, "typed": typed, "variant": variant}
    instance = judging.asked(await in_database(_course, scope), args)
    # Programs run for seconds, formulas for milliseconds: neither on the event loop.
    verdict = await asyncio.to_thread(judging.by_code, instance, given, typed=typed)
    open_point = judging.open_point(instance, given, verdict, typed=typed)
    if open_point is None or not isinstance(given, str):
        return verdict
    purpose, _, kind = open_point
    try:
        async with asyncio.timeout(HELP_S):
            reply = await asking.typed(scope, purpose, args, kind)
    except (ToolError, TimeoutError) as error:
        logger.info("action=answer.no_help session=%s purpose=%s error=%s", scope.session, purpose, error)
        return verdict
    return judging.settled(instance, given, verdict, reply)


@tool(timeout_s=10, name="check_answer", offline=True)
def check_by_code(
    scope: Scope,
    question: str,
    seed: int,
    given: str | list[str],
    part: str = "main",
    typed: bool = False,
    variant: Variant = PLAIN,
) -> Verdict:
    """The same by code alone."""
    args = {"question": question, "seed": seed, "part": part, "variant": variant}
    return judging.by_code(judging.asked(_course(scope), args), given, typed=typed)
