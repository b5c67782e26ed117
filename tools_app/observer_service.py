"""The thread that looks for observers, beside the timer service's own: a slow look makes no time-out late.

Any number of processes may have one. A process that dies in a look leaves a lease that runs out.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

import psycopg
from django.conf import settings
from django.db import Error, connection

from tools_app import conf
from tools_app.observing import Looker

logger = logging.getLogger(__name__)

#: Pause after the database failed, and longest wait for a look that is given up, in seconds.
PAUSE_S = 1.0
FAREWELL_S = 5.0


class ObserverService:
    """A sweep (``settings.TUTOR_SWEEPS``) that returns at once: it wakes the thread, and starts it at first."""

    def __init__(self) -> None:
        self._work = threading.Event()
        self._thread: threading.Thread | None = None
        self._looker: Looker | None = None
        self._ended = threading.Event()

    def __call__(self) -> None:
        """Look at what is due."""
        if self._thread is None:
            self._looker = Looker()
            self._thread = threading.Thread(target=self._run, args=[self._looker], name="observers", daemon=True)
            self._thread.start()
        self._work.set()

    def stop(self) -> None:
        """The process is about to end: give up what an observer is at; it is due again."""
        self._ended.set()
        self._work.set()
        if self._looker is not None and self._thread is not None:
            self._looker.stop()
            self._thread.join(FAREWELL_S)

    def _run(self, looker: Looker) -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), conf.OBSERVER_NICENESS)
        while not self._ended.is_set():
            self._work.wait()
            self._work.clear()
            try:
                self._look(looker)
            except (Error, psycopg.Error):
                # The database is away or busy: everything due stays due.
                logger.warning("action=observing.failed", exc_info=True)
                connection.close()
                time.sleep(PAUSE_S)
            except Exception:
                if not self._ended.is_set():
                    logger.exception("action=observing.crashed")
        looker.close()
        connection.close()

    def _look(self, looker: Looker) -> None:
        """At all that is due; after each look comes a rest, so that observers keep to their share of a processor."""
        while not self._ended.is_set():
            began = time.monotonic()
            if not looker.look_at_next():
                return
            self._ended.wait((time.monotonic() - began) * (100 / settings.TUTOR_OBSERVER_PERCENT - 1))


sweep = ObserverService()
