"""Explains: by a model where one is configured, otherwise from the course's own material."""

from __future__ import annotations

from sessions_app.pool import in_database
from tools_app import budget
from tools_app.backends import openai
from tools_app.output import Output
from tools_app.registry import tool
from tools_app.scope import Scope
from tutor import catalogue
from tutor.clarification import explain
from tutor.prompts import ChatMessage, clarification
from tutor.questions import instantiate


def _messages(scope: Scope, topic: str, text: str, question: str | None, seed: int) -> list[ChatMessage]:
    budget.check(scope.session)
    course = catalogue.course(scope.machine_args["course"], scope.machine_args["version"])
    open_question = instantiate(course, question, seed) if question is not None else None
    return clarification(course, topic, text, open_question)


@tool(timeout_s=30, available=openai.configured)
async def clarify_concept(
    scope: Scope, topic: str, text: str, output: Output, question: str | None = None, seed: int = 0
) -> dict[str, str]:
    """An explanation in a model's words. What the learner wrote goes in as data, never as an instruction."""
    messages = await in_database(_messages, scope, topic, text, question, seed)
    await output.write_all(openai.stream(messages))
    return {"text": await output.finish()}


def _material(scope: Scope, topic: str, text: str, question: str | None, seed: int) -> str:
    course = catalogue.course(scope.machine_args["course"], scope.machine_args["version"])
    open_question = instantiate(course, question, seed) if question is not None else None
    return explain(course, topic, text, open_question)


@tool(timeout_s=10, name="clarify_concept", offline=True)
async def clarify_from_material(
    scope: Scope, topic: str, text: str, output: Output, question: str | None = None, seed: int = 0
) -> dict[str, str]:
    """An explanation from the course's own material, at once."""
    await output.write(await in_database(_material, scope, topic, text, question, seed))
    return {"text": await output.finish()}
