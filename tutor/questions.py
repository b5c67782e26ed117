"""From a question of a course to the question a learner sees: parameters drawn, texts filled in, choices shuffled.

The same (question, seed) always gives the same instance, on every machine and in every release (``tutor.draws``).
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from tutor import course as content
from tutor.checking import formats, mistakes
from tutor.draws import number, parameters
from tutor.expressions import ExpressionError
from tutor.lens.variant import PLAIN, Variant, applied
from tutor.placeholders import fill

#: A placeholder of an author's text; braces of LaTeX that look alike go with it, which does no harm here.
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


class UnknownQuestion(LookupError):
    """The course has no such question, or the question has no such part."""


class InstanceError(msgspec.Struct, frozen=True, kw_only=True):
    """A known error as this instance can show it: all values computed."""

    known_error: str
    #: The wrong answer that shows it, in the format's own language.
    match: str | None = None
    say: str = ""
    detect: list[content.Detector] = []


class QuestionInstance(msgspec.Struct, frozen=True, kw_only=True):
    """One question as a learner sees it, with what the checker needs to judge an answer."""

    id: str
    #: ``main``, ``probe:<known_error id>`` or ``scaffold:<index in hints>``.
    part: str
    skills: list[str]
    #: Markdown.
    prompt: str
    format: content.Format
    #: number: the exact value; choice: ids, comma-separated; short_text: the text.
    answer: str
    alternatives: list[str]
    hints: list[str | content.Scaffold]
    solution: list[str]
    #: Question-level errors first: the first that matches wins.
    errors: list[InstanceError]
    explain_keys: list[str]
    seed: int
    #: As shown: ``[{"id": "a", "text": Markdown}]``, ids in the order shown.
    choices: list[dict[str, str]] | None = None

    def learner_format(self) -> dict[str, Any]:
        """The format as a client may know it: nothing in it tells the answer."""
        plain: dict[str, Any] = msgspec.to_builtins(self.format)
        for secret in ("choices", "aliases", "rubric", "cases"):
            plain.pop(secret, None)
        return plain


def find(course: content.Course, question_id: str) -> tuple[content.Topic, content.Question]:
    """The question and its topic. Raises ``UnknownQuestion``."""
    for topic in course.topics:
        for question in topic.questions:
            if question.id == question_id:
                return topic, question
    raise UnknownQuestion(f"course {course.course.id!r} has no question {question_id!r}")


def instantiate(
    course: content.Course,
    question_id: str,
    seed: int,
    part: str = "main",
    variant: Variant = PLAIN,
    *,
    shuffle: bool = True,
) -> QuestionInstance:
    """The question for this seed. ``shuffle=False`` keeps the author's order and ids of choices, for a course's tests.

    Raises ``UnknownQuestion``; ``Refused`` for a variant that does not fit; ``ExpressionError`` where a text of the
    course cannot be filled in, which ``course check`` finds beforehand.
    """
    topic, question = find(course, question_id)
    return instance_of(course, topic, applied(question, variant), seed, part, shuffle=shuffle)


def instance_of(
    course: content.Course,
    topic: content.Topic,
    question: content.Question,
    seed: int,
    part: str = "main",
    *,
    shuffle: bool = True,
) -> QuestionInstance:
    """``instantiate`` for who already has the question in hand; it need not stand in the course."""
    names = parameters(question, seed)
    if part == "main":
        built = _main(course, topic, question, names, seed)
    else:
        kind, _, key = part.partition(":")
        if kind == "probe":
            source: content.Probe | content.Scaffold = _probe(course, topic, question, key)
        elif kind == "scaffold":
            source = _scaffold(question, key)
        else:
            raise UnknownQuestion(f"a part is main, probe:<known error> or scaffold:<index>, not {part!r}")
        built = QuestionInstance(
            id=question.id,
            part=part,
            skills=question.skills,
            prompt=fill(source.ask, names),
            format=_filled(source.format, names),
            answer=formats.value(source.format, source.answer, names),
            alternatives=[],
            hints=[],
            solution=[],
            errors=[],
            explain_keys=[],
            seed=seed,
        )
    return _with_choices(built, shuffle=shuffle)


def known_error(
    course: content.Course, known_error_id: str, question_id: str, seed: int, variant: Variant = PLAIN
) -> content.KnownError:
    """The known error with its texts filled in for this question. Raises ``UnknownQuestion`` where there is none."""
    topic, question = find(course, question_id)
    question = applied(question, variant)
    error = _known_error(course, topic, question, known_error_id)
    if error is None:
        raise UnknownQuestion(f"course {course.course.id!r} has no known error {known_error_id!r}")
    names = parameters(question, seed)
    return msgspec.structs.replace(
        error,
        say=fill(error.say, names),
        contrast=fill(error.contrast, names),
        remedy=[fill(line, names) for line in error.remedy],
    )


def treatment(course: content.Course, known_error_id: str, question_id: str) -> str:
    """All that the author wrote to treat a known error, without anything that depends on the question's numbers."""
    topic, question = find(course, question_id)
    error = _known_error(course, topic, question, known_error_id)
    if error is None:
        return ""
    probe = [error.probe.ask, *(choice.text for choice in error.probe.format.choices)] if error.probe else []
    return "\n".join(_PLACEHOLDER.sub("", text) for text in (error.say, error.contrast, *error.remedy, *probe))


