"""A caller in one process, the reply from another: woken by a hint, once per id (statem.md, S46)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from sessions_app import calling
from sessions_app.exceptions import CallTimeout, CommandError
from sessions_app.hint_loop import hint_loop
from sessions_app.models import Call, Session
from tutor import events

ROOT = Path(__file__).resolve().parents[3]
Folds = Callable[[uuid.UUID], None]

_PRELUDE = """
import sys, time, uuid, django
from django.conf import settings
django.setup()
settings.TUTOR_MACHINES["scripted"] = "tests.scripted_machine.load"
from sessions_app import calling
from sessions_app.models import Session
from tutor import events
session = uuid.UUID(sys.argv[1])
"""
_REPLY = """
while not Session.objects.get(pk=session).kernel.get("callers"):
    time.sleep(0.01)
calling.cast(session, events.UserMessage(text="reply:kept"))
time.sleep(0.5)  # hints leave on a thread of their own
"""
_CALL = """
print(calling.call(session, events.UserMessage(text="reply"), 20, command_id="mine"))
"""


def message(text: str) -> events.UserMessage:
    return events.UserMessage(text=text)


def another_process(code: str, session: uuid.UUID) -> subprocess.Popen[str]:
    to = connection.settings_dict
    login = f"{quote(to['USER'])}:{quote(to['PASSWORD'])}" if to["PASSWORD"] else quote(to["USER"])
    where = f"{to['HOST']}:{to['PORT']}" if not to["HOST"].startswith("/") else f":{to['PORT']}"
    socket = f"?host={quote(to['HOST'], safe='')}" if to["HOST"].startswith("/") else ""
    url = f"postgres://{login}@{where}/{to['NAME']}{socket}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", _PRELUDE + code, str(session)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def test_s46_the_hint_wakes_a_caller_whose_reply_another_process_commits(
    scripted_session: uuid.UUID, monkeypatch: pytest.MonkeyPatch, folds: Folds
) -> None:
    monkeypatch.setattr(calling, "LOOK_S", 30.0)  # so that nothing but the hint can end the wait in time
    with another_process(_REPLY, scripted_session) as replier:
        began = time.monotonic()
        reply = calling.call(scripted_session, message("keep"), 60)

        assert reply == "reply:kept"
        assert time.monotonic() - began < 25
    assert replier.returncode == 0
    folds(scripted_session)


def test_without_hints_a_caller_looks_by_itself(scripted_session: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hint_loop, "run", lambda coroutine: coroutine.close())  # nobody listens
    monkeypatch.setattr(calling, "LOOK_S", 0.05)
    with another_process(_REPLY, scripted_session):
        assert calling.call(scripted_session, message("keep"), 30) == "reply:kept"


def test_the_same_id_from_another_process_gets_the_same_reply_and_is_handled_once(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    mine = calling.call(scripted_session, message("reply"), command_id="mine")
    with another_process(_CALL, scripted_session) as other:
        theirs, _ = other.communicate(timeout=60)

    assert (mine, theirs.strip()) == ("reply", "reply")
    assert Session.objects.get(pk=scripted_session).data["seen"] == ["reply"]
    assert Call.objects.count() == 1
    folds(scripted_session)


def test_a_call_that_has_timed_out_stays_so(scripted_session: uuid.UUID) -> None:
    for _ in range(2):
        with pytest.raises(CallTimeout):
            calling.call(scripted_session, message("keep"), 0.05, command_id="mine")

    assert Session.objects.get(pk=scripted_session).data["seen"] == ["keep"]


def test_a_cast_with_the_same_id_is_handled_once(scripted_session: uuid.UUID, folds: Folds) -> None:
    for _ in range(3):
        calling.cast(scripted_session, message("say:hello"), command_id="mine")

    assert Session.objects.get(pk=scripted_session).data["seen"] == ["say:hello"]
    folds(scripted_session)


def test_an_id_that_was_used_for_something_else_is_refused(scripted_session: uuid.UUID) -> None:
    calling.cast(scripted_session, message("say:hello"), command_id="mine")
    with pytest.raises(CommandError) as refused:
        calling.call(scripted_session, message("say:hello"), command_id="mine")

    assert refused.value.code == "id_reused"
