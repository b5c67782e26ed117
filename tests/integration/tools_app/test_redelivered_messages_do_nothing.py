"""Captured broker messages, delivered twice, three times, out of order, forged: no call runs because of them.

``make bench-redelivery`` does the same with a real worker and 10,000 messages.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from sessions_app import log, sessions
from sessions_app.stream_grammar import ENDINGS
from tools_app import outbox, tasks
from tools_app.models import ToolCall
from tools_app.runner import Runner

CALLS = 12
MESSAGES = 600


@pytest.fixture
def runner(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    running = Runner(["tools"])
    monkeypatch.setattr(tasks, "_runner", running)
    running.start()
    yield running
    running.drain(2)


def captured(broker: redis.Redis) -> list[list[Any]]:
    """The arguments of every message that waits in the queue, as a worker would take them."""
    raw = [json.loads(message) for message in broker.lrange(outbox.DEFAULT_QUEUE, 0, -1)]
    return [json.loads(b64decode(message["body"]))[0] for message in raw]


def wait_until_idle() -> None:
    until = time.monotonic() + 20
    while ToolCall.objects.exclude(status="ended").exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_no_message_has_an_effect_of_its_own(
    redis_url: str, scripted_session: uuid.UUID, runner: Runner, folds: Callable[[uuid.UUID], None]
) -> None:
    dice = random.Random(11)
    for number in range(CALLS):
        sessions.handle_user_message(scripted_session, f"say:{number} background")
    with redis.Redis.from_url(redis_url) as broker:
        messages = captured(broker)
    assert messages, "the calls were announced"
    forged = [["another queue"], ["tools' OR 1=1"], ["c1"], [str(scripted_session)]]
    replayed = [dice.choice([*messages, *forged]) for _ in range(MESSAGES)]
    for arguments in replayed[: MESSAGES // 2]:
        tasks.wake.apply(args=arguments)  # while the calls run
    wait_until_idle()
    before = [entry.kind for entry in log.read(scripted_session)]
    for arguments in replayed[MESSAGES // 2 :]:
        tasks.wake.apply(args=arguments)  # after all have ended
    time.sleep(0.3)

    assert [entry.kind for entry in log.read(scripted_session)] == before
    assert sum(kind in ENDINGS for kind in before) == CALLS
    assert set(ToolCall.objects.values_list("attempt", "ending")) == {(1, "finished")}
    folds(scripted_session)
