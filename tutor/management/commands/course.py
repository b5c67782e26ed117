"""``manage.py course check`` and ``manage.py course load``: courses from their files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tutor import course_rules
from tutor.course_format import CourseFormatError, CourseSource, Finding, read
from tutor.publication import Publication, is_up_to_date, publish

#: Where the courses live that come with the project.
COURSES = Path(__file__).resolve().parents[2] / "courses"


class Command(BaseCommand):
    help = "Check courses (course check PATH or slug …) or check and load them (course load PATH … | --demo)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["check", "load"])
        parser.add_argument(
            "paths", nargs="*", metavar="PATH", help="a course folder, a YAML file, or a demo course's slug"
        )
        parser.add_argument("--demo", action="store_true", help="all courses that come with the project")
        parser.formatter_class = argparse.HelpFormatter

    def handle(self, *_: Any, **options: Any) -> None:
        paths = [_path(name) for name in options["paths"]]
        if options["demo"] or (options["action"] == "check" and not paths):
            paths += sorted(folder.parent for folder in COURSES.glob("*/course.yaml"))
        if not paths:
            raise CommandError("Name a course folder, a YAML file or a demo course, or use --demo.")
        found: list[Finding] = []
        for path in paths:
            source, wrong = self._checked(path, load=options["action"] == "load")
            found += wrong
            for finding in wrong:
                self.stderr.write(str(finding))
            if source is not None and not wrong:
                if options["action"] == "load":
                    self._published(publish(source.course))
                else:
                    self.stdout.write(f"{path}: {_counted(source)}, no findings")
        if found:
            raise CommandError(f"{len(found)} finding{'s' if len(found) > 1 else ''}; correct them and try again.")

    def _checked(self, path: Path, *, load: bool) -> tuple[CourseSource | None, list[Finding]]:
        try:
            source = read(path)
        except CourseFormatError as error:
            return None, error.findings
        if load and is_up_to_date(source.course):
            return source, []  # checked when it was stored; every start of a system comes here
        found = course_rules.findings(source, self._progress if self.stderr.isatty() else None)
        return source, found

    def _progress(self, done: int, total: int) -> None:
        self.stderr.write(f"\r  checking question {done} of {total}", ending="\r\033[K" if done == total else "")
        self.stderr.flush()

    def _published(self, publication: Publication) -> None:
        name = f"{publication.slug}: version {publication.version}"
        if not publication.created:
            self.stdout.write(f"{name} is up to date")
            return
        self.stdout.write(f"{name} loaded")
        if publication.version > 1:
            for sign, questions in (("+", publication.added), ("-", publication.removed), ("~", publication.changed)):
                for question in questions:
                    self.stdout.write(f"  {sign} {question}")


def _path(name: str) -> Path:
    """A path as given, or the folder of the demo course with this slug."""
    path = Path(name)
    if not path.exists() and (COURSES / name / "course.yaml").exists():
        return COURSES / name
    return path


def _counted(source: CourseSource) -> str:
    questions = sum(len(topic.questions) for topic in source.course.topics)
    return f"{len(source.course.topics)} topics, {questions} questions"
