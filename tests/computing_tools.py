"""Tools that compute, for tests of child processes: this module is imported by the children, too."""

from __future__ import annotations

import base64
import os
import signal
import time

from tools_app.exceptions import Overloaded
from tools_app.extraction import reading
from tools_app.extraction.document import Unreadable
from tools_app.registry import tool
from tools_app.scope import Scope


@tool(timeout_s=30, cpu=True)
def double(scope: Scope, number: int) -> dict[str, int]:
    """Computes, and says in which process."""
    del scope
    return {"doubled": 2 * number, "process": os.getpid()}


@tool(timeout_s=30, cpu=True)
def spin(scope: Scope, seconds: float) -> dict[str, int]:
    """Keeps a processor busy."""
    del scope
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        sum(range(1_000))
    return {"process": os.getpid()}


@tool(timeout_s=30, cpu=True)
def end_badly(scope: Scope, how: str) -> dict[str, str]:
    """Fails or dies in the way it is told."""
    del scope
    match how:
        case "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exits":
            os._exit(7)
        case "eats memory":
            return {"eaten": str(len(bytearray(10**11)))}
        case "is overloaded":
            raise Overloaded("come back later", 2.5)
        case "returns rubbish":
            return object()  # type: ignore[return-value]
    raise ZeroDivisionError("a bug")


@tool(timeout_s=0.1, cpu=True)
def burn(scope: Scope) -> dict[str, str]:
    """Never ends."""
    del scope
    while True:
        pass


@tool(timeout_s=30, cpu=True, argument_bytes=1_000_000)
def read_content(scope: Scope, content: str) -> dict[str, str]:
    """Reads a file (base64) as ``extract_file`` does, and says why it cannot be read."""
    del scope
    try:
        return {"text": reading.read(base64.b64decode(content)).sections[0].text}
    except Unreadable as why:
        return {"reason": why.reason}
