"""Observers in the whole system: the timer service looks, a teacher's socket shows notes, a learner's does not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from config.services.data_folder import CHECKOUT
from sessions_app.frames import events_for
from sessions_app.stream_grammar import Stream
from tests.acceptance.knowledge import right_answer
from tests.acceptance.learner import question_of, to_first_question
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import ProtocolClient, new_guest
from tutor.interactions import Visibility

pytestmark = pytest.mark.acceptance

_TEACHER = """
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from sessions_app.access import issue_token
teacher = get_user_model().objects.create_user("teacher", is_staff=True)
teacher.user_permissions.add(Permission.objects.get(codename="view_session", content_type__app_label="sessions_app"))
print(issue_token(teacher))
"""


def new_teacher(system: LiveSystem) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", _TEACHER],
        cwd=CHECKOUT, env=system.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


async def arrived(client: ProtocolClient, kind: str, limit_s: float = 60.0) -> list[Any]:
    async with asyncio.timeout(limit_s):
        while not client.stream.of(kind):
            await asyncio.sleep(0.05)
    return client.stream.of(kind)


async def test_a_teacher_watches_what_observers_note_and_the_learner_does_not(
    live_system: LiveSystem,
) -> None:
    token, teachers = new_teacher(live_system), Stream(kinds=events_for(Visibility.TEACHER))
    async with (
        ProtocolClient(live_system.ws_url, new_guest(live_system.url)) as learner,
        ProtocolClient(live_system.ws_url, token, teachers) as teacher,
    ):
        await learner.hello()
        await teacher.hello(session=learner.session)
        await to_first_question(learner)
        await learner.say(right_answer(question_of(learner)["d"]))
        await learner.command("session.pause")

        (note, *_) = await arrived(teacher, "observer.noted")

        (paused,) = learner.stream.of("session.paused")
        assert (note["d"]["about"], note["turn"], note["cause"]) == ("summary", None, None)
        assert note["d"]["evidence"][-1] == paused["seq"]
        assert "1 right at once and alone" in note["d"]["note"]
        assert learner.stream.of("observer.noted") == learner.stream.of("observer.suggested") == []
