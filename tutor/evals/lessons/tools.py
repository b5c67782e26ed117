"""What the machine's tools do, without workers: the offline ones, and explanations in the words of any model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tutor.checking import check
from tutor.clarification import explain
from tutor.course import Course
from tutor.effects import CallTool
from tutor.evals.endpoint import Endpoint
from tutor.projections import chain
from tutor.prompts import ChatMessage, clarification
from tutor.questions import instantiate

#: Room for a message chain, in tokens: that of one turn without its history.
CHAIN_TOKENS = 8_000

#: A tool: the course and the call's arguments in, the result out. What it raises is a failed call.
LessonTool = Callable[[Course, dict[str, Any]], dict[str, Any]]
#: Answers a chat; what a model behind an endpoint does.
Complete = Callable[[list[ChatMessage]], str]


class NoSuchTool(LookupError):
    """The machine asked for a tool this harness has not."""


def check_answer(course: Course, args: dict[str, Any]) -> dict[str, Any]:
    """The verdict of the answer checker."""
    question = instantiate(course, args["question"], args["seed"], args["part"])
    verdict: dict[str, Any] = msgspec.to_builtins(check(question, args["given"], typed=args["typed"]))
    return verdict


def check_explanation(course: Course, args: dict[str, Any]) -> dict[str, Any]:
    """Which key terms of the solution occur."""
    keys = instantiate(course, args["question"], args["seed"]).explain_keys
    said = str(args["text"]).casefold()
    covered = [key for key in keys if key.casefold() in said]
    return {"covered": covered, "missing": [key for key in keys if key not in covered]}


def clarify_concept(course: Course, args: dict[str, Any]) -> dict[str, Any]:
    """An explanation from the course's own material."""
    question = instantiate(course, args["question"], args["seed"]) if args["question"] else None
    return {"text": explain(course, args["topic"], args["text"], question, args.get("shown", ()))}


OFFLINE: Mapping[str, LessonTool] = {
    "check_answer": check_answer,
    "check_explanation": check_explanation,
    "clarify_concept": clarify_concept,
}


def worded_by(complete: Complete) -> Mapping[str, LessonTool]:
    """The same tools with explanations in a model's words, asked as the product asks at the beginning of a session."""

    def clarify(course: Course, args: dict[str, Any]) -> dict[str, Any]:
        question = instantiate(course, args["question"], args["seed"]) if args["question"] else None
        request = clarification(course, args["topic"], args["text"], question, {})
        return {"text": complete(list(chain.build(request, (), budget=CHAIN_TOKENS).messages))}

    return {**OFFLINE, "clarify_concept": clarify}


class Meter:
    """A model behind an endpoint, and what it has taken so far."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.requests = self.input_tokens = self.output_tokens = 0

    def complete(self, messages: list[ChatMessage]) -> str:
        """One answer. Raises ``EndpointError``: for the machine a tool that failed."""
        answer = self._endpoint.ask([dict(message) for message in messages])  # type: ignore[arg-type]
        self.requests += 1
        self.input_tokens += answer.input_tokens
        self.output_tokens += answer.output_tokens
        return answer.text

    @property
    def cost(self) -> float | None:
        """In the currency of the endpoint's prices; None where it has none."""
        prices = self._endpoint.prices
        return prices.of(self.input_tokens, self.output_tokens) if prices is not None else None


def run(tools: Mapping[str, LessonTool], course: Course, call: CallTool) -> dict[str, Any]:
    """The call's result. Raises ``NoSuchTool``, or what the tool raises."""
    if call.tool not in tools:
        raise NoSuchTool(f"this harness has no tool {call.tool!r}")
    return tools[call.tool](course, call.args)
