"""The timer service: fires due time-outs and runs the sweeps. Any number of replicas may run."""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Any, Protocol, runtime_checkable

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error, connection
from django.utils.module_loading import import_string

from sessions_app import timers
from sessions_app.garbage import collect_seldom

logger = logging.getLogger(__name__)

#: How often due timers are looked for, in seconds: the most that one can be late on an idle machine.
TICK_S = 0.25
#: Pause after the database failed, in seconds.
PAUSE_S = 1.0
#: How often the slow sweeps are looked at, in seconds; how long the service waits for the one that runs when it stops.
SLOW_TICK_S = 1.0
FAREWELL_S = 5.0


@runtime_checkable
class Stoppable(Protocol):
    """A sweep with a thread of its own."""

    def stop(self) -> None:
        """The process is about to end."""


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT."""

    help = "Fires due time-outs and runs the sweeps of settings.TUTOR_SWEEPS. Start as many as you like."

    def handle(self, *_args: Any, **_options: Any) -> None:
        stop = threading.Event()
        slow = threading.Thread(target=_slow_sweeps, args=[stop], name="slow-sweeps", daemon=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sweeps = {path: (import_string(path), every) for path, every in settings.TUTOR_SWEEPS.items()}
        last = dict.fromkeys(sweeps, 0.0)
        logger.info("action=timer_service.started sweeps=%s", ",".join([*sweeps, *settings.TUTOR_SLOW_SWEEPS]))
        collect_seldom()
        slow.start()
        while not stop.is_set():
            try:
                timers.sweep()
                for path, (sweep, every) in sweeps.items():
                    if time.monotonic() - last[path] >= every:
                        last[path] = time.monotonic()
                        sweep()
                pause = min(max(timers.next_due_s() or TICK_S, 0.01), TICK_S)
            except Error:
                # The database is away or busy: everything due stays due.
                logger.warning("action=timer_service.failed", exc_info=True)
                connection.close()
                pause = PAUSE_S
            stop.wait(pause)
        for sweep, _every in sweeps.values():
            if isinstance(sweep, Stoppable):
                sweep.stop()
        # What it does may be stopped anywhere; it is given a moment to finish a session rather than begin it again.
        slow.join(FAREWELL_S)
        logger.info("action=timer_service.stopped")


def _slow_sweeps(stop: threading.Event) -> None:
    """Run ``settings.TUTOR_SLOW_SWEEPS``, one after the other, each as often as it says."""
    sweeps = {path: (import_string(path), every) for path, every in settings.TUTOR_SLOW_SWEEPS.items()}
    # Not at the very start: a service that is started again and again would do nothing else.
    due = {path: time.monotonic() + every for path, (_, every) in sweeps.items()}
    while not stop.wait(SLOW_TICK_S):
        for path, (sweep, every) in sweeps.items():
            if time.monotonic() < due[path] or stop.is_set():
                continue
            try:
                sweep()
            except Exception:
                # Whatever it is, the others go on, and so does this one at its next time.
                logger.warning("action=slow_sweep.failed sweep=%s", path, exc_info=True)
            finally:
                connection.close()
            due[path] = time.monotonic() + every
