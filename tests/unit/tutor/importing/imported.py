"""Imports for tests: outcomes by their place, questions as the course has them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tutor import course as content
from tutor import course_rules
from tutor.course_format import CourseSource
from tutor.importing.building import Outcome
from tutor.importing.conversion import Reader, Target, assembled, outcomes
from tutor.importing.item import Refused

TARGET = Target(id="imported", title="Imported")


def become(reader: Reader) -> list[Outcome]:
    """What becomes of every item. The course that they make keeps every rule."""
    found = list(outcomes(reader.items()))
    try:
        course = assembled(TARGET, found)
    except Refused:
        return found
    files = frozenset(path for outcome in found for path in outcome.files)
    source = CourseSource(Path("imported"), course, {}, files)
    assert [str(finding) for finding in course_rules.findings(source)] == []
    return found


def question(outcome: Outcome) -> content.Question:
    assert outcome.question is not None, outcome.why
    return msgspec.convert(outcome.question, content.Question)
