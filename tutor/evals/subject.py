"""The course question a case is about, where it is about one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from tutor.course import Course
from tutor.course_format import read
from tutor.evals.case import Case
from tutor.evals.exceptions import BadOptions
from tutor.questions import QuestionInstance, UnknownQuestion, instantiate

#: The courses that come with the project.
COURSES = Path(__file__).resolve().parents[1] / "courses"


@lru_cache(maxsize=32)
def course(name: str) -> Course:
    """A course by the path of its folder or by the slug of a shipped one. Raises ``BadOptions``."""
    path = Path(name)
    folder = path if (path / "course.yaml").exists() else COURSES / name
    if not (folder / "course.yaml").exists():
        raise BadOptions(f"there is no course {name!r}: give a folder with a course.yaml, or one of {shipped()}")
    return read(folder).course


def shipped() -> list[str]:
    """The slugs of the courses that come with the project."""
    return sorted(path.parent.name for path in COURSES.glob("*/course.yaml"))


def question_of(case: Case, question: QuestionInstance | Mapping[str, Any] | None = None) -> QuestionInstance | None:
    """The question given, or the one the case's metadata name; None where the case is about none.

    In a dataset a question is ``{course: linear-equations, id: os-add, seed: 3, part: main}``. Raises ``BadOptions``.
    """
    named = question if question is not None else case.metadata.get("question")
    if named is None or isinstance(named, QuestionInstance):
        return named
    try:
        return instantiate(
            course(named["course"]), named["id"], int(named.get("seed", 1)), str(named.get("part", "main"))
        )
    except (KeyError, TypeError) as error:
        raise BadOptions(f"a question is {{course: …, id: …, seed: …}}; {error} is missing") from None
    except UnknownQuestion as error:
        raise BadOptions(str(error)) from None


def needed(case: Case, question: QuestionInstance | Mapping[str, Any] | None, metric: str) -> QuestionInstance:
    """The question a metric cannot do without. Raises ``BadOptions``."""
    found = question_of(case, question)
    if found is None:
        raise BadOptions(f"{metric} needs a question: question=…, or a case whose metadata name one")
    return found
