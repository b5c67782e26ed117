"""The project's settings with these tools and this machine."""

from __future__ import annotations

from config.settings import *  # noqa: F403
from config.settings import TUTOR_MACHINES, TUTOR_TOOLS

TUTOR_TOOLS = [*TUTOR_TOOLS, "tests.delicate.tools"]
TUTOR_MACHINES = {**TUTOR_MACHINES, "echo": "tests.delicate.machine.load"}
