"""Every command that docs/history.md shows works as it stands, on a real lesson."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path
from typing import Any

from django.core.management import call_command

from config.services.data_folder import CHECKOUT
from tests.integration.tools_app.model_lesson import started
from tutor import interactions
from tutor.projections import PROJECTIONS, chain

PAGE = (Path(CHECKOUT) / "docs" / "history.md").read_text()


def test_its_commands_work(learner: Any) -> None:
    lesson = started(learner)
    for number in range(16):
        lesson.say(f"why is step {number} allowed?")
    shown = re.findall(r"^    manage\.py session (.+)$", PAGE, re.MULTILINE)

    for line in shown:
        out = io.StringIO()
        call_command("session", *shlex.split(line.replace("ada:fractions", str(lesson.session))), stdout=out)
        assert out.getvalue()

    assert {line.split()[0] for line in shown} == {"project", "chain", "compact", "fork", "rewind"}


def test_it_names_every_projection() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))

    assert named == {one.name for one in PROJECTIONS} | {chain.NAME, "state"}


def test_the_facts_it_speaks_of_exist() -> None:
    spoken_of = {name for name in re.findall(r"`([a-z]+\.[a-z_]+)[ `]", PAGE) if not name.endswith(".py")}
    commands = {"session.fork", "session.rewind"}

    assert spoken_of - commands <= set(interactions.KINDS) | {"sessions_app.log"}
