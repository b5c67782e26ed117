"""What a course has to fulfil before learners see it. Each rule is one function that yields its findings.

The rules of single questions are in ``question_rules``, those of every text in ``text_rules``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from tutor import course as content
from tutor import question_rules
from tutor.course_format import CourseSource, Finding, Place
from tutor.text_rules import picture, prose

MAX_MATERIAL_WORDS = 120

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NESTED_REPEAT = re.compile(r"\([^()]*[+*][^()]*\)[+*{]")

Report = Callable[[int, int], None]


def findings(source: CourseSource, report: Report | None = None) -> list[Finding]:
    """Everything wrong with the course, in the order of the file. ``report(done, total)`` is called per question."""
    found = list(_course_wide(source))
    total = sum(len(topic.questions) for topic in source.course.topics)
    done = 0
    for topic_at, topic in enumerate(source.course.topics):
        found += _topic(source, topic, ("topics", topic_at))
        for at, question in enumerate(topic.questions):
            found += question_rules.findings(source, topic, question, ("topics", topic_at, "questions", at))
            done += 1
            if report is not None:
                report(done, total)
    files = list(dict.fromkeys(str(file) for file, _ in source.spots.values()))
    unique = {(finding.file, finding.line, finding.message): finding for finding in found}
    return sorted(unique.values(), key=lambda finding: (files.index(finding.file), finding.line))


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
        yield from picture(source, material.path, place)
    elif material.kind != "text":
        yield source.finding(place, f"the kind of a material is text or file, not {material.kind!r}")
    elif not material.body.strip():
        yield source.finding(place, f"material {material.id!r} has no text")
    yield from prose(source, material.body, place)


def _known_error(
    source: CourseSource, topic: content.Topic, error: content.KnownError, place: Place
) -> Iterator[Finding]:
    name = f"known error {error.id!r}"
    for text in (error.say, error.contrast, *error.remedy):
        yield from prose(source, text, place)
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
