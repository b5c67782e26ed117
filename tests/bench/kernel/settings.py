"""The project's settings with the machine that the benchmark plays; for its own processes and the timer service."""

from config.settings import *  # noqa: F403
from config.settings import TUTOR_MACHINES as _MACHINES

TUTOR_MACHINES = {**_MACHINES, "forgetful": "tests.bench.kernel.forgetful.load"}
