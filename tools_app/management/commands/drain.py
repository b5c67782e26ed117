"""``manage.py drain``: ask workers to finish what they run and stop (docs/workers.md)."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tools_app import drain

_LOOK_S = 0.2


class Command(BaseCommand):
    """Without a name it lists the workers."""

    help = "Drain workers: they take no new calls, finish or hand back what they run, and end with status 0."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workers", nargs="*", metavar="WORKER", help="owner of a worker, or the end of one")
        parser.add_argument("--all", action="store_true", help="all that live now")
        parser.add_argument(
            "--wait", type=float, default=60.0, metavar="SECONDS", help="for their end (default: 60; 0: do not wait)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["all"] and options["workers"]:
            raise CommandError("name workers or say --all, not both", returncode=2)
        if not options["all"] and not options["workers"]:
            self._list(drain.alive())
            return
        owners = None if options["all"] else [self._owner(end) for end in options["workers"]]
        asked = drain.ask(owners)
        if not asked:
            raise CommandError("no worker is alive to be drained")
        self.stdout.write(f"Asked {len(asked)} to drain: {', '.join(asked)}")
        self._wait(set(asked), options["wait"])

    def _list(self, workers: list[drain.Alive]) -> None:
        for worker in workers:
            state = "draining" if worker.draining else "alive"
            self.stdout.write(
                f"{worker.owner}  {state}, {worker.calls} calls, queues {worker.queues}, "
                f"process {worker.process} on {worker.host}"
            )
        if not workers:
            self.stdout.write("No worker is alive.")

    def _owner(self, end: str) -> str:
        found = [worker.owner for worker in drain.alive() if worker.owner.endswith(end)]
        if len(found) != 1:
            which = "no worker that lives" if not found else f"{len(found)} workers"
            raise CommandError(f"{which} is called …{end}; `manage.py drain` lists them", returncode=2)
        return found[0]

    def _wait(self, asked: set[str], limit_s: float) -> None:
        ends = time.monotonic() + limit_s
        left = asked if limit_s else set()
        while left and time.monotonic() < ends:
            time.sleep(_LOOK_S)
            still = {worker.owner: worker.calls for worker in drain.alive() if worker.owner in left}
            for owner in sorted(left - still.keys()):
                self.stdout.write(f"{owner} has stopped")
            left = set(still)
        if left:
            raise CommandError(f"after {limit_s:.0f} s these still run: {', '.join(sorted(left))}")
