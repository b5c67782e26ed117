"""What captured broker messages do when they are delivered again: nothing, it should be.

``python -m tests.bench.tools.redelivery --messages 10000`` starts its own Postgres and Valkey where DATABASE_URL and
REDIS_URL name none, and a real Celery worker. The announcements of the first calls are captured as they lie in the
broker; copies of them, shuffled, some forged, go in while calls run and after all have ended. Counted is what was done
twice: runs of a tool, endings, interactions. Exits with 1 where anything was.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from tests.services_plugin import start_missing_services

ROOT = Path(__file__).resolve().parents[3]
QUEUE = "tools"
#: Copies handed to the broker at once.
BATCH = 200
PATIENCE_S = 300.0


def _copies(captured: list[bytes], number: int, dice: random.Random) -> list[bytes]:
    """Messages as they were, without their expiry, and for queues and calls that nobody has."""
    made = []
    for _ in range(number):
        message: dict[str, Any] = json.loads(dice.choice(captured))
        match dice.randrange(3):
            case 0:
                message["headers"]["expires"] = None
            case 1:
                message["headers"] |= {"id": str(uuid.uuid4()), "argsrepr": "['c1']", "expires": None}
        made.append(json.dumps(message).encode())
    return made


def _wait(condition: Any, what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"after {PATIENCE_S:.0f} s {what}")
        time.sleep(0.05)


def measure(messages: int, calls: int, seed: int) -> dict[str, Any]:
    """What came of so many redelivered messages."""
    import django

    django.setup()
    import redis
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db.models import Sum

    from sessions_app import log, registry, sessions
    from sessions_app.models import Session
    from sessions_app.stream_grammar import ENDINGS
    from tools_app.models import ToolCall

    settings.TUTOR_MACHINES["scripted"] = "tests.scripted_machine.load"
    call_command("migrate", verbosity=0)
    dice = random.Random(seed)
    learner = get_user_model()._default_manager.create_user(f"ada-{uuid.uuid4().hex[:8]}")
    session = registry.start_or_find(learner.pk, "scripted", "scripted", {})[0]
    broker = redis.Redis.from_url(settings.BROKER_URL)

    def ask(number: int) -> None:
        for _ in range(number):
            sessions.handle_user_message(session, "background")

    def idle() -> bool:
        return not ToolCall.objects.filter(session=session).exclude(status="ended").exists()

    broker.delete(QUEUE)
    ask(calls // 2)
    captured = [bytes(message) for message in broker.lrange(QUEUE, 0, -1) if isinstance(message, bytes)]
    copies = _copies(captured, messages, dice)
    before_end, after_end = copies[: messages // 2], copies[messages // 2 :]
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.tools.redelivery", "--worker"], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    began = time.monotonic()
    try:
        for first in range(0, len(before_end), BATCH):
            broker.rpush(QUEUE, *before_end[first : first + BATCH])
            ask(max(1, calls * BATCH // messages // 2))
        _wait(idle, "calls have not ended")
        asked = ToolCall.objects.filter(session=session).count()
        _wait(lambda: broker.llen(QUEUE) == 0, "messages wait in the broker")
        head = Session.objects.values_list("head", flat=True).get(pk=session)
        broker.rpush(QUEUE, *after_end)
        _wait(lambda: broker.llen(QUEUE) == 0, "messages wait in the broker")
        time.sleep(3)
    finally:
        worker.terminate()
        worker.wait(60)
    runs = ToolCall.objects.filter(session=session).aggregate(runs=Sum("attempt"))["runs"]
    endings = sum(entry.kind in ENDINGS for entry in log.read(session))
    discarded = sum(entry.kind == "tool.result_discarded" for entry in log.read(session))
    new = Session.objects.values_list("head", flat=True).get(pk=session) - head
    return {
        "messages": len(copies),
        "captured": len(captured),
        "calls": asked,
        "runs": runs,
        "endings": endings,
        "discarded": discarded,
        "interactions_after_the_end": new,
        "duplicated_effects": abs(runs - asked) + abs(endings - asked) + discarded + new,
        "seconds": round(time.monotonic() - began, 1),
    }


def _work() -> None:
    """The worker, as ``make run`` starts it, with the scripted machine."""
    import django

    django.setup()
    from django.conf import settings

    from config.celery import app

    settings.TUTOR_MACHINES["scripted"] = "tests.scripted_machine.load"
    app.worker_main(
        ["worker", "--pool=threads", "--concurrency=4", "--loglevel=WARNING", "--without-gossip", "--without-mingle",
         "--without-heartbeat", f"--queues={QUEUE}"]
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tools.redelivery", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if arguments.worker:
        _work()
        return 0
    os.environ.setdefault("DJANGO_SECRET_KEY", "a key for one run")
    with contextlib.ExitStack() as until_the_end:
        start_missing_services(until_the_end)
        found = measure(arguments.messages, arguments.calls, arguments.seed)
    print(json.dumps(found, indent=1))
    return 1 if found["duplicated_effects"] else 0


if __name__ == "__main__":
    sys.exit(main())
