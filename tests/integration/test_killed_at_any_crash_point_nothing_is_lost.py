"""Some of what ``make crash-points`` does in full: kills by the dice, all points once, some runs killed twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
def test_runs_that_were_killed_end_like_those_that_lived() -> None:
    command = [sys.executable, "-m", "tests.crash_points", "--scripts", "12", "--cases", "24", "--twice", "6"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "30 equal, 0 different" in done.stdout
