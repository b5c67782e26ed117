"""The second explanation of a known error: its author's plan, or what a model's edits make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from tutor import leak_gate
from tutor.course import Course, KnownError
from tutor.lens.plan import Plan, PlanEdit, edited, of_remedy, rendered
from tutor.lens.refused import Refused
from tutor.lens.variant import PLAIN, Variant
from tutor.questions import QuestionInstance, instantiate, known_error


@dataclass(frozen=True)
class Treatment:
    """A known error in the numbers of the question that showed it."""

    known: KnownError
    plan: Plan
    probe: QuestionInstance
    question: QuestionInstance


def of(course: Course, args: dict[str, Any]) -> Treatment:
    """What a call is about: ``question``, ``seed``, ``known_error``, ``variant``. Raises ``UnknownQuestion``."""
    variant: Variant = msgspec.convert(args.get("variant", PLAIN), Variant)
    question, seed, name = args["question"], args["seed"], args["known_error"]
    known = known_error(course, name, question, seed, variant)
    probe = instantiate(course, question, seed, f"probe:{name}", variant)
    return Treatment(known, of_remedy(known.remedy), probe, instantiate(course, question, seed, "main", variant))


def accepted(treatment: Treatment, edit: PlanEdit) -> str:
    """The edited plan as it is said. Raises ``Refused`` where it may not be."""
    changed = edited(treatment.plan, edit.operations)
    own = rendered(tuple(step for step in changed if step not in treatment.plan))
    for secret in (treatment.probe, treatment.question):
        if leak_gate.withholds(own, secret):
            raise Refused("the explanation tells an answer, or says whether something is right: say less")
    return rendered(changed)
