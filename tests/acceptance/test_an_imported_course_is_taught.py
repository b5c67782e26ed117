"""A content pool in OATutor's form is imported and loaded into a running system, and a lesson is taken from it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.services.data_folder import CHECKOUT
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import ProtocolClient, new_guest
from tests.unit.tutor.importing.content_pool import Pool, choice, hint, step

pytestmark = pytest.mark.acceptance

SLUG = "sums-for-tests"


def manage(system: LiveSystem, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=CHECKOUT,
        env=system.environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def written_pool(folder: Path) -> Path:
    pool = Pool(folder)
    for n in range(2, 8):
        asked = hint(
            f"What is $${n}+1$$?", type="scaffold", problemType="TextBox", answerType="arithmetic",
            hintAnswer=[f"$${n + 1}$$"],
        )  # fmt: skip
        pool.problem(
            step(stepTitle=f"What is $${n}+3$$?", stepAnswer=[f"$${n + 3}$$"]),
            hints=[hint("Count on from the first number."), asked, hint(f"So it is $${n + 3}$$.")],
        )
    pool.problem(choice(["an even number", "an odd number"], "an even number", stepTitle="What is $$2+2$$?"))
    return pool.folder


def right(prompt: str, choices: list[dict[str, str]] | None) -> str:
    if choices:
        return next(one["id"] for one in choices if one["text"] == "an even number")
    return str(sum(int(number) for number in re.findall(r"\d+", prompt)))


async def test_a_lesson_from_an_imported_course(shared_live_system: LiveSystem, tmp_path: Path) -> None:
    folder = tmp_path / "course"
    said = manage(shared_live_system, "course", "import", "oatutor", written_pool(tmp_path / "pool"), folder)
    assert "7 imported" in said
    assert "no findings" in manage(shared_live_system, "course", "check", folder)
    assert "version 1 loaded" in manage(shared_live_system, "course", "load", folder)
    assert SLUG in manage(shared_live_system, "course", "list")

    async with ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as client:
        await client.hello(course=SLUG)
        while client.stream.state != "awaiting_answer":
            await client.turn("continue")

        # The hint ladder of the pool: a nudge, then the sub-question.
        hinted = await client.turn("hint.request")
        assert any("Count on from the first number" in e["d"]["text"] for e in hinted if e["t"] == "hint.given")

        for _ in range(60):
            if client.stream.state == "completed":
                break
            if client.stream.state == "awaiting_answer":
                question = client.stream.of("question.asked")[-1]["d"]
                await client.say(right(question["prompt"], question.get("choices")))
                assert client.stream.of("answer.checked")[-1]["d"]["verdict"] == "correct"
            else:
                await client.turn("continue")
        assert client.stream.state == "completed"
