"""What the README shows runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.services.data_folder import CHECKOUT
from tests.acceptance.live_system import LiveSystem

pytestmark = pytest.mark.acceptance

README = (CHECKOUT / "README.md").read_text()


def test_its_program_takes_a_lesson_up_to_the_first_question(shared_live_system: LiveSystem) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert "http://localhost:8000" in program

    ran = subprocess.run(
        [sys.executable, "-c", program.replace("http://localhost:8000", shared_live_system.url)],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Hello, and welcome")
    assert "Solve" in ran.stdout


def test_its_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", "".join(p.read_text() for p in _makefiles()), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", README))

    assert named <= targets


def _makefiles() -> list[Path]:
    main = CHECKOUT / "Makefile"
    return [main, *(CHECKOUT / name for name in re.findall(r"^include (\S+)", main.read_text(), re.MULTILINE))]


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in link:
            assert (CHECKOUT / link).exists(), link
