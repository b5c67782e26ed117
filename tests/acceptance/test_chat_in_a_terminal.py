"""``manage.py chat`` takes a lesson on the running system: found by itself, line by line from standard input."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.services.data_folder import CHECKOUT
from tests.acceptance.live_system import LiveSystem

pytestmark = pytest.mark.acceptance


def chat(system: LiveSystem, typed: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "chat", *arguments]
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        env=system.environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_a_lesson_by_typing(shared_live_system: LiveSystem) -> None:
    first = chat(shared_live_system, "/continue\n" * 12 + "/hint\n99\n/quit\n", "--course", "linear-equations")

    assert first.returncode == 0, first.stderr
    assert "Question 1" in first.stdout
    assert "Hint" in first.stdout
    assert "Not yet" in first.stdout
    token = re.search(r"--token (\S+)", first.stdout)
    assert token is not None

    later = chat(
        shared_live_system,
        "/giveup\n",
        "--course",
        "linear-equations",
        "--token",
        token[1],
        "--url",
        shared_live_system.url,
    )
    assert later.returncode == 0, later.stderr
    assert later.stdout.count("Question 1") >= 1
    assert "you ▸ 99" in later.stdout


def test_a_file_is_uploaded_and_used(shared_live_system: LiveSystem, tmp_path: Path) -> None:
    notes = tmp_path / "my notes.md"
    notes.write_text("# Counterweights\n\nA counterweight is what brings scales back.\n")
    typed = [
        f"/upload {notes}",
        "yes",
        "what do my notes say about a counterweight?",
        f"/upload {tmp_path}/none",
        "/quit",
    ]

    taken = chat(shared_live_system, "\n".join(typed), "--course", "linear-equations")

    told = " ".join(taken.stdout.split())
    assert taken.returncode == 0, taken.stderr
    assert "✓ my notes.md was read." in told
    assert "From your file “my notes.md”, section 1 (“Counterweights”)" in told
    assert "A counterweight is what brings scales back." in told
    assert "There is no file" in told


def test_what_is_wrong_is_said_in_a_line(shared_live_system: LiveSystem) -> None:
    wrong = {
        "token": chat(shared_live_system, "", "--token", "no-such-token"),
        "course": chat(shared_live_system, "", "--course", "no-such-course"),
        "address": chat(shared_live_system, "", "--url", "http://127.0.0.1:9"),
    }

    for what, ended in wrong.items():
        assert ended.returncode == 1, what
        assert "Traceback" not in ended.stderr
        assert what in ended.stderr or "does not answer" in ended.stderr
