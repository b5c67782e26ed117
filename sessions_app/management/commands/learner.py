"""``manage.py learner``: everything that is kept of one learner, to take away or to erase (docs/privacy.md)."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis import RedisError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sessions_app.exceptions import SessionError
from sessions_app.personal_data import erasing, exporting

_WHO = "user name or number of the learner"


@contextmanager
def progress(what: str, unit: str) -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(file=sys.stderr)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        yield shown


class Command(BaseCommand):
    """Erasing may be stopped at any time and goes on where it was, by the same command or by the timer service."""

    help = "Export all that is kept of a learner, or erase it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.HelpFormatter
        actions = parser.add_subparsers(dest="action", required=True)
        export = actions.add_parser("export", help="write all that is kept of a learner as JSON Lines")
        export.add_argument("learner", metavar="WHO", help=_WHO)
        export.add_argument("--to", required=True, metavar="FILE", help="where to; .gz compresses, - is the terminal")
        erase = actions.add_parser("erase", help="erase all that a learner wrote and all that was made from it")
        erase.add_argument("learner", metavar="WHO", help=_WHO)
        erase.add_argument("--dry-run", action="store_true", help="say what would be cleared, and change nothing")
        erase.add_argument("--keep-account", action="store_true", help="the learner may go on, without a past")
        erase.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            learner = erasing.learner_of(options["learner"])
            if options["action"] == "export":
                self._export(learner, options["to"])
            else:
                self._erase(learner, options)
        except (SessionError, OSError) as error:
            raise CommandError(str(error)) from None
        except RedisError as error:
            raise CommandError(f"Redis cannot be reached ({error}); try again: it goes on where it was") from None

    def _export(self, learner: Any, to: str) -> None:
        with progress("Exporting", "lines") as shown:
            task = shown.add_task("", total=exporting.size_of(learner.pk))
            written = exporting.write(learner, to, lambda lines: shown.update(task, completed=lines))
        if to != "-":
            self.stdout.write(f"{written:,} lines in {to}")

    def _erase(self, learner: Any, options: dict[str, Any]) -> None:
        keeps = options["keep_account"]
        for place, rows in erasing.planned(learner.pk, keeps_account=keeps):
            self.stdout.write(f"{rows:>10,}  {place}")
        if options["dry_run"]:
            self.stdout.write("Nothing was changed.")
            return
        if not options["yes"] and not self._sure(learner):
            raise CommandError("nothing was erased")
        erasure = erasing.begin(learner.pk, asked_by=f"{getpass.getuser()} (manage.py)", keeps_account=keeps)
        with progress("Erasing", "sessions") as shown:
            task = shown.add_task("", total=max(erasure.sessions, 1))
            done = erasure
            for done in erasing.carry_out(erasure):
                shown.update(task, completed=done.erased, total=max(done.sessions, 1))
        self.stdout.write(f"Erased {done.erased} session{'' if done.erased == 1 else 's'}.")

    def _sure(self, learner: Any) -> bool:
        name: str = learner.get_username()
        try:
            return input(f"This cannot be undone. Type {name} to erase all of it: ") == name
        except EOFError:
            return False
