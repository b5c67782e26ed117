"""``manage.py course import``: its arguments, its progress bar and what it says in the end."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tutor.importing import oatutor
from tutor.importing.building import Outcome
from tutor.importing.conversion import Reader, Target, convert, outcomes
from tutor.importing.gift import Gift
from tutor.importing.item import Refused
from tutor.importing.journal import FILE_NAME
from tutor.importing.moodle_xml import MoodleXml
from tutor.importing.oatutor import ContentPool

#: Reasons shown per kind of outcome; the journal has all.
_SHOWN = 12


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("format", choices=["oatutor", "moodle-xml", "gift"])
    parser.add_argument("source", type=Path, help="a folder of OATutor's content, or a file of Moodle's")
    parser.add_argument("folder", type=Path, help="where the course is written; an import that broke off goes on there")
    parser.add_argument("--course", help="oatutor: which course of the pool, by its name")
    parser.add_argument("--id", help="the new course's id (default: from its title)")
    parser.add_argument("--title", help="the new course's title (default: as in the source)")
    parser.add_argument("--lang", help="its language (default: as in the source, else en)")
    parser.add_argument("--licence", default="", help="moodle-xml, gift: under which licence you may use it")
    parser.add_argument(
        "--from", dest="origin", default="", help="moodle-xml, gift: whose work it is, for the attribution"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would become of each item and write nothing")


def handle(options: dict[str, Any], say: Callable[[str], object]) -> None:
    """Import as the options say. Raises ``CommandError``."""
    source: Path = options["source"]
    try:
        reader = _reader(options)
        title = options["title"] or reader.title
        target = Target(
            id=options["id"] or _slug(title),
            title=title,
            lang=options["lang"] or reader.lang,
            licence=oatutor.LICENCE if options["format"] == "oatutor" else options["licence"],
            source=oatutor.SOURCE if options["format"] == "oatutor" else options["origin"],
        )
        summary = _Summary()
        with _progress() as progress:
            total = sum(1 for _ in reader.items())
            bar = progress.add_task(f"Importing {title}", total=total)

            def report(outcome: Outcome) -> None:
                summary.add(outcome)
                progress.advance(bar)

            if options["dry_run"]:
                for outcome in outcomes(reader.items()):
                    report(outcome)
            else:
                header = {
                    "format": options["format"],
                    "source": source.name,
                    "course": options["course"],
                    "digest": _digest(source),
                }
                course = convert(reader, target, options["folder"], header, report)
    except Refused as reason:
        raise CommandError(str(reason)) from None
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from None
    summary.write(say)
    if options["dry_run"]:
        say("Nothing was written: this was a dry run.")
        return
    questions = sum(len(topic.questions) for topic in course.topics)
    say(f"{options['folder']}: course {target.id}, {len(course.topics)} topics, {questions} questions")
    say(f"{options['folder'] / FILE_NAME} tells for each item what became of it.")
    say(f"Next: manage.py course check {options['folder']}")


class _Summary:
    """Counts of outcomes and of their reasons."""

    def __init__(self) -> None:
        self._outcomes: Counter[str] = Counter()
        self._reasons: dict[str, Counter[str]] = {"degraded": Counter(), "refused": Counter()}

    def add(self, outcome: Outcome) -> None:
        self._outcomes[outcome.outcome] += 1
        if outcome.outcome in self._reasons:
            # Reasons that differ only in what they quote are one reason.
            self._reasons[outcome.outcome].update({re.sub(r"(['\"]).*?\1|\d+", "…", why) for why in outcome.why})

    def write(self, say: Callable[[str], object]) -> None:
        for name in ("imported", "degraded", "refused"):
            say(f"{self._outcomes[name]:>7,} {name}")
            reasons = self._reasons.get(name, Counter()).most_common()
            for why, count in reasons[:_SHOWN]:
                say(f"        {count:>7,} {why}")
            if len(reasons) > _SHOWN:
                say(f"        and {len(reasons) - _SHOWN} other reasons")


def _reader(options: dict[str, Any]) -> Reader:
    match options["format"]:
        case "oatutor":
            return ContentPool(options["source"], options["course"])
        case "moodle-xml":
            return MoodleXml(options["source"])
        case _:
            return Gift(options["source"])


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not Console(stderr=True).is_terminal,
    )


def _digest(source: Path) -> str:
    """Tells one source from another: a file's bytes, a folder's list of files and sizes."""
    found = hashlib.sha256()
    if source.is_file():
        found.update(source.read_bytes())
    else:
        for file in sorted(source.glob("*.json")):
            found.update(file.read_bytes())
        for file in sorted((source / "content-pool").glob("*/*.json")):
            found.update(f"{file.name} {file.stat().st_size}\n".encode())
    return found.hexdigest()


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "imported"
