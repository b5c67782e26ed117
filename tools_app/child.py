"""The inside of a child process: runs one tool after the other for the thread that asks (``tools_app.children``).

What goes through the pipe is plain data in both directions: a child that works on a learner's input is not believed
more than it has to be.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import math
import resource
import signal
import sys
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import django
import msgspec
from django.apps import apps
from django.db import connections

from tools_app import exceptions, registry
from tools_app.exceptions import BadOutput, Overloaded, ToolCrashed, ToolError
from tools_app.scope import Scope

_PR_SET_PDEATHSIG = 1


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One call."""

    #: Where the tool is registered by being imported.
    module: str
    tool: str
    offline: bool
    scope: dict[str, Any]
    args: dict[str, Any]
    #: What was wrong with the output of the attempt before.
    repair: str = ""
    #: CPU time it may use, in seconds.
    cpu_s: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: a result, or the name and text of an exception."""

    result: Any = None
    error: str | None = None
    message: str = ""
    retry_after_s: float | None = None


def serve(pipe: Connection[Any, Any], memory_mb: int) -> None:
    """The child's main function: until the pipe is closed."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the worker
    if not apps.ready:
        django.setup()
    _limit_memory(memory_mb)
    encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Job).decode
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            job = decode(pipe.recv_bytes())
            pipe.send_bytes(encode(_answer(job)))


def result_of(answer: Answer) -> Any:
    """The result; or raises the exception that the answer names: a ``ToolError``, else ``ToolCrashed``."""
    if answer.error is None:
        return answer.result
    kind = getattr(exceptions, answer.error, None)
    if kind is Overloaded:
        raise Overloaded(answer.message, answer.retry_after_s)
    if isinstance(kind, type) and issubclass(kind, ToolError):
        raise kind(answer.message)
    if answer.error == "TimeoutError":
        raise TimeoutError(answer.message)
    if answer.error == "MemoryError":
        raise MemoryError(answer.message)
    raise ToolCrashed(f"{answer.error}: {answer.message}")


def _answer(job: Job) -> Answer:
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    # The kernel counts from the start of the process and ends it with SIGXCPU.
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + job.cpu_s, hard))
    try:
        importlib.import_module(job.module)
        tool = registry.registered(job.tool, offline=job.offline)
        who = msgspec.convert(job.scope, Scope)
        result = tool.function(who, **tool.bind(job.args, job.repair))
        try:
            return Answer(result=msgspec.to_builtins(result))
        except TypeError as error:
            raise BadOutput(f"{job.tool} returned something that is not JSON: {error}") from None
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        if not isinstance(error, ToolError):
            # The worker sees a name and a text; the way to it stands here.
            sys.stderr.write(traceback.format_exc())
        after = error.retry_after_s if isinstance(error, Overloaded) else None
        return Answer(error=type(error).__name__, message=str(error), retry_after_s=after)
    finally:
        connections.close_all()


def _die_with_parent() -> None:
    """Be killed when the server dies, which ends with its worker. Linux; elsewhere the closed pipe must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit_memory(more_mb: int) -> None:
    """So much beyond what it begins with; then Python raises ``MemoryError``. Linux; elsewhere nothing tells."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more_mb * 2**20, hard))
