"""What a question has to fulfil before learners see it. Each rule is one function that yields its findings.

Templates are tried with ``SEEDS`` different draws: a slip that shows in one of many instances is found here and not by
a learner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from tutor import course as content
from tutor.checking import check as check_answer
from tutor.checking import formats
from tutor.course_format import CourseSource, Finding, Place
from tutor.draws import holds, parameters
from tutor.expressions import ExpressionError
from tutor.interactions import Verdict as VerdictName
from tutor.leak_gate import leaks
from tutor.placeholders import fill
from tutor.questions import QuestionInstance, instance_of
from tutor.text_rules import pictures, unclosed_formula

SEEDS = range(24)
#: A question without parameters is the same for every seed.
_ONE_SEED = range(1)

#: ``1x``, ``0x``, ``+ -3``: a template whose draws were not thought through.
_READS_BADLY = re.compile(r"(?<![\d.,])[01][a-z](?![A-Za-z])|[-+]\s*-\s*\d|(?<![\d.,])[-+] 0(?![\d.,])")


def findings(source: CourseSource, topic: content.Topic, question: content.Question, place: Place) -> Iterator[Finding]:
    """Everything wrong with the question, which stands at ``place`` in ``topic``."""
    name = f"question {question.id!r}"
    known = {skill.id for skill in source.course.skills}
    if not question.skills:
        yield source.finding(place, f"{name} has no skill")
    for skill in question.skills:
        if skill not in known:
            yield source.finding((*place, "skills"), f"{name} asks for the unknown skill {skill!r}")
    if not question.solution:
        yield source.finding(place, f"{name} has no solution")
    if not 0 <= question.difficulty <= 1:
        yield source.finding((*place, "difficulty"), f"the difficulty of {name} is between 0 and 1")
    if question.format.type not in formats.FORMATS:
        yield source.finding((*place, "format"), f"{name}: {_unknown_format(question.format.type)}")
        return
    broken = [*_params(source, question, place), *_references(source, topic, question, place)]
    yield from broken
    if broken:
        return
    for seed in _seeds(question):
        try:
            instance = instance_of(source.course, topic, question, seed, shuffle=False)
        except (ExpressionError, LookupError, ValueError) as error:
            yield source.finding(place, f"{name} cannot be filled in: {error}")
            return
        yield from _instance(source, question, instance, place)
    yield from _tests(source, topic, question, place)
    yield from _probes(source, topic, question, place)


def _seeds(question: content.Question) -> range:
    return SEEDS if question.params else _ONE_SEED


def _unknown_format(name: str) -> str:
    return f"unknown answer format {name!r}; use one of {', '.join(formats.FORMATS)}"


def _params(source: CourseSource, question: content.Question, place: Place) -> Iterator[Finding]:
    for name, spec in question.params.items():
        here = (*place, "params", name)
        if set(spec) not in ({"int"}, {"int", "not"}, {"of"}):
            yield source.finding(
                here, f"parameter {name!r} is {{int: [low, high]}}, with or without not, or {{of: [...]}}"
            )
        elif "of" in spec:
            if not spec["of"]:
                yield source.finding(here, f"parameter {name!r} has no value to draw from")
        elif len(spec["int"]) != 2 or not set(range(spec["int"][0], spec["int"][1] + 1)) - set(spec.get("not", [])):
            yield source.finding(here, f"parameter {name!r} has no value to draw from")
    if not question.params and (question.derived or question.where):
        yield source.finding(place, "derived and where are about parameters, and the question has none")
    for name in question.derived:
        if name in question.params:
            yield source.finding((*place, "derived", name), f"{name!r} is a parameter already")
    for at, condition in enumerate(question.where):
        try:
            holds(condition, dict.fromkeys([*question.params, *question.derived], 1))
        except ExpressionError as error:
            if "division by zero" not in str(error):
                yield source.finding((*place, "where", at), f"question {question.id!r}: {error}")


def _references(
    source: CourseSource, topic: content.Topic, question: content.Question, place: Place
) -> Iterator[Finding]:
    library = {error.id for one in source.course.topics for error in one.known_errors}
    own = {error.id for error in question.errors if error.id}
    for at, error in enumerate(question.errors):
        here = (*place, "errors", at)
        if (error.ref is None) == (error.id is None):
            yield source.finding(here, "an error has either a ref to the topic's library or an id of its own")
        for ref in (error.ref, error.probe_ref):
            if ref is not None and ref not in library:
                yield source.finding(here, f"there is no known error {ref!r} in the course")
        if error.id is not None and (error.match is None or error.probe_ref is None):
            yield source.finding(
                here, f"error {error.id!r} needs match (how it shows) and probe_ref (how it is treated)"
            )
        if error.id in library:
            yield source.finding(here, f"error {error.id!r} has the id of a library entry; use ref")
    for at, choice in enumerate(question.format.choices):
        if choice.known_error is not None and choice.known_error not in library | own:
            yield source.finding(
                (*place, "format", "choices", at), f"there is no known error {choice.known_error!r} in the course"
            )


def _instance(
    source: CourseSource, question: content.Question, instance: QuestionInstance, place: Place
) -> Iterator[Finding]:
    name = f"question {question.id!r}"
    example = f" (for example: {instance.prompt})" if question.params else ""
    form = formats.of(instance.format.type)
    for problem in form.problems(instance):
        yield source.finding((*place, "format"), f"{name}: {problem}{example}")
    # A value has no form: 7/2 is right where 3 1/2 is to be written.
    if check_answer(instance, instance.answer, typed=True).verdict not in {"correct", "form_issue"}:
        yield source.finding((*place, "answer"), f"{name}: its own answer is not judged correct{example}")
    for at, hint in enumerate(instance.hints):
        text = hint if isinstance(hint, str) else hint.ask
        last = at == len(instance.hints) - 1
        if not last and leaks(text, instance):
            yield source.finding(
                (*place, "hints", at), f"{name}: a hint before the last gives the answer away{example}"
            )
        if not last and not isinstance(hint, str) and hint.answer == instance.answer:
            yield source.finding(
                (*place, "hints", at), f"{name}: the sub-question has the question's own answer{example}"
            )
        yield from _readable(source, question, text, (*place, "hints", at), example)
    for at, choice in enumerate(instance.format.choices):
        if choice.feedback and leaks(choice.feedback, instance):
            yield source.finding(
                (*place, "format", "choices", at), f"{name}: the feedback of option {choice.id!r} gives the answer away"
            )
        yield from _readable(source, question, choice.text, (*place, "format", "choices", at), example)
    for error in instance.errors:
        values = [error.match] if error.match is not None else []
        values += [one.formula for one in error.detect if one.kind == "value"]
        for value in values:
            if check_answer(instance, value, typed=True).verdict in {"correct", "form_issue"}:
                yield source.finding(
                    (*place, "errors"), f"{name}: known error {error.known_error!r} has the right value{example}"
                )
        if error.say and leaks(error.say, instance):
            yield source.finding(
                (*place, "errors"), f"{name}: what is said of {error.known_error!r} gives the answer away{example}"
            )
    yield from _readable(source, question, instance.prompt, (*place, "prompt"), example)
    for at, line in enumerate(instance.solution):
        yield from _readable(source, question, line, (*place, "solution", at), example)


def _readable(
    source: CourseSource, question: content.Question, text: str, place: Place, example: str
) -> Iterator[Finding]:
    yield from pictures(source, text, place)
    yield from unclosed_formula(source, text, place)
    bad = _READS_BADLY.search(text) if question.params else None
    if bad:
        yield source.finding(place, f"reads badly: “{bad[0]}”{example}; choose the parameters or the signs differently")


def _tests(source: CourseSource, topic: content.Topic, question: content.Question, place: Place) -> Iterator[Finding]:
    name = f"question {question.id!r}"
    expected = {test.expect.partition(":")[0] for test in question.tests}
    if "correct" not in expected:
        yield source.finding(place, f"{name} has no test of a right answer")
    if not expected & {"wrong", "known_error", "partial"}:
        yield source.finding(place, f"{name} has no failing test: an answer that must not be accepted")
    for at, test in enumerate(question.tests):
        here = (*place, "tests", at)
        verdict, _, detail = test.expect.partition(":")
        if verdict not in get_args(VerdictName):
            yield source.finding(here, f"{verdict!r} is not a verdict; use one of {', '.join(get_args(VerdictName))}")
            continue
        for seed in _seeds(question):
            instance = instance_of(source.course, topic, question, seed, shuffle=False)
            try:
                given = fill(test.given, parameters(question, seed))
            except ExpressionError as error:
                yield source.finding(here, f"{name}: the test cannot be filled in: {error}")
                break
            got = check_answer(instance, given)
            if got.verdict != verdict or (detail and detail not in {got.known_error, got.intent, got.code}):
                shown = got.verdict + "".join(f":{one}" for one in (got.known_error or got.intent or got.code,) if one)
                yield source.finding(
                    here,
                    f"{name}: {given!r} is judged {shown}, expected {test.expect} (for example: {instance.prompt})",
                )
                break


def _probes(source: CourseSource, topic: content.Topic, question: content.Question, place: Place) -> Iterator[Finding]:
    parts = [f"probe:{error.ref or error.id}" for error in question.errors]
    parts += [f"probe:{choice.known_error}" for choice in question.format.choices if choice.known_error]
    parts += [f"scaffold:{at}" for at, hint in enumerate(question.hints) if isinstance(hint, content.Scaffold)]
    for part in parts:
        for seed in _seeds(question):
            try:
                instance = instance_of(source.course, topic, question, seed, part, shuffle=False)
            except (ExpressionError, LookupError, ValueError) as error:
                yield source.finding(place, f"question {question.id!r}: {part} cannot be asked: {error}")
                break
            problems = formats.of(instance.format.type).problems(instance)
            if problems or check_answer(instance, instance.answer, typed=True).verdict != "correct":
                why = problems[0] if problems else "its own answer is not judged correct"
                yield source.finding(place, f"question {question.id!r}: {part}: {why}")
                break
