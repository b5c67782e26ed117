"""The part of a worker process that runs tools: one event loop, fed by the database.

A hint (or, without one, a look every second) makes it claim what is queued, as many calls as it has room for. Celery
brings hints and owns the process's life; it does not carry the work, so its price per message is paid per hint. The
channel layer brings the same hints sooner, on the loop that claims: without it, Celery's still come.

What it has claimed stays its own as long as its beat renews the lease (``tools_app.beat``). A boot that stops beating
loses its calls to the monitor; what it settles after that is discarded by compare-and-set, and as soon as it can ask
again what it holds, it stops the tools of the calls that it has lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import redis
import uvloop
from channels.layers import get_channel_layer
from django.db import Error, InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from sessions_app import crash_points
from sessions_app.conf import COMMIT_ON_LOOPS
from sessions_app.delivery import Delivery
from sessions_app.group_commit import group_commit
from sessions_app.loop_connection import LoopConnection
from sessions_app.output import buffer
from tools_app import calls, conf, outbox, registry, solitude
from tools_app.backends import connection as connection_to_models
from tools_app.beat import Beat
from tools_app.calls import Claimed, Key
from tools_app.executor import execute
from tools_app.flusher import flusher
from tools_app.lane import Lane, Want
from tools_app.models import Worker
from tools_app.pools import SLOTS, Pools

logger = logging.getLogger(__name__)


def _close_connection() -> None:
    """Close the connection of the thread that runs this: ``connection`` stands for another one in every thread."""
    connection.close()


class Runner:
    """Runs the calls of some queues in this process."""

    def __init__(self, queues: list[str]) -> None:
        self.queues = queues
        #: Unique per boot: host and process number only help people who read it.
        self.owner = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(6)}"
        #: An operator asked for a drain (``manage.py drain``); called once, by the beat's thread.
        self.on_drain_asked = self.stop_claiming
        self._loop = uvloop.new_event_loop()
        self._pools = Pools()
        served = {pool: [queue for queue in queues if (registry.pool_of(queue) or "loop") == pool] for pool in SLOTS}
        self._lanes = [Lane(pool, named, SLOTS[pool]) for pool, named in served.items() if named]
        #: Calls whose tool runs, and since when (monotonic) others are being settled.
        self._in_tool: dict[asyncio.Task[None], Claimed] = {}
        self._settling: dict[asyncio.Task[None], float] = {}
        self._claiming_since: float | None = None
        #: What this process has claimed and not settled, as far as it was told.
        self._mine: set[Key] = set()
        #: Until then (monotonic), calls may become ours that nobody here knows of.
        self._strays_until = 0.0
        # A claim is the first thing every call waits for: the loop asks over a connection of its own. One thread does
        # what the loop cannot.
        self._claiming = asyncio.Lock()
        self._line: LoopConnection | None = None
        self._claimer = ThreadPoolExecutor(1, thread_name_prefix="claim")
        self._grace_s = conf.DRAIN_S
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="runner", daemon=True)
        self._beat = Beat(self.owner, queues, running=self._tools, lost=self._stop_tools, drain=self._drain_asked)

    def start(self) -> None:
        """Begin to claim."""
        self._beat.start()
        self._thread.start()
        logger.info("action=runner.started owner=%s queues=%s", self.owner, ",".join(self.queues))

    def wake(self, queue: str | None = None) -> None:
        """There may be work, in one of the queues or anywhere."""
        # A hint may arrive after the loop has ended: there is nothing left to wake.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._wake, queue)

    def stop_claiming(self) -> None:
        """Take no new calls."""
        self._stopping.set()
        self.wake()

    def drain(self, grace_s: float = conf.DRAIN_S) -> bool:
        """Stop: no new calls, those in flight get ``grace_s`` seconds, the rest is handed back uncharged.

        False where a plain function still runs on a thread, which nothing can stop but the end of the process.
        """
        self.stop_claiming()
        self._grace_s = grace_s
        self._thread.join(grace_s + 5)
        # What is on its way into the database gets there first: handed back, it would be done twice.
        group_commit.stop()
        self._beat.stop()
        queues = calls.hand_back(self.owner)
        Worker.objects.filter(owner=self.owner).update(stopped_at=Now())
        connection.close()
        for queue in queues:
            try:
                outbox.announce(queue)
            except Exception:
                logger.warning("action=outbox.unreachable queue=%s", queue, exc_info=True)
        ended = self._pools.close()
        logger.info("action=runner.stopped owner=%s handed_back=%s", self.owner, ",".join(queues) or "nothing")
        return ended

    # --- the loop's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._main())
            self._loop.run_until_complete(self._hang_up())
        finally:
            self._loop.close()

    @staticmethod
    async def _hang_up() -> None:
        """Finish what is on its way into the database, and close what belongs to this loop."""
        await group_commit.leave()
        await get_channel_layer().flush()
        await flusher().stop()
        await connection_to_models.close()
        await buffer.close_client()

    async def _main(self) -> None:
        group_commit.join()
        self._line = LoopConnection() if COMMIT_ON_LOOPS else None
        watching = self._loop.create_task(self._watch())
        listening = self._loop.create_task(self._listen())
        await asyncio.gather(*(self._feed(lane) for lane in self._lanes))
        for task in (watching, listening):
            task.cancel()
        # They end before what they use is closed.
        await asyncio.gather(watching, listening, return_exceptions=True)
        if self._line is not None:
            await self._line.leave()
        self._claimer.submit(_close_connection)
        self._claimer.shutdown()
        running = {task for lane in self._lanes for task, _call in lane.running()}
        if running:
            _done, left = await asyncio.wait(running, timeout=self._grace_s)
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left, timeout=1)

    async def _feed(self, lane: Lane) -> None:
        while not self._stopping.is_set():
            lane.work.clear()
            try:
                await self._claim_what_fits(lane)
            except (Error, psycopg.Error):
                logger.warning("action=claim.failed", exc_info=True)
                await self._loop.run_in_executor(self._claimer, _close_connection)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(conf.LOOK_S):
                    await lane.work.wait()

    async def _claim_what_fits(self, lane: Lane) -> None:
        while not self._stopping.is_set() and not solitude.here().wanted and (want := lane.want()) is not None:
            lane.work.clear()
            self._claiming_since = time.monotonic()
            try:
                taken = await self._claim(lane.queues, want)
            finally:
                self._claiming_since = None
            for call in taken:
                lane.add(call, self._loop.create_task(self._one(call)))
            if len(taken) < want.calls:
                return

    async def _claim(self, queues: list[str], want: Want) -> list[Claimed]:
        """One claim after the other: no answer of an earlier one is under way."""
        async with self._claiming:
            wire = self._line.wire() if self._line is not None else None
            if wire is None or time.monotonic() < self._strays_until:
                return await self._loop.run_in_executor(self._claimer, self._claim_on_thread, queues, want)
            with self._noted() as taken:
                asked = calls.claiming(self.owner, queues, want.calls, in_turn=want.in_turn, without=want.without)
                taken.extend(await wire.carry(asked))
            return taken

    def _claim_on_thread(self, queues: list[str], want: Want) -> list[Claimed]:
        """Where the loop has no connection, and where something has to be asked before."""
        if time.monotonic() < self._strays_until and (strays := calls.hand_back(self.owner, list(self._mine))):
            logger.warning("action=claim.answer_lost owner=%s handed_back=%s", self.owner, ",".join(strays))
        with self._noted() as taken:
            taken.extend(calls.claim(self.owner, queues, want.calls, in_turn=want.in_turn, without=want.without))
        return taken

    @contextlib.contextmanager
    def _noted(self) -> Iterator[list[Claimed]]:
        """What is claimed within is ours."""
        taken: list[Claimed] = []
        try:
            yield taken
        except BaseException:
            # Whether it was committed is unknown, and it may be only later: the server may not know that we are gone.
            self._strays_until = time.monotonic() + conf.STUCK_S
            raise
        self._mine.update(call.key for call in taken)

    async def _listen(self) -> None:
        """Hear through the channel layer, on this loop and for little, what Celery's messages say later."""
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                for queue in self.queues:
                    await layer.group_add(outbox.group(queue), channel)
                self._wake(None)  # what was said before was said to nobody here
                while True:
                    self._wake((await layer.receive(channel))["what"])
            except (redis.RedisError, OSError) as error:
                logger.warning("action=runner.deaf owner=%s error=%r", self.owner, error)
            await layer.flush()
            await asyncio.sleep(conf.LOOK_S)

    def _wake(self, queue: str | None) -> None:
        for lane in self._lanes:
            if queue is None or queue in lane.queues:
                lane.work.set()

    async def _one(self, call: Claimed) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 — a coroutine runs in a task
        try:
            self._in_tool[task] = call
            delivery = await execute(call, self._pools)
            del self._in_tool[task]
            crash_points.reach("tool.ran")
            await self._settle(task, delivery, time.monotonic() + call.left_s)
            crash_points.reach("settle.acknowledged")
            # Not where the settle failed: the tool has run, and what has run is never handed back as if it had not.
            self._mine.discard(call.key)
        except asyncio.CancelledError:
            self._mine.discard(call.key)
            raise  # draining, and the call is handed back; or it is not ours any more
        except Exception:
            # The call stays running under our lease; its deadline or the monitor ends it.
            logger.exception("action=settle.failed session=%s call=%s", call.session, call.ref)
        finally:
            self._in_tool.pop(task, None)
            self._settling.pop(task, None)

    async def _settle(self, task: asyncio.Task[None], delivery: Delivery, until: float) -> None:
        """Deliver what a tool has brought; while the database is away, again and again: it may have been paid for.

        Twice is harmless (``server``): an ending is decided by whether its call still runs. ``until``: monotonic; by
        then the monitor has ended the call.
        """
        while True:
            self._settling[task] = time.monotonic()
            try:
                await group_commit.deliver(delivery)
            except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError):
                if time.monotonic() > until:
                    raise
                logger.warning("action=settle.again session=%s", delivery.session, exc_info=True)
                del self._settling[task]
                await asyncio.sleep(conf.LOOK_S)
            else:
                return

    async def _watch(self) -> None:
        """End the process where the database has not answered for long: a connection that the network has forgotten
        blocks its thread for good, and a supervisor starts another process with new ones."""
        while True:
            await asyncio.sleep(conf.LOOK_S)
            asked = [since for since in (self._beat.asking_since, self._claiming_since) if since is not None]
            oldest = min([*asked, *self._settling.values()], default=None)
            if oldest is not None and time.monotonic() - oldest > conf.STUCK_S:
                logger.critical("action=runner.stuck owner=%s the database does not answer: ending", self.owner)
                os._exit(1)

    # --- the beat's thread ---------------------------------------------------------------------------------------

    def _tools(self) -> list[tuple[asyncio.Task[None], Claimed]]:
        return list(self._in_tool.items())

    def _stop_tools(self, tasks: list[asyncio.Task[None]]) -> None:
        """Their calls were taken away: ended by a cancel or a deadline, or given to another worker."""

        def cancel() -> None:
            for task in tasks:
                if task in self._in_tool:
                    task.cancel()

        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(cancel)

    def _drain_asked(self) -> None:
        logger.info("action=runner.drain_asked owner=%s", self.owner)
        self.on_drain_asked()
