"""docs/tools.md is true: its example is a tool that workers find, list and run."""

from __future__ import annotations

import io
import json
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from sessions_app import log, sessions
from tools_app import discovery, registry
from tools_app.models import ToolCall
from tools_app.runner import Runner

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "tools.md").read_text()
EXAMPLE, SETTINGS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    (tmp_path / "library_tools.py").write_text(EXAMPLE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_online", dict(registry._online))
    monkeypatch.setattr(registry, "_offline", dict(registry._offline))
    named: dict[str, Any] = {}
    exec(SETTINGS, named)  # noqa: S102 — our own page
    settings.TUTOR_TOOLS = named["TUTOR_TOOLS"]
    discovery.load()
    yield
    sys.modules.pop("library_tools", None)


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("tools", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("example")
def test_it_is_listed_with_its_schemas() -> None:
    one = json.loads(told("find_books"))

    assert "find_books" in told()
    assert one["offline"]["about"] == "Answers where the library cannot."
    assert (one["attempts"], one["roles"], one["runs"]) == (2, ["learner"], "threads")
    assert "topic" in json.dumps(one["arguments"])
    assert "titles" in json.dumps(one["result"])
    assert {"find_books", "echo"} <= {listed["name"] for listed in json.loads(told("--json"))}


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(("topic", "fallback"), [("fractions", False), ("dragons", True)])
def test_it_runs(scripted_session: uuid.UUID, topic: str, fallback: bool, folds: Callable[[uuid.UUID], None]) -> None:
    sessions.handle_user_message(scripted_session, "call")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tools_app_toolcall SET tool = 'find_books', queue = 'threads', args = %s",
            [json.dumps({"topic": topic})],
        )
    runner = Runner(registry.queues())
    runner.start()
    until = time.monotonic() + 15
    while not ToolCall.objects.get().ending:
        assert time.monotonic() < until
        time.sleep(0.02)
    runner.drain(2)

    assert [e.fact.fallback for e in log.read(scripted_session) if e.kind == "tool.finished"] == [fallback]  # type: ignore[attr-defined]
    folds(scripted_session)


def test_a_module_that_cannot_be_imported_is_noticed_at_once(settings: Any) -> None:
    settings.TUTOR_TOOLS = ["no_such_tools"]
    with pytest.raises(ImproperlyConfigured, match="no_such_tools"):
        discovery.load()


def test_an_unknown_name_is_said_to_be_unknown() -> None:
    with pytest.raises(CommandError, match="no tool is called"):
        told("format_disk")
