"""A file that eats memory or time takes at most its child down: the next file is read as if nothing had been."""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests import computing_tools, sample_files
from tools_app import conf, registry
from tools_app.children import Children

SCOPE = {
    "session": str(uuid.UUID(int=1)), "learner": 1, "course": "c", "machine_args": {}, "roles": ["learner"],
    "expires_ms": 2**45,
}  # fmt: skip


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[Children]:
    """One child, with little memory, so that a small file is enough."""
    monkeypatch.setattr(conf, "CHILD_MEMORY_MB", 256)
    running = Children(1)
    yield running
    running.close()


async def read(children: Children, content: bytes) -> Any:
    tool = registry.registered(computing_tools.read_content.__name__, offline=False)
    return await children.run(tool, SCOPE, {"content": base64.b64encode(content).decode()})


GOOD = sample_files.pdf("A page.")


async def test_memory_ends_it_and_the_reason_is_told(children: Children) -> None:
    assert await read(children, GOOD) == {"text": "A page."}
    # A few thousand bytes, and an object for each of their quarter of a million elements.
    greedy = sample_files.docx(extra={"word/document.xml": sample_files.elements(250_000)})

    assert await read(children, greedy) == {"reason": "too_big_inside"}
    assert await read(children, GOOD) == {"text": "A page."}


async def test_time_ends_it_by_killing_the_child(children: Children) -> None:
    assert await read(children, GOOD) == {"text": "A page."}
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await read(children, sample_files.slow_pdf())

    assert await read(children, GOOD) == {"text": "A page."}
