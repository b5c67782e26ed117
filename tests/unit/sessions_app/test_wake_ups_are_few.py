"""Celery is told of work once a while, however often there is some."""

from __future__ import annotations

import threading

import pytest

from sessions_app import conf
from sessions_app.delivery import Wake
from sessions_app.hints import _Wakes


def test_equal_wake_ups_within_the_pause_are_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conf, "WAKES_EVERY_S", 60.0)
    sent: list[str] = []
    first = threading.Event()

    def send(queue: str) -> None:
        sent.append(queue)
        first.set()

    wakes = _Wakes()
    wake = Wake(send, "tools", "work.tools")
    wakes.send(wake)
    assert first.wait(30)
    for _ in range(100):
        wakes.send(wake)

    assert sent == ["tools"]


def test_what_cannot_be_sent_is_forgotten_and_the_next_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conf, "WAKES_EVERY_S", 0.0)
    sent = threading.Event()

    def send(queue: str) -> None:
        if queue == "away":
            raise ConnectionError("no broker")
        sent.set()

    wakes = _Wakes()
    wakes.send(Wake(send, "away", "work.away"))
    wakes.send(Wake(send, "tools", "work.tools"))

    assert sent.wait(30)
