"""The part of a worker process that runs tools: one event loop, fed by the database.

A hint (or, without one, a look every second) makes it claim what is queued, as many calls as it has room for. Celery
brings the hints and owns the process's life; it does not carry the work, so its price per message is paid per hint.

A beat of its own thread renews the lease on everything this boot runs. A boot that stops beating loses its calls to
the monitor; what it settles after that is discarded by compare-and-set.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import uvloop
from django.db import Error, connection
from django.db.models.functions import Now

from sessions_app import crash_points
from sessions_app.exceptions import StaleWrite
from sessions_app.group_commit import group_commit
from tools_app import calls, conf, outbox, solitude
from tools_app.calls import Claimed
from tools_app.executor import execute
from tools_app.models import Worker

logger = logging.getLogger(__name__)

_BEAT = """
INSERT INTO tools_app_worker (owner, host, process, queues, started_at, beat_at)
VALUES (%s, %s, %s, %s, clock_timestamp(), clock_timestamp())
    ON CONFLICT (owner) DO UPDATE SET beat_at = clock_timestamp()
"""


def _close_connection() -> None:
    """Close the connection of the thread that runs this: ``connection`` stands for another one in every thread."""
    connection.close()


class Runner:
    """Runs the calls of some queues in this process."""

    def __init__(self, queues: list[str], concurrency: int = conf.CONCURRENCY) -> None:
        self.queues = queues
        #: Unique per boot: host and process number only help people who read it.
        self.owner = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(6)}"
        self._concurrency = concurrency
        self._loop = uvloop.new_event_loop()
        self._work = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        # One thread, whose connection stays open: a claim is the first thing every call waits for.
        self._claimer = ThreadPoolExecutor(1, thread_name_prefix="claim")
        self._threads = ThreadPoolExecutor(conf.SYNC_THREADS, thread_name_prefix="tool")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="runner", daemon=True)
        self._beat_thread = threading.Thread(target=self._beat, name="beat", daemon=True)

    def start(self) -> None:
        """Begin to claim."""
        self._beat_thread.start()
        self._thread.start()
        logger.info("action=runner.started owner=%s queues=%s", self.owner, ",".join(self.queues))

    def wake(self) -> None:
        """There may be work."""
        # A hint may arrive after the loop has ended: there is nothing left to wake.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._work.set)

    def stop_claiming(self) -> None:
        """Take no new calls."""
        self._stopping.set()
        self.wake()

    def drain(self, grace_s: float = conf.DRAIN_S) -> None:
        """Stop: no new calls, those in flight get ``grace_s`` seconds, the rest is handed back uncharged."""
        self.stop_claiming()
        self._thread.join(grace_s + 5)
        self._beat_thread.join(5)
        queues = calls.hand_back(self.owner)
        Worker.objects.filter(owner=self.owner).update(stopped_at=Now())
        connection.close()
        for queue in queues:
            try:
                outbox.announce(queue)
            except Exception:
                logger.warning("action=outbox.unreachable queue=%s", queue, exc_info=True)
        group_commit.stop()
        logger.info("action=runner.stopped owner=%s handed_back=%s", self.owner, ",".join(queues) or "nothing")

    # --- the loop's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._main())
        finally:
            self._loop.close()

    async def _main(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._claim_what_fits()
            except (Error, psycopg.Error):
                logger.warning("action=claim.failed", exc_info=True)
                await self._loop.run_in_executor(self._claimer, _close_connection)
            try:
                async with asyncio.timeout(conf.LOOK_S):
                    await self._work.wait()
            except TimeoutError:
                continue
        self._claimer.submit(_close_connection)
        self._claimer.shutdown()
        if self._running:
            _done, left = await asyncio.wait(self._running, timeout=conf.DRAIN_S)
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left, timeout=1)

    async def _claim_what_fits(self) -> None:
        while not self._stopping.is_set():
            self._work.clear()
            room = min(self._concurrency - len(self._running), conf.CLAIM_BATCH)
            if room <= 0 or solitude.here().wanted:
                return  # the end of a call wakes us
            taken = await self._loop.run_in_executor(self._claimer, calls.claim, self.owner, self.queues, room)
            for call in taken:
                task = self._loop.create_task(self._one(call))
                self._running.add(task)
                task.add_done_callback(self._ended)
            if len(taken) < room:
                return

    def _ended(self, task: asyncio.Task[None]) -> None:
        if len(self._running) >= self._concurrency or solitude.here().wanted:
            self._work.set()
        self._running.discard(task)

    async def _one(self, call: Claimed) -> None:
        try:
            delivery = await execute(call, self._threads)
            crash_points.reach("tool.ran")
            await group_commit.deliver(delivery)
            crash_points.reach("settle.acknowledged")
        except StaleWrite:
            await self._discard(call)
        except asyncio.CancelledError:
            raise  # draining: the call is handed back
        except Exception:
            # The call stays running under our lease; its deadline or the monitor ends it.
            logger.exception("action=settle.failed session=%s call=%s", call.session, call.ref)

    async def _discard(self, call: Claimed) -> None:
        crash_points.reach("discard.before")
        try:
            await group_commit.deliver(calls.superseded(call))
        except Exception:
            logger.exception("action=discard.failed session=%s call=%s", call.session, call.ref)

    # --- the beat's thread ---------------------------------------------------------------------------------------

    def _beat(self) -> None:
        """Renew the lease. On a thread of its own, so that a busy loop does not look like a dead one."""
        me: list[Any] = [self.owner, socket.gethostname()[:200], os.getpid(), ",".join(self.queues)[:200]]
        while True:
            try:
                with connection.cursor() as cursor:
                    cursor.execute(_BEAT, me)
            except Error:
                logger.warning("action=beat.failed owner=%s", self.owner, exc_info=True)
                connection.close()
            if self._stopping.is_set() and not self._thread.is_alive():
                break
            if self._stopping.is_set():
                self._thread.join(conf.BEAT_S)
            else:
                self._stopping.wait(conf.BEAT_S)
        connection.close()