def _main(
    course: content.Course, topic: content.Topic, question: content.Question, names: dict[str, int], seed: int
) -> QuestionInstance:
    value = partial(formats.value, question.format)
    return QuestionInstance(
        id=question.id,
        part="main",
        skills=question.skills,
        prompt=fill(question.prompt, names),
        format=_filled(question.format, names),
        answer=value(question.answer, names),
        alternatives=[value(alternative, names) for alternative in question.alternatives],
        hints=[_hint(hint, names) for hint in question.hints],
        solution=[fill(line, names) for line in question.solution],
        errors=_errors(course, topic, question, names),
        explain_keys=question.explain_keys,
        seed=seed,
    )


def _hint(hint: str | content.Scaffold, names: dict[str, int]) -> str | content.Scaffold:
    if isinstance(hint, str):
        return fill(hint, names)
    return msgspec.structs.replace(
        hint,
        ask=fill(hint.ask, names),
        format=_filled(hint.format, names),
        answer=formats.value(hint.format, hint.answer, names),
    )


def _filled(form: content.Format, names: dict[str, int]) -> content.Format:
    if form.source:
        form = msgspec.structs.replace(form, source=fill(form.source, names))
    if form.targets:
        targets = [msgspec.structs.replace(target, text=fill(target.text, names)) for target in form.targets]
        form = msgspec.structs.replace(form, targets=targets)
    if not form.choices:
        return form
    choices = [
        msgspec.structs.replace(choice, text=fill(choice.text, names), feedback=fill(choice.feedback, names))
        for choice in form.choices
    ]
    return msgspec.structs.replace(form, choices=choices)


def _errors(
    course: content.Course, topic: content.Topic, question: content.Question, names: dict[str, int]
) -> list[InstanceError]:
    """Question-level matches first, then the detectors of the library entries the question refers to.

    A library's formula is about a question's parameters, so only questions that refer to it use it.
    """
    value = partial(formats.value, question.format)
    own: list[InstanceError] = []
    library: list[InstanceError] = []
    for error in question.errors:
        known = _known_error(course, topic, question, error.ref or error.id or "")
        say = fill(error.say or (known.say if known else ""), names)
        name = error.ref or error.id or ""
        if error.match is not None:
            own.append(InstanceError(known_error=name, match=value(error.match, names), say=say))
        elif known is not None:
            detect = [_detector(detector, value, names) for detector in known.detect]
            library.append(InstanceError(known_error=name, say=say, detect=[d for d in detect if d is not None]))
    return own + library


def _detector(
    detector: content.Detector, value: Callable[[str, dict[str, int]], str], names: dict[str, int]
) -> content.Detector | None:
    if detector.kind != "value":
        return detector
    try:
        return msgspec.structs.replace(detector, formula=value(detector.formula, names))
    except ExpressionError:
        # One of several ways an error shows: it is about parameters this question does not have.
        return None


def _known_error(
    course: content.Course, topic: content.Topic, question: content.Question, known_error_id: str
) -> content.KnownError | None:
    for error in question.errors:
        if error.id == known_error_id:
            target = _library_error(course, topic, error.probe_ref) if error.probe_ref else None
            if target is None:
                return content.KnownError(id=error.id, name=error.say or error.id, say=error.say)
            return msgspec.structs.replace(target, id=error.id, say=error.say or target.say)
    return _library_error(course, topic, known_error_id)


def _library_error(course: content.Course, topic: content.Topic, known_error_id: str) -> content.KnownError | None:
    for place in [topic, *course.topics]:
        for known in place.known_errors:
            if known.id == known_error_id:
                return known
    return mistakes.LIBRARY.get(known_error_id)


def _probe(
    course: content.Course, topic: content.Topic, question: content.Question, known_error_id: str
) -> content.Probe:
    known = _known_error(course, topic, question, known_error_id)
    if known is None or known.probe is None:
        raise UnknownQuestion(f"known error {known_error_id!r} has no probe in course {course.course.id!r}")
    return known.probe


def _scaffold(question: content.Question, index: str) -> content.Scaffold:
    if index.isdecimal() and int(index) < len(question.hints):
        hint = question.hints[int(index)]
        if isinstance(hint, content.Scaffold):
            return hint
    raise UnknownQuestion(f"hint {index!r} of question {question.id!r} is not a scaffold")


def _with_choices(instance: QuestionInstance, *, shuffle: bool) -> QuestionInstance:
    """Choices in the order shown. Letters follow that order, so that "b" and "the second one" mean the same."""
    choices = list(instance.format.choices)
    if not choices:
        return instance
    if shuffle and instance.format.shuffle:
        choices.sort(key=lambda choice: number(f"{instance.id}:{instance.part}:{instance.seed}:{choice.id}"))
        if all(len(choice.id) == 1 and choice.id.isalpha() for choice in choices):
            renamed = {choice.id: string.ascii_lowercase[at] for at, choice in enumerate(choices)}
            choices = [msgspec.structs.replace(choice, id=renamed[choice.id]) for choice in choices]
            rename = partial(formats.of(instance.format.type).renamed, ids=renamed)
            instance = msgspec.structs.replace(
                instance,
                answer=rename(instance.answer),
                alternatives=[rename(alternative) for alternative in instance.alternatives],
                errors=[
                    msgspec.structs.replace(error, match=rename(error.match)) if error.match else error
                    for error in instance.errors
                ],
            )
    return msgspec.structs.replace(
        instance,
        format=msgspec.structs.replace(instance.format, choices=choices),
        choices=[{"id": choice.id, "text": choice.text} for choice in choices],
    )
