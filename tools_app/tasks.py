"""Celery's entries: a hint wakes this process's runner, Celery's signals start and drain it."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from typing import Any

from celery import Task, shared_task
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down

from sessions_app.garbage import collect_seldom
from tools_app.outbox import WAKE_TASK
from tools_app.runner import Runner

logger = logging.getLogger(__name__)

_runner: Runner | None = None


class Wake(Task):
    """A task that is done as soon as its message is there.

    Celery would make a request of the message, take a thread, trace and acknowledge: a millisecond and more for one
    word. This strategy hears it where it arrives.
    """

    Strategy = "tools_app.tasks:hear"


def hear(task: Any, app: Any, consumer: Any, **_kwargs: Any) -> Callable[..., None]:
    """Celery's strategy for ``Wake``: what its consumer calls with each message."""

    def heard(message: Any, _body: Any, ack: Callable[..., None], _reject: Any, _callbacks: Any, **_: Any) -> None:
        ack(logger, consumer.connection_errors)
        wake(message.delivery_info.get("routing_key"))

    return heard


@shared_task(name=WAKE_TASK, base=Wake, ignore_result=True)
def wake(queue: str | None = None) -> None:
    """There may be work. The message carries no authority: what runs stands in the database."""
    if _runner is not None:
        _runner.wake(queue)


@worker_ready.connect
def _start(sender: Any, **_kwargs: Any) -> None:
    global _runner  # noqa: PLW0603 — one runner a process
    _runner = Runner(sorted(sender.app.amqp.queues.consume_from))
    # Celery then stops consuming and shuts down, as for a signal from outside.
    _runner.on_drain_asked = lambda: os.kill(os.getpid(), signal.SIGTERM)
    collect_seldom()
    _runner.start()


@worker_shutting_down.connect
def _stop_claiming(**_kwargs: Any) -> None:
    if _runner is not None:
        _runner.stop_claiming()


@worker_shutdown.connect
def _drain(**_kwargs: Any) -> None:
    if _runner is not None and not _runner.drain():
        # A plain function keeps its thread, and Python waits for threads; its call was handed back.
        logging.shutdown()
        os._exit(0)
