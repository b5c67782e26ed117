from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from tests.unit.tutor.documented_course import documented_course, documented_yaml
from tutor import catalogue
from tutor.management.commands import course as command
from tutor.models import Course, CourseVersion

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def _fresh_catalogue() -> Iterator[None]:
    catalogue.course.cache_clear()
    yield
    catalogue.course.cache_clear()


def load(*arguments: str) -> str:
    out = io.StringIO()
    call_command("course", "load", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "course.yaml"
    path.write_text(documented_yaml(), encoding="utf-8")
    return path


def test_loading_twice_changes_nothing(file: Any) -> None:
    assert "version 1 loaded" in load(str(file))
    assert "up to date" in load(str(file))
    assert CourseVersion.objects.count() == 1


def test_a_changed_course_is_a_new_version_and_the_old_one_stays(file: Any) -> None:
    load(str(file))
    before = catalogue.course("adding", 1)
    changed = documented_yaml().replace("difficulty: 0.3", "difficulty: 0.4").replace("title: Adding", "title: Plus")
    file.write_text(changed, encoding="utf-8")
    assert "  ~ question solve: difficulty" in load(str(file.parent))
    catalogue.course.cache_clear()
    assert catalogue.course("adding", 1) == before == documented_course().course
    assert catalogue.latest("adding").version == 2
    assert [
        (row["slug"], row["title"], row["version"], row["topics"], row["questions"]) for row in catalogue.courses()
    ] == [("adding", "Plus and taking away", 2, 1, 1)]


def test_a_course_with_findings_is_not_loaded(file: Any) -> None:
    file.write_text(documented_yaml().replace("expect: form_issue", "expect: wrong"), encoding="utf-8")
    with pytest.raises(CommandError, match="1 finding"):
        load(str(file))
    assert not Course.objects.exists()


def test_the_database_refuses_to_change_a_version(file: Any) -> None:
    load(str(file))
    with pytest.raises(DatabaseError, match="never changes"):
        CourseVersion.objects.update(content="{}")


def test_the_demo_courses_load() -> None:
    assert "linear-equations: version 1 loaded" in load("--demo")
    assert catalogue.latest("linear-equations").questions >= 24


def test_a_demo_course_that_somebody_changed_is_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    courses = tmp_path / "courses"
    shutil.copytree(command.COURSES, courses)
    monkeypatch.setattr(command, "COURSES", courses)
    file = courses / "plants" / "course.yaml"
    file.write_text(file.read_text().replace("difficulty: 0.", "difficulty: 7."))

    with pytest.raises(CommandError, match="finding"):
        load("plants")
    assert "version 1 loaded" in load("fractions")


@pytest.mark.parametrize("ask", [lambda: catalogue.latest("nothing"), lambda: catalogue.course("nothing", 1)])
def test_an_unknown_course_is_said(ask: Any) -> None:
    with pytest.raises(catalogue.UnknownCourse, match="nothing"):
        ask()


def test_the_admin_changes_nothing_by_hand(file: Any, rf: Any) -> None:
    load(str(file))
    admin: Any = site.get_model_admin(CourseVersion)
    request = rf.get("/")
    assert not admin.has_add_permission(request)
    assert not admin.has_change_permission(request)
    assert not admin.has_delete_permission(request)
