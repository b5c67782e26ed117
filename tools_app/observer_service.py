"""The thread that looks for observers, beside the timer service's own: a slow look makes no time-out late.

Any number of processes may have one. A process that dies in a look leaves a lease that runs out.
"""

from __future__ import annotations

import logging
import os
import sys
import threading

import psycopg
from django.db import Error, connection

from tools_app import conf
from tools_app.observing import Looker

logger = logging.getLogger(__name__)

#: Pause after the database failed, in seconds.
PAUSE_S = 2.0


class ObserverService:
    """Starts with the first ``wake``."""

    def __init__(self) -> None:
        self._work = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Look at what is due; returns at once."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="observers", daemon=True)
            self._thread.start()
        self._work.set()

    def _run(self) -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), conf.OBSERVER_NICENESS)
        looker = Looker()
        while True:
            self._work.wait()
            self._work.clear()
            try:
                looker.look_at_due()
            except (Error, psycopg.Error):
                # The database is away or busy: everything due stays due.
                logger.warning("action=observing.failed", exc_info=True)
                connection.close()
                self._work.wait(PAUSE_S)
            except Exception:
                # One session cannot be looked at (its machine is gone, say): its lease runs out, others go on.
                logger.exception("action=observing.crashed")


_service = ObserverService()


def sweep() -> None:
    """For ``settings.TUTOR_SWEEPS``: wakes this process's thread."""
    _service.wake()
