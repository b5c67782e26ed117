"""``manage.py verify_sessions``: the rows of all sessions against their logs."""

from __future__ import annotations

import sys
import time
import uuid
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sessions_app import verification
from sessions_app.exceptions import SessionError
from sessions_app.verification import Divergence, NotRepairable, Verified

#: Divergences that are listed; the others are counted.
_LISTED = 20


@dataclass(slots=True)
class Summary:
    """What a run came to; with ``--json`` printed as it is."""

    sessions: int = 0
    interactions: int = 0
    #: Interactions whose text was erased, and the sessions that have some.
    erased: int = 0
    erased_sessions: int = 0
    #: Sessions that do not agree with their log (after the repair, where one was asked for).
    divergent: int = 0
    first: dict[str, Any] | None = None
    divergences: list[dict[str, Any]] = field(default_factory=list)
    repaired: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    interactions_per_s: int = 0


def _plain(one: Divergence) -> dict[str, Any]:
    return {"session": str(one.session), "seq": one.seq, "part": one.part, "what": one.what}


def _moment(text: str) -> datetime:
    day = parse_date(text) if len(text) == len("2026-01-31") else None
    found = datetime(day.year, day.month, day.day) if day is not None else parse_datetime(text)  # noqa: DTZ001
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no date or time; write 2026-01-31 or 2026-01-31T08:00")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} must be a whole number from 1")
    return int(text)


class Command(BaseCommand):
    """Exits with 1, naming the first divergence, where anything diverges; goes on to count the others."""

    help = (
        "Fold the log of every session and compare it with the session's row, timers and calls. May run beside the "
        "live system. With --repair, rebuild rows that differ from their logs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--session", type=uuid.UUID, action="append", metavar="ID", help="only this one; repeatable"
        )
        parser.add_argument("--since", type=_moment, metavar="TIME", help="only sessions that changed since then")
        parser.add_argument(
            "--batch", type=_positive, default=100, metavar="N", help="sessions read in one snapshot (100)"
        )
        parser.add_argument("--repair", action="store_true", help="rebuild rows from their logs, never the other way")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        only: list[uuid.UUID] | None = options["session"]
        total = verification.selected(only, options["since"]).aggregate(sessions=Count("id"), interactions=Sum("head"))
        if only is not None and options["since"] is None and total["sessions"] < len(set(only)):
            known = set(verification.selected(only).values_list("id", flat=True))
            missing = next(one for one in only if one not in known)
            raise CommandError(f"There is no session {missing}; its id is on its page in the admin.")
        summary, began = Summary(), time.monotonic()
        results = verification.verify(only, since=options["since"], batch=options["batch"])
        for one in self._shown(results, total["sessions"], total["interactions"] or 0):
            self._take(one, summary, repair=options["repair"])
        summary.seconds = round(time.monotonic() - began, 3)
        summary.interactions_per_s = round(summary.interactions / max(summary.seconds, 0.001))
        if options["json"]:
            self.stdout.write(msgspec.json.format(msgspec.json.encode(summary)).decode())
        else:
            self._tell(summary)
        if summary.first is not None:
            first = summary.first
            raise CommandError(
                f"{_counted(summary.divergent, 'session')} of {summary.sessions} diverge"
                f"{'s' if summary.divergent == 1 else ''}. The first: session {first['session']}, "
                f"interaction {first['seq']}: {first['what']}"
            )

    def _shown(self, results: Iterable[Verified], sessions: int, interactions: int) -> Iterator[Verified]:
        """The same results, with a progress bar on a terminal."""
        console = Console(file=sys.stderr)
        columns = (
            TextColumn("Verifying"), BarColumn(), MofNCompleteColumn(), TextColumn("interactions"),
            TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
        )  # fmt: skip
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("", total=max(interactions, sessions), rate="")
            for one in results:
                yield one
                speed = progress.tasks[0].speed
                rate = f"{speed:,.0f}/s" if speed else ""
                progress.update(task, advance=max(one.interactions, 1), rate=rate)

    def _take(self, one: Verified, summary: Summary, *, repair: bool) -> None:
        summary.sessions += 1
        summary.interactions += one.interactions
        summary.erased += one.erased
        summary.erased_sessions += one.erased > 0
        if one.divergences and repair:
            one = self._repaired(one, summary)
        if not one.divergences:
            return
        summary.divergent += 1
        summary.first = summary.first or _plain(one.divergences[0])
        room = max(0, _LISTED - len(summary.divergences))
        summary.divergences += [_plain(divergence) for divergence in one.divergences[:room]]

    def _repaired(self, one: Verified, summary: Summary) -> Verified:
        """The session again, after its repair."""
        try:
            summary.repaired[str(one.session)] = verification.repair(one.session)
        except NotRepairable as refused:
            summary.refused[str(one.session)] = str(refused)
            return one
        except SessionError as error:
            summary.refused[str(one.session)] = f"{type(error).__name__}: {error}"
        return next(iter(verification.verify([one.session])), one)

    def _tell(self, summary: Summary) -> None:
        for one in summary.divergences:
            self.stdout.write(f"session {one['session']}, interaction {one['seq']}: {one['what']}")
        for session, changes in summary.repaired.items():
            self.stdout.write(f"repaired session {session}:")
            for change in changes:
                self.stdout.write(f"  {change}")
        for session, why in summary.refused.items():
            self.stdout.write(f"not repaired: session {session}: {why}")
        erased = ""
        if summary.erased:
            texts, where = _counted(summary.erased, "text"), _counted(summary.erased_sessions, "session")
            erased = f"; {texts} of {where} erased"
        verdict = "all agree with their logs" if summary.first is None else f"{summary.divergent} divergent"
        self.stdout.write(
            f"{_counted(summary.sessions, 'session')}, {_counted(summary.interactions, 'interaction')}"
            f" in {summary.seconds:.1f} s ({summary.interactions_per_s:,}/s): {verdict}{erased}."
        )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
