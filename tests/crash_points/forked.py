"""A job in a real child process, which may be killed: forked, so that starting one costs milliseconds."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

#: Says one thing to the parent, at once.
Tell = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended and what it had said by then."""

    said: list[Any]
    killed: bool


def run(job: Callable[[Tell], None]) -> Ended:
    """Run a job in a child. Raises ``RuntimeError`` where it failed instead of ending or being killed.

    The parent must have neither threads nor connections: a fork would share them.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_the_child(job, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = [msgspec.json.decode(line) for line in pipe]
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) != signal.SIGKILL:
            raise RuntimeError(f"the child died of signal {os.WTERMSIG(status)}")
        return Ended(said, killed=True)
    if os.WEXITSTATUS(status) != 0:
        raise RuntimeError("the child failed; its error is above")
    return Ended(said, killed=False)


def _be_the_child(job: Callable[[Tell], None], writing: int) -> None:
    def tell(what: Any) -> None:
        os.write(writing, msgspec.json.encode(what) + b"\n")

    try:
        job(tell)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
