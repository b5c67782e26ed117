"""From what a learner sent to a verdict: intent, format, known errors. Code decides, never a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from tutor import intent, leak_gate
from tutor.checking import formats, mistakes
from tutor.checking.answer_format import MAX_ANSWER, AnswerFormat, Reading
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.verdict import Verdict

if TYPE_CHECKING:
    from tutor.course import Detector
    from tutor.questions import InstanceError, QuestionInstance

_UNREADABLE = "I cannot read that as an answer here: please check how it is written."
_NEUTRAL = "That is not right yet: look at the question once more."


def check(question: QuestionInstance, given: str | list[str], *, typed: bool = False) -> Verdict:
    """The verdict on an answer.

    ``typed=True``: it came from the question's own control, so it is an answer and nothing else; otherwise a wish such
    as "hint?" is recognised first and comes back as ``not_an_answer`` with its ``intent``. Raises ``UnknownFormat``
    for a question of a format this release does not have. The feedback never contains the answer.
    """
    form = formats.of(question.format.type)
    text = form.joined(given) if isinstance(given, list) else given
    if not typed and len(text) <= MAX_ANSWER:
        wish = intent.classify(text, question)
        if wish is not None:
            return Verdict(verdict="not_an_answer", intent=wish)
    try:
        reading = form.read(question, text)
        verdict = form.judge(question, reading)
    except MalformedAnswer as error:
        feedback = _UNREADABLE if leak_gate.leaks(error.message, question) else error.message
        return Verdict(verdict="malformed", code=error.code, feedback=feedback)
    if verdict.verdict in {"wrong", "partial"}:
        verdict = _recognised(form, question, reading) or verdict
    if verdict.feedback and verdict.verdict != "correct" and leak_gate.leaks(verdict.feedback, question):
        return msgspec.structs.replace(verdict, feedback=_NEUTRAL)
    return verdict


def _recognised(form: AnswerFormat, question: QuestionInstance, reading: Reading) -> Verdict | None:
    for error in question.errors:
        if _shows(form, question, reading, error):
            return Verdict(verdict="known_error", known_error=error.known_error, feedback=error.say or _NEUTRAL)
    formula = form.formula(reading) if question.format.algebra_errors else None
    known = mistakes.recognised(question, formula) if formula is not None else None
    return None if known is None else Verdict(verdict="known_error", known_error=known.id, feedback=known.say)


def _shows(form: AnswerFormat, question: QuestionInstance, reading: Reading, error: InstanceError) -> bool:
    if error.match is not None and form.same(question, reading, error.match):
        return True
    return any(_detects(form, question, reading, detector) for detector in error.detect)


def _detects(form: AnswerFormat, question: QuestionInstance, reading: Reading, detector: Detector) -> bool:
    if detector.kind == "value":
        return form.same(question, reading, detector.formula)
    return re.search(detector.pattern, reading.text, re.IGNORECASE) is not None
