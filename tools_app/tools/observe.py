"""One look of one observer, in a child process: it may hang, crash or take all memory, and only itself is affected."""

from __future__ import annotations

import importlib
import os
from typing import Any

import msgspec

from tools_app import conf
from tools_app.registry import tool
from tools_app.scope import Scope
from tutor.observers import registry
from tutor.observers.looking import look
from tutor.projections.fact import Fact

#: The role of whoever may ask for it: no machine's call has it.
ROLE = "observer"


@tool(timeout_s=3, cpu=True, roles={ROLE}, argument_bytes=conf.OBSERVE_BYTES)
def observe(
    scope: Scope,
    module: str,
    observer: str,
    view: dict[str, Any] | None,
    facts: list[Fact],
    now_ms: int,
    whole: bool,
    seen: int,
    told: list[tuple[str, str, int]],
) -> dict[str, Any]:
    """``tutor.observers.looking.Looked``. ``module``: where the observer is registered by being imported."""
    os.setpriority(os.PRIO_PROCESS, 0, conf.OBSERVER_NICENESS)
    importlib.import_module(module)
    looked = look(registry.find(observer), view, facts, now_ms, whole=whole, seen=seen, told=told)
    plain: dict[str, Any] = msgspec.to_builtins(looked)
    return plain
