"""Checks an answer: by code, always (DESIGN §4.14)."""

from __future__ import annotations

from tools_app.registry import tool
from tools_app.scope import Scope
from tutor import catalogue
from tutor.checking import check
from tutor.checking.verdict import Verdict
from tutor.questions import instantiate


@tool(timeout_s=10)
def check_answer(
    scope: Scope, question: str, seed: int, given: str | list[str], part: str = "main", typed: bool = False
) -> Verdict:
    """The verdict on what the learner wrote. The scope names the course version in which the question is found."""
    course = catalogue.course(scope.machine_args["course"], scope.machine_args["version"])
    return check(instantiate(course, question, seed, part), given, typed=typed)
