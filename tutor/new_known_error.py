"""A wrong answer that many gave becomes a known error of its question."""

from __future__ import annotations

import re

import msgspec

from tutor import course as content
from tutor.questions import find


def with_known_error(course: content.Course, question_id: str, match: str, ref: str | None) -> content.Course:
    """The course in which ``match`` is a known error of the question: the topic's error ``ref``, or a new one.

    A new one has a name and nothing to treat it with: what to say, how to contrast and what to ask is the author's
    work, and ``course check`` names what is missing. Raises ``UnknownQuestion``; ``ValueError`` if the topic has no
    such ``ref``.
    """
    topic, question = find(course, question_id)
    library = [error.id for error in topic.known_errors]
    if not match.strip():
        raise ValueError("a known error needs the wrong answer that shows it")
    if ref is not None and ref not in library:
        raise ValueError(f"the topic {topic.title!r} has no known error {ref!r}")
    errors = topic.known_errors
    if ref is None:
        ref = _new_id(question_id, {error.id for one in course.topics for error in one.known_errors})
        errors = [*errors, content.KnownError(id=ref, name=f"Answers {match}")]
    given = f"{{{match}}}" if question.format.type == "number" else match
    changed = msgspec.structs.replace(
        question,
        errors=[*question.errors, content.QuestionError(ref=ref, match=match)],
        tests=[*question.tests, content.Test(given=given, expect=f"known_error:{ref}")],
    )
    questions = [changed if one.id == question_id else one for one in topic.questions]
    replaced = msgspec.structs.replace(topic, known_errors=errors, questions=questions)
    return msgspec.structs.replace(course, topics=[replaced if one.id == topic.id else one for one in course.topics])


def _new_id(question_id: str, taken: set[str]) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "_", question_id).strip("_")[:48] or "question"
    return next(name for number in range(1, 10_000) if (name := f"{plain}_slip_{number}") not in taken)
