"""What the machine's tools do, without workers: the offline ones, and explanations in the words of any model."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tutor import hinting, judging, prompts, remedies
from tutor.clarification import explain
from tutor.course import Course
from tutor.effects import CallTool
from tutor.evals.endpoint import Endpoint
from tutor.evals.lessons.shelf import Shelf
from tutor.file_text import NOTHING
from tutor.lens import plan
from tutor.lens.refused import Refused
from tutor.lens.variant import VariantEdit, allowed_numbers
from tutor.lens.verification import plain_variant, verified
from tutor.projections import chain
from tutor.prompts import ChatMessage, Request, clarification
from tutor.questions import find

#: Room for a message chain, in tokens: that of one turn without its history.
CHAIN_TOKENS = 8_000

#: A tool: the course and the call's arguments in, the result out. What it raises is a failed call. Where the call names
#: files of the learner, ``library`` is among its arguments: what stands in them.
LessonTool = Callable[[Course, dict[str, Any]], dict[str, Any]]
#: Answers a chat; what a model behind an endpoint does.
Complete = Callable[[list[ChatMessage]], str]


class NoSuchTool(LookupError):
    """The machine asked for a tool this harness has not."""


def check_answer(course: Course, args: dict[str, Any]) -> dict[str, Any]:
    """The verdict of the answer checker."""
    verdict: dict[str, Any] = msgspec.to_builtins(
        judging.by_code(judging.asked(course, args), args["given"], typed=args["typed"])
    )
    return verdict


def check_explanation(course: Course, args: dict[str, Any]) -> dict[str, Any]:
    """Which key terms of the solution occur."""
    keys = judging.asked(course, args).explain_keys
    said = str(args["text"]).casefold()
    covered = [key for key in keys if key.casefold() in said]
    return {"covered": covered, "missing": [key for key in keys if key not in covered]}


def clarify_concept(course: Course, args: dict[str, Any]) -> dict[str, Any]:
    """An explanation from the course's own material, or in the words of the learner's files."""
    question = judging.asked(course, args) if args["question"] else None
    library = args.get("library", NOTHING)
    return {"text": explain(course, args["topic"], args["text"], question, args.get("shown", ()), library)}


def generate_variant(course: Course, args: dict[str, Any]) -> dict[str, Any]:
    """Other numbers of the same template."""
    _, question = find(course, args["question"])
    edit: dict[str, Any] = msgspec.to_builtins(VariantEdit(plain_variant(question, args["seed"], args["had"])))
    return edit


def give_hint(course: Course, args: dict[str, Any]) -> dict[str, Any]:
    """A hint from the course's own material."""
    return {"text": hinting.found(course, judging.asked(course, args), args["level"], args.get("shown", ()))}


def remediate(course: Course, args: dict[str, Any]) -> dict[str, Any]:
    """What the error's author wrote."""
    return {"text": plan.rendered(remedies.of(course, args).plan)}


OFFLINE: Mapping[str, LessonTool] = {
    "check_answer": check_answer,
    "check_explanation": check_explanation,
    "clarify_concept": clarify_concept,
    "generate_variant": generate_variant,
    "give_hint": give_hint,
    "remediate": remediate,
}


def worded_by(complete: Complete) -> Mapping[str, LessonTool]:
    """The same tools with a model, asked as the product asks at the beginning of a session.

    What it replies passes the product's own bounds; what is refused is answered offline, as in a worker.
    """

    def asked(request: Request) -> str:
        return complete(list(chain.build(request, (), budget=CHAIN_TOKENS).messages))

    def clarify(course: Course, args: dict[str, Any]) -> dict[str, Any]:
        question = judging.asked(course, args) if args["question"] else None
        library = args.get("library", NOTHING)
        return {"text": asked(clarification(course, args["topic"], args["text"], question, {}, library))}

    def judge(course: Course, args: dict[str, Any]) -> dict[str, Any]:
        question, given, typed = judging.asked(course, args), args["given"], args["typed"]
        verdict = judging.by_code(question, given, typed=typed)
        open_point = judging.open_point(question, given, verdict, typed=typed)
        if open_point is not None:
            _, request, kind = open_point
            with contextlib.suppress(msgspec.MsgspecError):
                verdict = judging.settled(question, given, verdict, msgspec.json.decode(asked(request), type=kind))
        plain: dict[str, Any] = msgspec.to_builtins(verdict)
        return plain

    def vary(course: Course, args: dict[str, Any]) -> dict[str, Any]:
        _, question = find(course, args["question"])
        request = prompts.variation(course, question, allowed_numbers(question), args["had"], {})
        try:
            edit = msgspec.json.decode(asked(request), type=VariantEdit)
            verified(course, args["question"], args["seed"], edit.operations, args["had"])
        except (msgspec.MsgspecError, Refused):
            return generate_variant(course, args)
        plain: dict[str, Any] = msgspec.to_builtins(edit)
        return plain

    def hint(course: Course, args: dict[str, Any]) -> dict[str, Any]:
        topic, _ = find(course, args["question"])
        question = judging.asked(course, args)
        request = prompts.hint(course, topic, question, args["level"], hinting.LONGEST_HINT, {})
        try:
            return {"text": hinting.accepted(msgspec.json.decode(asked(request), type=hinting.Hint), question)}
        except (msgspec.MsgspecError, Refused):
            return give_hint(course, args)

    def treat(course: Course, args: dict[str, Any]) -> dict[str, Any]:
        treatment = remedies.of(course, args)
        steps = msgspec.to_builtins(treatment.plan)
        request = prompts.remedy(course, treatment.known, steps, treatment.probe, args["given"], {})
        try:
            return {"text": remedies.accepted(treatment, msgspec.json.decode(asked(request), type=plan.PlanEdit))}
        except (msgspec.MsgspecError, Refused):
            return remediate(course, args)

    return {
        **OFFLINE,
        "check_answer": judge,
        "clarify_concept": clarify,
        "generate_variant": vary,
        "give_hint": hint,
        "remediate": treat,
    }


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


def run(tools: Mapping[str, LessonTool], course: Course, call: CallTool, shelf: Shelf | None = None) -> dict[str, Any]:
    """The call's result; ``shelf``: the session's files. Raises ``NoSuchTool``, or what the tool raises."""
    if call.tool not in tools:
        raise NoSuchTool(f"this harness has no tool {call.tool!r}")
    args = call.args
    if shelf is not None and "files" in args:
        args = {**args, "library": shelf.library(args["files"], first=args.get("files_first", False))}
    return tools[call.tool](course, args)
