"""``manage.py course``: check, load, export, list and import courses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress

from tutor import catalogue, course_rules
from tutor.course_export import files as exported
from tutor.course_files import collected
from tutor.course_format import CourseFormatError, CourseSource, Finding, read
from tutor.management import importing
from tutor.models import CourseFile
from tutor.publication import Publication, digests, plan, publish, store

#: Where the courses live that come with the project.
COURSES = Path(__file__).resolve().parents[2] / "courses"
#: Digests of their files, of which the tests say that they have no findings. Written by
#: ``cd tutor/courses && sha256sum */* >SHA256SUMS``
CHECKED = COURSES / "SHA256SUMS"


class Command(BaseCommand):
    help = "Courses: check, load, export, list, import (docs/courses.md, docs/importing.md)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        check = actions.add_parser("check", help="find what is wrong with courses: file and line of each finding")
        load = actions.add_parser("load", help="check courses and store what is new in them as a new version")
        for one in (check, load):
            one.add_argument(
                "paths", nargs="*", metavar="PATH", help="a course folder, a YAML file, or a demo course's slug"
            )
            one.add_argument("--demo", action="store_true", help="all courses that come with the project")
        load.add_argument("--dry-run", action="store_true", help="show what would change and store nothing")
        export = actions.add_parser("export", help="write a stored course into a folder, to edit and load it again")
        export.add_argument("slug")
        export.add_argument("folder", type=Path)
        # "--version" is Django's own.
        export.add_argument("--number", type=int, metavar="N", help="this version (default: the newest)")
        actions.add_parser("list", help="the courses that are stored")
        importing.add_arguments(actions.add_parser("import", help="make a course folder of other programs' questions"))

    def handle(self, *_: Any, **options: Any) -> None:
        match options["action"]:
            case "export":
                self._export(options["slug"], options["number"], options["folder"])
            case "list":
                self._list()
            case "import":
                importing.handle(options, self.stdout.write)
            case action:
                self._check_or_load(action == "load", options)

    # --- check and load --------------------------------------------------------------------------------------

    def _check_or_load(self, load: bool, options: dict[str, Any]) -> None:
        paths = [_path(name) for name in options["paths"]]
        if options["demo"] or not (load or paths):
            paths += sorted(folder.parent for folder in COURSES.glob("*/course.yaml"))
        if not paths:
            raise CommandError("Name a course folder, a YAML file or a demo course, or use --demo.")
        found: list[Finding] = []
        for path in paths:
            source, wrong = self._checked(path, load=load)
            found += wrong
            for finding in wrong:
                self.stderr.write(str(finding))
            if source is None or wrong:
                continue
            if load:
                self._load(source, dry_run=options["dry_run"])
            else:
                self.stdout.write(f"{path}: {_counted(source)}, no findings")
        if found:
            raise CommandError(f"{len(found)} finding{'s' if len(found) > 1 else ''}; correct them and try again.")

    def _checked(self, path: Path, *, load: bool) -> tuple[CourseSource | None, list[Finding]]:
        try:
            source = read(path)
        except CourseFormatError as error:
            return None, error.findings
        # Every start of a system comes here. What is stored was checked then, what came with a release in its tests.
        if load and (not _planned(source).created or _as_it_came(path)):
            return source, []
        with Progress(console=Console(stderr=True), transient=True, disable=not self.stderr.isatty()) as progress:
            bar = progress.add_task(f"Checking {path.name}", total=None)
            found = course_rules.findings(source, lambda done, total: progress.update(bar, completed=done, total=total))
        return source, found

    def _load(self, source: CourseSource, *, dry_run: bool) -> None:
        planned = _planned(source)
        self._show(planned)
        if dry_run:
            self.stdout.write("Nothing was stored: this was a dry run." if planned.created else "Nothing to store.")
        elif planned.created:
            stored = publish(source.course, store(collected(source.course, source.path.parent)))
            self.stdout.write(f"{stored.slug}: version {stored.version} loaded")

    def _show(self, planned: Publication) -> None:
        if not planned.created:
            self.stdout.write(f"{planned.slug}: version {planned.version} is up to date")
        elif planned.version > 1:
            self.stdout.write(f"{planned.slug}: from version {planned.version - 1} to {planned.version}")
            for change in planned.changes:
                self.stdout.write(f"  {change}")

    # --- export and list -------------------------------------------------------------------------------------

    def _export(self, slug: str, number: int | None, folder: Path) -> None:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CommandError(f"{folder} exists already; name a new or an empty folder.")
        try:
            version = catalogue.version(slug, number)
        except catalogue.UnknownCourse as error:
            raise CommandError(str(error)) from None
        texts = exported(catalogue.written_course(version))
        pictures = {path: bytes(CourseFile.objects.get(pk=digest).data) for path, digest in version.files.items()}
        for name, data in {**{name: text.encode() for name, text in texts.items()}, **pictures}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        self.stdout.write(f"{slug}: version {version.version} written to {folder} ({len(texts) + len(pictures)} files)")

    def _list(self) -> None:
        courses = catalogue.courses()
        for course in courses:
            counted = f"version {course['version']}, {course['topics']} topics, {course['questions']} questions"
            self.stdout.write(
                f"{course['slug']}: {course['title']} ({counted}, {course['licence'] or 'no licence named'})"
            )
        if not courses:
            self.stdout.write("No courses are stored; load one with: manage.py course load")


def _planned(source: CourseSource) -> Publication:
    # Whether the pictures are there is a finding, so the plan may not stumble over it.
    try:
        pictures = digests(collected(source.course, source.path.parent))
    except OSError:
        return Publication(slug=source.course.course.id, version=0, created=True)
    return plan(source.course, pictures)


def _path(name: str) -> Path:
    """A path as given, or the folder of the demo course with this slug."""
    path = Path(name)
    if not path.exists() and (COURSES / name / "course.yaml").exists():
        return COURSES / name
    return path


def _as_it_came(folder: Path) -> bool:
    """Whether this is a folder of a demo course in which nothing was changed, added or left out."""
    if folder.resolve().parent != COURSES:
        return False
    listed = (line.split("  ", 1) for line in CHECKED.read_text().splitlines())
    came = {name: digest for digest, name in listed if name.startswith(f"{folder.resolve().name}/")}
    files = (path.resolve() for path in folder.rglob("*") if path.is_file())
    return came == digests({path.relative_to(COURSES).as_posix(): path.read_bytes() for path in files})


def _counted(source: CourseSource) -> str:
    questions = sum(len(topic.questions) for topic in source.course.topics)
    return f"{len(source.course.topics)} topics, {questions} questions"
