"""Counts aloud: a tool that streams without a model, for the echo machine, benchmarks and tests."""

from __future__ import annotations

import asyncio

from tools_app.output import Output
from tools_app.registry import tool
from tools_app.scope import Scope


def words(count: int) -> list[str]:
    """What is said, piece by piece."""
    return [f"{number} " for number in range(1, count)] + [f"{count}."]


@tool(timeout_s=60)
async def recite(scope: Scope, count: int, every_ms: int, output: Output) -> dict[str, str]:
    """The numbers from 1 to ``count``, one every ``every_ms`` milliseconds."""
    del scope  # needs no rights
    for number, word in enumerate(words(count)):
        if number and every_ms:
            await asyncio.sleep(every_ms / 1_000)
        await output.write(word)
    return {"text": await output.finish()}
