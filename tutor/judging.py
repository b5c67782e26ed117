"""A learner's answer, judged: by code, always. Where a model may help, here stands with what, and what of it counts.

The steps of ``check_answer`` without its plumbing, so that workers and evaluations play the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tutor import injection, routing, wording
from tutor.checking import check, quotes
from tutor.checking.quotes import Quotes
from tutor.checking.verdict import Verdict
from tutor.course import Course
from tutor.lens.variant import PLAIN, Variant
from tutor.prompts import Request, quoting
from tutor.prompts import routing as routing_request
from tutor.questions import QuestionInstance, instantiate
from tutor.routing import Routed


def asked(course: Course, args: dict[str, Any]) -> QuestionInstance:
    """The question that a call is about: ``question``, ``seed``, and with them ``part`` and ``variant``."""
    variant: Variant = msgspec.convert(args.get("variant", PLAIN), Variant)
    return instantiate(course, args["question"], args["seed"], args.get("part", "main"), variant)


def by_code(question: QuestionInstance, given: str | Sequence[str], *, typed: bool) -> Verdict:
    """What code says of an answer; the teacher is told where it gives orders."""
    verdict = check(question, given if isinstance(given, str) else list(given), typed=typed)
    text = given if isinstance(given, str) else ", ".join(given)
    # A wish that the rules know is no attack, however it is put.
    if verdict.verdict != "not_an_answer" and injection.orders(text) is not None:
        return msgspec.structs.replace(verdict, note=wording.note_orders(text))
    return verdict


def open_point(
    question: QuestionInstance, given: str | Sequence[str], verdict: Verdict, *, typed: bool
) -> tuple[str, Request, type[Routed] | type[Quotes]] | None:
    """What a model may be asked about this answer: purpose, request and the form of its reply; None: nothing."""
    if not isinstance(given, str):
        return None
    if quotes.wanted(question, verdict, given):
        return "quote_points", quoting(question, given), Quotes
    if routing.unsure(question, verdict, given, typed=typed):
        return "route_intent", routing_request(question, given), Routed
    return None


def settled(question: QuestionInstance, given: str, verdict: Verdict, reply: Routed | Quotes) -> Verdict:
    """The verdict with what counts of a model's reply."""
    if isinstance(reply, Routed):
        return routing.decided(verdict, reply)
    return quotes.judged(question, given, verdict, reply)
