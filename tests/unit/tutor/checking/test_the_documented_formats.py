"""The course of docs/answers.md has a question of every format that is not shown in docs/courses.md, and passes."""

from __future__ import annotations

import re
from pathlib import Path

from tutor.checking import formats
from tutor.course_format import CourseSource, parse
from tutor.course_rules import findings
from tutor.questions import instantiate

PAGE = Path(__file__).resolve().parents[4] / "docs" / "answers.md"


def _course() -> CourseSource:
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return parse(found[1], Path("course.yaml"))


def test_it_passes_its_own_tests() -> None:
    assert [str(finding) for finding in findings(_course())] == []


def test_every_format_is_shown() -> None:
    shown = {question.format.type for topic in _course().course.topics for question in topic.questions}

    assert shown | {"number", "choice", "short_text"} == set(formats.FORMATS)
    assert all(f"| `{name}` |" in PAGE.read_text(encoding="utf-8") for name in formats.FORMATS)


def test_what_a_client_gets_does_not_tell_the_answer() -> None:
    course = _course().course
    for topic in course.topics:
        for question in topic.questions:
            shown = str(instantiate(course, question.id, 1).learner_format())
            assert "terms" not in shown
            assert "expect" not in shown
