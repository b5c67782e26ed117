"""The project's settings with a machine that asks for many calls at once."""

from __future__ import annotations

from config.settings import *  # noqa: F403
from config.settings import TUTOR_MACHINES as _MACHINES

TUTOR_MACHINES = {**_MACHINES, "scripted": "tests.scripted_machine.load"}
