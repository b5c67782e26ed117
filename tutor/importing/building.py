"""From an item of another program to a question that passes every rule of a course, or the reason why it cannot.

Nothing is taken on trust: a question is built with its own tests, and the rules that authors' questions have to pass
are applied to it. A hint that gives the answer away ends the ladder, and what followed it goes into the solution.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tutor import course as content
from tutor import question_rules
from tutor.checking import check
from tutor.course_export import plain
from tutor.course_files import problem
from tutor.course_format import CourseSource
from tutor.expressions import ExpressionError
from tutor.importing.answers import Candidate, candidates
from tutor.importing.item import Item, Refused, SubQuestion
from tutor.leak_gate import leaks
from tutor.questions import QuestionInstance, instance_of

logger = logging.getLogger(__name__)

#: Rungs of a ladder; more of them would hold a learner up.
MAX_HINTS = 5


@dataclass(frozen=True)
class Outcome:
    """What became of one item."""

    key: str
    place: str
    #: imported, degraded or refused.
    outcome: str
    why: list[str]
    topic: tuple[str, str] | None = None
    skills: list[tuple[str, str]] = field(default_factory=list)
    #: A question of the format (``course_export.plain``); None where it was refused.
    question: dict[str, Any] | None = None
    #: Pictures that the question shows, by path.
    files: dict[str, bytes] = field(default_factory=dict)


def build(item: Item, question_id: str) -> Outcome:
    """The question called ``question_id``, or why there is none."""
    try:
        question, losses = _built(item, question_id)
    except Refused as reason:
        return Outcome(key=item.key, place=item.place, outcome="refused", why=[str(reason)])
    except Exception as error:
        # One item of ten thousand meets a fault of ours: the others are imported, and the fault is told.
        logger.exception("import: %s cannot be built", item.place)
        return Outcome(key=item.key, place=item.place, outcome="refused", why=[f"a fault of this program: {error!r}"])
    return Outcome(
        key=item.key,
        place=item.place,
        outcome="degraded" if losses else "imported",
        why=losses,
        topic=item.topic,
        skills=item.skills,
        question=plain(question),
        files=item.files,
    )


def _built(item: Item, question_id: str) -> tuple[content.Question, list[str]]:
    if not item.prompt.strip():
        raise Refused("it has no text")
    for path, data in item.files.items():
        wrong = problem(path, len(data))
        if wrong is not None:
            raise Refused(wrong)
    reasons: list[str] = []
    for candidate in candidates(item.answer):
        try:
            return _tried(item, question_id, candidate)
        except Refused as reason:
            reasons.append(str(reason))
    raise Refused(reasons[0])


def _tried(item: Item, question_id: str, candidate: Candidate) -> tuple[content.Question, list[str]]:
    losses = [*item.losses, *candidate.losses]
    question = content.Question(
        id=question_id,
        skills=[key for key, _ in item.skills],
        prompt=item.prompt.strip(),
        format=candidate.format,
        answer=candidate.answer,
        alternatives=candidate.alternatives,
        source=item.source,
        solution=["…"],
    )
    instance = _instance(question)
    question = _without_telling_feedback(question, instance, losses)
    ladder, rest = _ladder(item, question, instance, losses)
    question = msgspec.structs.replace(
        question,
        hints=ladder,
        solution=_solution(item, candidate, rest),
        tests=_tests(question, instance, candidate),
    )
    source = CourseSource(Path(item.place), _around(question), {}, frozenset(item.files))
    found = list(question_rules.findings(source, source.course.topics[0], question, ()))
    if found:
        raise Refused(
            found[0].message.removeprefix(f"question {question_id!r}: ").removeprefix(f"question {question_id!r} ")
        )
    return question, losses


def _around(question: content.Question) -> content.Course:
    """The smallest course that has this question."""
    skills = [content.Skill(id=skill, name=skill) for skill in question.skills]
    topic = content.Topic(id="t", title="T", skills=question.skills, questions=[question])
    return content.Course(course=content.CourseInfo(id="c", title="C"), skills=skills, topics=[topic])


def _instance(question: content.Question, part: str = "main") -> QuestionInstance:
    course = _around(question)
    try:
        return instance_of(course, course.topics[0], question, 0, part, shuffle=False)
    except (ExpressionError, LookupError, ValueError) as error:
        raise Refused(f"one of its texts or its answer cannot be read: {error}") from None


def _without_telling_feedback(
    question: content.Question, instance: QuestionInstance, losses: list[str]
) -> content.Question:
    telling = [choice.id for choice in question.format.choices if choice.feedback and leaks(choice.feedback, instance)]
    if not telling:
        return question
    right = {letter.strip() for letter in question.answer.split(",")}
    if set(telling) - right:
        losses.append("what was said of a wrong option gave the answer away and was left out")
    choices = [
        msgspec.structs.replace(choice, feedback="") if choice.id in telling else choice
        for choice in question.format.choices
    ]
    return msgspec.structs.replace(question, format=msgspec.structs.replace(question.format, choices=choices))


def _ladder(
    item: Item, question: content.Question, instance: QuestionInstance, losses: list[str]
) -> tuple[list[str | content.Scaffold], list[str]]:
    """The hints that may be given, and all of them as lines of a solution."""
    ladder: list[str | content.Scaffold] = []
    lines: list[str] = []
    told = False
    for hint in item.hints:
        rung = _rung(hint, question, losses)
        said = rung if isinstance(rung, str) else rung.ask
        told = told or leaks(said, instance) or (not isinstance(rung, str) and rung.answer == question.answer)
        if not told and len(ladder) < MAX_HINTS:
            ladder.append(rung)
        lines.append(_line(hint))
    return ladder, lines


def _rung(hint: str | SubQuestion, question: content.Question, losses: list[str]) -> str | content.Scaffold:
    if isinstance(hint, str):
        return hint
    for candidate in _or_none(hint):
        scaffold = content.Scaffold(ask=hint.ask, format=candidate.format, answer=candidate.answer)
        try:
            part = _instance(msgspec.structs.replace(question, hints=[scaffold]), "scaffold:0")
        except Refused:
            continue
        if check(part, part.answer, typed=True).verdict == "correct":
            return scaffold
    losses.append("a sub-question whose answer cannot be checked became a plain hint")
    return hint.ask


def _or_none(hint: SubQuestion) -> list[Candidate]:
    try:
        return list(candidates(hint.answer))
    except Refused:
        return []


def _line(hint: str | SubQuestion) -> str:
    if isinstance(hint, str):
        return hint
    shown = next((candidate.shown for candidate in _or_none(hint)), "")
    return f"{hint.ask} {shown}".strip()


def _solution(item: Item, candidate: Candidate, hints: list[str]) -> list[str]:
    lines = [line for line in (item.solution or hints) if line.strip()]
    return [*lines, f"The answer: {candidate.shown}"]


def _tests(question: content.Question, instance: QuestionInstance, candidate: Candidate) -> list[content.Test]:
    """What is right and what is wrong, as the checker has to see it for ever."""
    right = _given(question, instance)
    for given in candidate.wrong:
        verdict = check(instance, given).verdict
        if verdict in {"wrong", "partial", "known_error"}:
            return [
                content.Test(given=right, expect="correct"),
                content.Test(given=_literal(given), expect=verdict),
            ]
    raise Refused("no answer to it is judged wrong, so that anything would be accepted")


def _given(question: content.Question, instance: QuestionInstance) -> str:
    for given in (question.answer, instance.answer):
        if check(instance, given).verdict == "correct":
            return _literal(given)
    verdict = check(instance, instance.answer)
    raise Refused(f"its own answer {instance.answer[:60]!r} is judged {verdict.verdict}")


def _literal(given: str) -> str:
    """A test's answer with its braces taken literally; a test is filled in like any text."""
    return re.sub(r"(?<!\\)([{}])", r"\\\1", given)
