"""``manage.py retention``: erases what was kept long enough (docs/privacy.md)."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_app.management.commands.learner import progress
from sessions_app.personal_data import retention
from tutor.models import Course


def _days(text: str) -> int | None:
    if text == "default":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of days; 0 keeps for ever, default is the deployment's"
        )
    return int(text)


class Command(BaseCommand):
    """May be stopped at any time: each session is erased whole or not at all. The timer service does the same."""

    help = "Erase the text of sessions that ended longer ago than their course's retention says."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be erased, and change nothing")
        parser.add_argument(
            "--course", metavar="SLUG", help="with --days: set how long this course's sessions are kept"
        )
        parser.add_argument("--days", type=_days, metavar="DAYS", help="0: for ever; default: as the deployment says")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["course"] is not None:
            self._set(options["course"], options["days"])
            return
        for one in retention.kept():
            days = f"{one.days} days after its end" if one.days else "for ever"
            self.stdout.write(
                f"{one.course}: kept {days}; {one.sessions:,} sessions with text, {one.live:,} of them not ended"
            )
        if not options["dry_run"]:
            ended = sum(1 for _ in retention.end_abandoned())
            self.stdout.write(f"Ended {ended:,} that were abandoned." if ended else "None was abandoned.")
        found = Counter[str]()
        interactions = 0
        for due in retention.planned():
            found[due.course] += 1
            interactions += due.interactions
        if options["dry_run"]:
            for course, sessions in sorted(found.items()):
                self.stdout.write(f"{course}: {sessions:,} sessions would be erased")
            self.stdout.write(f"{found.total():,} sessions, about {interactions:,} interactions. Nothing was changed.")
            return
        erased = 0
        with progress("Erasing", "sessions") as shown:
            task = shown.add_task("", total=max(found.total(), 1))
            for _ in retention.erase():
                erased += 1
                shown.update(task, completed=erased)
        self.stdout.write(f"Erased {erased:,} session{'' if erased == 1 else 's'}.")
        if erased < found.total():
            raise CommandError(f"{found.total() - erased} sessions could not be erased; the log says why")

    def _set(self, slug: str, days: int | None) -> None:
        if not Course.objects.filter(slug=slug).update(retention_days=days):
            raise CommandError(f"There is no course {slug!r}.")
        default = settings.TUTOR_RETENTION_DAYS
        told = f"as the deployment says ({default or 'for ever'})" if days is None else days or "for ever"
        self.stdout.write(f"{slug}: days after the end of a session: {told}")
