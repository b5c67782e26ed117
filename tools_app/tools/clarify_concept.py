"""Explains: by a model where one is configured, otherwise from the course's own material."""

from __future__ import annotations

from sessions_app.pool import in_database
from tools_app.backends import openai
from tools_app.registry import tool
from tools_app.scope import Scope
from tutor import catalogue
from tutor.clarification import explain
from tutor.course import Course
from tutor.prompts import clarification
from tutor.questions import QuestionInstance, instantiate


def _content(scope: Scope, question: str | None, seed: int) -> tuple[Course, QuestionInstance | None]:
    course = catalogue.course(scope.machine_args["course"], scope.machine_args["version"])
    return course, instantiate(course, question, seed) if question is not None else None


@tool(timeout_s=30, available=openai.configured)
async def clarify_concept(
    scope: Scope, topic: str, text: str, question: str | None = None, seed: int = 0
) -> dict[str, str]:
    """An explanation in a model's words. What the learner wrote goes in as data, never as an instruction."""
    course, open_question = await in_database(_content, scope, question, seed)
    return {"text": await openai.complete(clarification(course, topic, text, open_question))}


@tool(timeout_s=10, name="clarify_concept", offline=True)
def clarify_from_material(
    scope: Scope, topic: str, text: str, question: str | None = None, seed: int = 0
) -> dict[str, str]:
    """An explanation from the course's own material."""
    course, open_question = _content(scope, question, seed)
    return {"text": explain(course, topic, text, open_question)}
