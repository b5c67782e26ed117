"""Asks for calls: ``python -m tests.bench.tools.play --machine echo --sessions 1000 --text "wait 1"``, prints JSON."""

from __future__ import annotations

import argparse
import json
import secrets
import time

import django

django.setup()

from sessions_app.delivery import CommandId, Delivery  # noqa: E402 — needs the set-up
from sessions_app.group_commit import group_commit  # noqa: E402
from tests.bench import population  # noqa: E402
from tutor import events  # noqa: E402


def ask(machine: str, sessions: int, text: str) -> float:
    """Start sessions and send each the same message; the seconds that the messages took."""
    started = population.start(sessions, machine)
    began = time.perf_counter()
    content = events.UserMessage(text=text)
    waiting = [
        group_commit.submit(
            Delivery(
                one, content, by="learner", command=CommandId(secrets.token_hex(8), "message.send", b"1"), text=text
            )
        )
        for one in started
    ]
    for future in waiting:
        future.result(120)
    took = time.perf_counter() - began
    group_commit.stop()
    return took


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machine", required=True)
    parser.add_argument("--sessions", type=int, required=True)
    parser.add_argument("--text", required=True)
    arguments = parser.parse_args()
    print(json.dumps({"asked_s": ask(arguments.machine, arguments.sessions, arguments.text)}))
