"""The example of docs/courses.md, so that what the page shows is what works."""

from __future__ import annotations

import re
from pathlib import Path

from tutor.course_format import CourseSource, parse

PAGE = Path(__file__).resolve().parents[3] / "docs" / "courses.md"


def documented_yaml() -> str:
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def documented_course(*changes: tuple[str, str]) -> CourseSource:
    """The example with texts replaced; each has to be there."""
    text = documented_yaml()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return parse(text, Path("course.yaml"))
