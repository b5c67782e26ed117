"""Returns what it is given: for the echo machine, benchmarks and tests."""

from __future__ import annotations

import asyncio

from tools_app.registry import tool
from tools_app.scope import Scope


@tool(timeout_s=60)
async def echo(scope: Scope, text: str, delay_s: float = 0.0) -> dict[str, str]:
    """The text, after ``delay_s`` seconds."""
    del scope  # needs no rights
    if delay_s:
        await asyncio.sleep(delay_s)
    return {"text": text}
