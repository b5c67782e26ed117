"""Celery's entries: a hint wakes this process's runner, Celery's signals start and drain it."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down

from tools_app.outbox import WAKE_TASK
from tools_app.runner import Runner

logger = logging.getLogger(__name__)

_runner: Runner | None = None


@shared_task(name=WAKE_TASK, ignore_result=True)
def wake(_queue: str) -> None:
    """There may be work. The message carries no authority: what runs stands in the database."""
    if _runner is not None:
        _runner.wake()


@worker_ready.connect
def _start(sender: Any, **_kwargs: Any) -> None:
    global _runner  # noqa: PLW0603 — one runner a process
    _runner = Runner(sorted(sender.app.amqp.queues.consume_from))
    _runner.start()


@worker_shutting_down.connect
def _stop_claiming(**_kwargs: Any) -> None:
    if _runner is not None:
        _runner.stop_claiming()


@worker_shutdown.connect
def _drain(**_kwargs: Any) -> None:
    if _runner is not None:
        _runner.drain()
