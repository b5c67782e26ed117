"""Looks for the key terms in a learner's own explanation of a solution. No verdict on the learner comes from it."""

from __future__ import annotations

from tools_app.registry import tool
from tools_app.scope import Scope
from tutor import catalogue
from tutor.lens.variant import PLAIN, Variant
from tutor.questions import instantiate


@tool(timeout_s=10)
def check_explanation(
    scope: Scope, question: str, seed: int, text: str, variant: Variant = PLAIN
) -> dict[str, list[str]]:
    """Which key terms of the question's explanation occur, and which do not."""
    course = catalogue.course(scope.machine_args["course"], scope.machine_args["version"])
    keys = instantiate(course, question, seed, variant=variant).explain_keys
    said = text.casefold()
    covered = [key for key in keys if key.casefold() in said]
    return {"covered": covered, "missing": [key for key in keys if key not in covered]}
