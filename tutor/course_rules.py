"""What a course has to fulfil before learners see it. Each rule is one function that yields its findings.

Templates are tried with ``SEEDS`` different draws: a slip that shows in one of many instances is found here and not by
a learner.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import get_args

from tutor import course as content
from tutor.checking import check as check_answer
from tutor.checking import formats
from tutor.course_format import CourseSource, Finding, Place
from tutor.expressions import ExpressionError
from tutor.interactions import Verdict as VerdictName
from tutor.leak_gate import leaks
from tutor.placeholders import fill
from tutor.questions import QuestionInstance, instantiate, parameters
from tutor.reading_level import grade_level, highest_grade

SEEDS = range(24)
MAX_MATERIAL_WORDS = 120
#: Words below which a text is too short to be graded for reading.
MIN_GRADED_WORDS = 40
#: Grades above the band that are still let pass: the measure itself is no finer.
READING_SLACK = 1.0

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_IMAGE_WITHOUT_ALT = re.compile(r"!\[\s*\]\(")
_NESTED_REPEAT = re.compile(r"\([^()]*[+*][^()]*\)[+*{]")
#: ``1x``, ``0x``, ``+ -3``: a template whose draws were not thought through.
_READS_BADLY = re.compile(r"(?<![\d.,])[01][a-z](?![A-Za-z])|[-+]\s*-\s*\d|(?<![\d.,])[-+] 0(?![\d.,])")

Report = Callable[[int, int], None]


def findings(source: CourseSource, report: Report | None = None) -> list[Finding]:
    """Everything wrong with the course, in the order of the file. ``report(done, total)`` is called per question."""
    found = list(_course_wide(source))
    total = sum(len(topic.questions) for topic in source.course.topics)
    done = 0
    for topic_at, topic in enumerate(source.course.topics):
        found += _topic(source, topic, ("topics", topic_at))
        for at, question in enumerate(topic.questions):
            found += _question(source, topic, question, ("topics", topic_at, "questions", at))
            done += 1
            if report is not None:
                report(done, total)
    unique = {(finding.line, finding.message): finding for finding in found}
    return sorted(unique.values(), key=lambda finding: finding.line)


# --- the course as a whole ---------------------------------------------------------------------------------------


def _course_wide(source: CourseSource) -> Iterator[Finding]:
    course = source.course
    if not _SLUG.fullmatch(course.course.id):
        yield source.finding(("course", "id"), "a course's id has small letters, digits and single hyphens only")
    if not course.topics:
        yield source.finding(("topics",), "a course needs at least one topic")
    yield from _unique_ids(source)
    known = {skill.id for skill in course.skills}
    for at, skill in enumerate(course.skills):
        for prerequisite in skill.prereq:
            if prerequisite not in known:
                yield source.finding(("skills", at), f"skill {skill.id!r} needs the unknown skill {prerequisite!r}")
    yield from _prerequisite_cycles(source)


def _unique_ids(source: CourseSource) -> Iterator[Finding]:
    course = source.course
    places: list[tuple[str, str, Place]] = []
    places += [("skill", skill.id, ("skills", at)) for at, skill in enumerate(course.skills)]
    for at, topic in enumerate(course.topics):
        here: Place = ("topics", at)
        places.append(("topic", topic.id, here))
        places += [("material", one.id, (*here, "materials", n)) for n, one in enumerate(topic.materials)]
        places += [("known error", one.id, (*here, "known_errors", n)) for n, one in enumerate(topic.known_errors)]
        places += [("question", one.id, (*here, "questions", n)) for n, one in enumerate(topic.questions)]
    counted = Counter((kind, key) for kind, key, _ in places)
    for kind, key, place in places:
        if not _ID.fullmatch(key):
            yield source.finding(place, f"the id {key!r} of a {kind} has letters, digits, '_', '-' and '.' only")
        if counted[kind, key] > 1:
            yield source.finding(place, f"there are several {kind}s with the id {key!r}")


def _prerequisite_cycles(source: CourseSource) -> Iterator[Finding]:
    needs = {skill.id: skill.prereq for skill in source.course.skills}
    for at, skill in enumerate(source.course.skills):
        seen: set[str] = set()
        waiting = list(skill.prereq)
        while waiting:
            one = waiting.pop()
            if one == skill.id:
                yield source.finding(("skills", at), f"skill {skill.id!r} is its own prerequisite")
                break
            if one not in seen:
                seen.add(one)
                waiting += needs.get(one, [])


# --- topics ------------------------------------------------------------------------------------------------------


def _topic(source: CourseSource, topic: content.Topic, place: Place) -> Iterator[Finding]:
    known = {skill.id for skill in source.course.skills}
    asked = {skill for question in topic.questions for skill in question.skills}
    if not topic.skills:
        yield source.finding(place, f"topic {topic.id!r} teaches no skill")
    for skill in topic.skills:
        if skill not in known:
            yield source.finding((*place, "skills"), f"topic {topic.id!r} teaches the unknown skill {skill!r}")
        elif skill not in asked:
            yield source.finding((*place, "skills"), f"no question of topic {topic.id!r} asks for skill {skill!r}")
    if not topic.questions:
        yield source.finding(place, f"topic {topic.id!r} has no question")
    for at, material in enumerate(topic.materials):
        yield from _material(source, material, (*place, "materials", at))
    for at, error in enumerate(topic.known_errors):
        yield from _known_error(source, topic, error, (*place, "known_errors", at))


def _material(source: CourseSource, material: content.Material, place: Place) -> Iterator[Finding]:
    words = len(material.body.split())
    if words > MAX_MATERIAL_WORDS:
        yield source.finding(
            place, f"material {material.id!r} has {words} words; a chunk has at most {MAX_MATERIAL_WORDS}: split it"
        )
    if material.kind == "file":
        if not material.alt.strip():
            yield source.finding(place, f"material {material.id!r} needs an alt text for those who cannot see it")
        if not material.path or not _inside(source, material.path):
            yield source.finding(place, f"the file {material.path!r} of material {material.id!r} is not in the course")
    elif material.kind != "text":
        yield source.finding(place, f"the kind of a material is text or file, not {material.kind!r}")
    elif not material.body.strip():
        yield source.finding(place, f"material {material.id!r} has no text")
    yield from _prose(source, material.body, place)


def _inside(source: CourseSource, path: str) -> bool:
    folder = source.path.parent.resolve()
    file = (folder / path).resolve()
    return file.is_relative_to(folder) and file.is_file()


def _prose(source: CourseSource, text: str, place: Place) -> Iterator[Finding]:
    if _IMAGE_WITHOUT_ALT.search(text):
        yield source.finding(place, "an image needs an alt text: ![what it shows](path)")
    yield from _math_closed(source, text, place)
    limit = highest_grade(source.course.course.grade_band)
    if limit is not None and len(text.split()) >= MIN_GRADED_WORDS:
        level = grade_level(text)
        if level > limit + READING_SLACK:
            yield source.finding(
                place,
                f"reads like grade {level:.0f}, above the band {source.course.course.grade_band}: "
                "use shorter sentences and words",
            )


def _math_closed(source: CourseSource, text: str, place: Place) -> Iterator[Finding]:
    if text.replace("\\$", "").count("$") % 2:
        yield source.finding(place, "a formula is opened with $ and not closed")


def _known_error(
    source: CourseSource, topic: content.Topic, error: content.KnownError, place: Place
) -> Iterator[Finding]:
    name = f"known error {error.id!r}"
    for text in (error.say, error.contrast, *error.remedy):
        yield from _prose(source, text, place)
    if not error.remedy and not error.contrast:
        yield source.finding(place, f"{name} has neither contrast nor remedy: there is nothing to treat it with")
    if error.probe is None:
        yield source.finding(place, f"{name} has no probe: the one question that exposes it")
    for at, detector in enumerate(error.detect):
        yield from _detector(source, detector, name, (*place, "detect", at))
    used = [question for question in topic.questions for one in question.errors if error.id in {one.ref, one.probe_ref}]
    by_choice = [
        question for question in topic.questions for choice in question.format.choices if choice.known_error == error.id
    ]
    if not used and not by_choice:
        yield source.finding(place, f"{name} is not used by any question of its topic")


def _detector(source: CourseSource, detector: content.Detector, name: str, place: Place) -> Iterator[Finding]:
    if detector.kind == "value":
        if not detector.formula:
            yield source.finding(place, f"a value detector of {name} needs a formula")
    elif detector.kind == "regex":
        try:
            re.compile(detector.pattern)
        except re.error as error:
            yield source.finding(place, f"the pattern of {name} is not a regular expression: {error}")
        if not detector.pattern or _NESTED_REPEAT.search(detector.pattern):
            yield source.finding(
                place, f"the pattern of {name} is empty or repeats a repetition, which can take for ever"
            )
    else:
        yield source.finding(place, f"a detector of {name} is of kind value or regex, not {detector.kind!r}")


# --- questions ---------------------------------------------------------------------------------------------------


def _question(
    source: CourseSource, topic: content.Topic, question: content.Question, place: Place
) -> Iterator[Finding]:
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
    for seed in SEEDS:
        try:
            instance = instantiate(source.course, question.id, seed, shuffle=False)
        except (ExpressionError, LookupError, ValueError) as error:
            yield source.finding(place, f"{name} cannot be filled in: {error}")
            return
        yield from _instance(source, question, instance, place)
    yield from _tests(source, question, place)
    yield from _probes(source, question, place)


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
    if check_answer(instance, instance.answer, typed=True).verdict != "correct":
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
        yield from _readable(source, text, (*place, "hints", at), example)
    for at, choice in enumerate(instance.format.choices):
        if choice.feedback and leaks(choice.feedback, instance):
            yield source.finding(
                (*place, "format", "choices", at), f"{name}: the feedback of option {choice.id!r} gives the answer away"
            )
        yield from _readable(source, choice.text, (*place, "format", "choices", at), example)
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
    yield from _readable(source, instance.prompt, (*place, "prompt"), example)
    for at, line in enumerate(instance.solution):
        yield from _readable(source, line, (*place, "solution", at), example)


def _readable(source: CourseSource, text: str, place: Place, example: str) -> Iterator[Finding]:
    if _IMAGE_WITHOUT_ALT.search(text):
        yield source.finding(place, "an image needs an alt text: ![what it shows](path)")
    yield from _math_closed(source, text, place)
    bad = _READS_BADLY.search(text)
    if bad:
        yield source.finding(place, f"reads badly: “{bad[0]}”{example}; choose the parameters or the signs differently")


def _tests(source: CourseSource, question: content.Question, place: Place) -> Iterator[Finding]:
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
        for seed in SEEDS:
            instance = instantiate(source.course, question.id, seed, shuffle=False)
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


def _probes(source: CourseSource, question: content.Question, place: Place) -> Iterator[Finding]:
    parts = [f"probe:{error.ref or error.id}" for error in question.errors]
    parts += [f"probe:{choice.known_error}" for choice in question.format.choices if choice.known_error]
    parts += [f"scaffold:{at}" for at, hint in enumerate(question.hints) if isinstance(hint, content.Scaffold)]
    for part in parts:
        for seed in SEEDS:
            try:
                instance = instantiate(source.course, question.id, seed, part, shuffle=False)
            except (ExpressionError, LookupError, ValueError) as error:
                yield source.finding(place, f"question {question.id!r}: {part} cannot be asked: {error}")
                break
            problems = formats.of(instance.format.type).problems(instance)
            if problems or check_answer(instance, instance.answer, typed=True).verdict != "correct":
                why = problems[0] if problems else "its own answer is not judged correct"
                yield source.finding(place, f"question {question.id!r}: {part}: {why}")
                break
