"""Tools that make trouble."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tools_app.registry import tool
from tools_app.scope import Scope


@tool(timeout_s=60, repeatable=False)
async def once(scope: Scope, seconds: float) -> dict[str, str]:
    """Something that must not happen twice."""
    del scope
    await asyncio.sleep(seconds)
    return {"text": "done once"}


@tool(timeout_s=60)
async def waits_for_file(scope: Scope, path: str) -> dict[str, str]:
    """Fails until there is a file."""
    del scope
    if not Path(path).exists():
        raise LookupError("there is no file")
    return {"text": "there is a file"}
