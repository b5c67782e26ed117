"""``course export``, ``list`` and ``load --dry-run``; pictures travel with a course."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.unit.tutor.documented_course import documented_yaml
from tutor import catalogue
from tutor.course_format import read
from tutor.models import CourseFile, CourseVersion

pytestmark = pytest.mark.usefixtures("transactional_db")

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><script>alert(1)</script></svg>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The documented course with a picture."""
    catalogue.course.cache_clear()
    made = tmp_path / "adding"
    (made / "media").mkdir(parents=True)
    (made / "media" / "balance.svg").write_bytes(PICTURE)
    text = documented_yaml().replace(
        "body: Taking away undoes adding.", 'body: "![A level balance](media/balance.svg) Taking away undoes adding.'
    )
    text = text.replace("on both sides.\n        ask: What undoes", 'on both sides."\n        ask: What undoes')
    (made / "course.yaml").write_text(text, encoding="utf-8")
    return made


def course(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("course", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_what_was_exported_is_the_same_course(folder: Path, tmp_path: Path) -> None:
    course("load", folder)
    assert "2 files" in course("export", "adding", tmp_path / "out")
    assert read(tmp_path / "out").course == read(folder).course
    assert (tmp_path / "out" / "media" / "balance.svg").read_bytes() == PICTURE
    assert "up to date" in course("load", tmp_path / "out")


def test_an_export_overwrites_nothing(folder: Path) -> None:
    course("load", folder)
    with pytest.raises(CommandError, match="exists already"):
        course("export", "adding", folder)


def test_an_unknown_course_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no course 'nothing'"):
        course("export", "nothing", tmp_path / "out")


def test_an_older_version_can_be_exported(folder: Path, tmp_path: Path) -> None:
    course("load", folder)
    before = read(folder).course
    file = folder / "course.yaml"
    file.write_text(file.read_text().replace("difficulty: 0.3", "difficulty: 0.4"), encoding="utf-8")
    course("load", folder)
    course("export", "adding", tmp_path / "out", "--number", 1)
    assert read(tmp_path / "out").course == before


def test_a_dry_run_shows_the_changes_and_stores_nothing(folder: Path) -> None:
    course("load", folder)
    file = folder / "course.yaml"
    file.write_text(file.read_text().replace("Undo it with", "Now undo it with"), encoding="utf-8")
    (folder / "media" / "balance.svg").write_bytes(PICTURE + b" ")
    shown = course("load", "--dry-run", folder)
    assert "~ question solve: hints" in shown
    assert "~ file media/balance.svg" in shown
    assert CourseVersion.objects.count() == 1


def test_the_courses_are_listed(folder: Path) -> None:
    assert "No courses" in course("list")
    course("load", folder)
    assert "adding: Adding and taking away (version 1, 1 topics, 1 questions, CC-BY-4.0)" in course("list")


def test_a_picture_reaches_the_browser_and_can_do_nothing_there(folder: Path) -> None:
    course("load", folder)
    shown = catalogue.course("adding", 1).topics[0].materials[0].body
    assert "![A level balance](/courses/adding/1/media/balance.svg)" in shown
    response = Client().get("/courses/adding/1/media/balance.svg")
    assert (response.status_code, response.content, response["Content-Type"]) == (200, PICTURE, "image/svg+xml")
    assert "sandbox" in response["Content-Security-Policy"]
    assert "script-src" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert Client().get("/courses/adding/2/media/balance.svg").status_code == 404
    assert Client().get("/courses/adding/1/course.yaml").status_code == 404


def test_the_same_picture_is_stored_once(folder: Path) -> None:
    course("load", folder)
    file = folder / "course.yaml"
    file.write_text(file.read_text().replace("difficulty: 0.3", "difficulty: 0.4"), encoding="utf-8")
    course("load", folder)
    assert (CourseVersion.objects.count(), CourseFile.objects.count()) == (2, 1)
