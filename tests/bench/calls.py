"""How long a ``call`` waits after another process has committed its reply.

``python -m tests.bench.calls --calls 100`` starts its own Postgres and Valkey where DATABASE_URL and REDIS_URL name
none. One process calls and waits; another one replies some 50 to 500 ms later. Both read the machine's one monotonic
clock. ``--deaf`` loses every hint: what is left is the caller's own look.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path

from tests.services_plugin import start_missing_services

ROOT = Path(__file__).resolve().parents[2]


def _prepare() -> None:
    import django

    django.setup()
    from django.conf import settings

    settings.TUTOR_MACHINES["scripted"] = "tests.scripted_machine.load"


def _reply(session: uuid.UUID) -> None:
    """The other process: for each line it reads, wait for the caller and reply. Prints when, in seconds."""
    _prepare()
    from sessions_app import calling
    from sessions_app.models import Session
    from tutor import events

    for _ in sys.stdin:
        while not Session.objects.values_list("kernel", flat=True).get(pk=session).get("callers"):
            time.sleep(0.005)
        time.sleep(random.uniform(0.05, 0.5))
        calling.cast(session, events.UserMessage(text="reply:kept"))
        print(time.monotonic(), flush=True)


def _measure(calls: int) -> tuple[list[float], float]:
    """Milliseconds from the end of the replying commit to the caller's return, and the caller's CPU ms per call."""
    _prepare()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from sessions_app import calling, registry
    from tutor import events

    call_command("migrate", verbosity=0)
    learner = get_user_model()._default_manager.create_user("ada")
    session, _ = registry.start_or_find(learner.pk, "scripted", "scripted", {})
    command = [sys.executable, "-m", "tests.bench.calls", "--reply-to", str(session)]
    replier = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert replier.stdin is not None
    assert replier.stdout is not None
    waited = []
    used = 0.0
    try:
        for number in range(calls + 1):
            replier.stdin.write("\n")
            replier.stdin.flush()
            calling.call(session, events.UserMessage(text="keep"), 30)
            returned = time.monotonic()
            replied = float(replier.stdout.readline())
            if number:  # the first one warms up
                waited.append((returned - replied) * 1_000)
            else:
                used = time.process_time()
    finally:
        replier.stdin.close()
        replier.wait(10)
    return sorted(waited), (time.process_time() - used) * 1_000 / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--deaf", action="store_true", help="Redis cannot be reached: no hint arrives")
    parser.add_argument("--reply-to", type=uuid.UUID, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DJANGO_SECRET_KEY", "a key for benchmarks")
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
    if options.reply_to:
        _reply(options.reply_to)
        return
    with contextlib.ExitStack() as until_the_end:
        start_missing_services(until_the_end)
        if options.deaf:
            os.environ["REDIS_URL"] = "redis://127.0.0.1:1"
        waited, cpu_ms = _measure(options.calls)
    print(
        f"{len(waited)} calls: p50 {statistics.median(waited):.1f} ms, "
        f"p99 {waited[int(len(waited) * 0.99) - 1]:.1f} ms, most {waited[-1]:.1f} ms; "
        f"the caller's CPU {cpu_ms:.1f} ms per call"
    )


if __name__ == "__main__":
    main()
