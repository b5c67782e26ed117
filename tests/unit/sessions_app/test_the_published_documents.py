"""AsyncAPI and OpenAPI say what the contract says, and hang together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command

from sessions_app import commands, frames, published
from tests.published_document import check_frame

#: Fields that the contract names (its §3, §5, §6, §12), by frame.
NAMED: Mapping[str, set[str]] = {
    "welcome": {"conn", "session", "log_id", "head", "floor", "first", "state", "active", "queue", "policy", "limits"},
    "live": {"head"},
    "resync": {"log_id", "head", "first", "state"},
    "pong": {"head", "off", "at"},
    "bye": {"code", "reason", "reconnect", "after_ms"},
    "err": {"code", "message", "retry", "detail"},
    "message.accepted": {"text"},
    "turn.started": {"by"},
    "turn.finished": {"outcome"},
    "tool.requested": {"call", "name"},
    "tool.finished": {"call", "attempts"},
    "tool.failed": {"call", "attempts"},
    "answer.checked": {"question", "answer", "verdict", "feedback"},
    "output.committed": {"text", "html", "len"},
    "output.delta": {"attempt", "off", "text"},
    "output.reset": {"attempt"},
    "question.asked": {"question", "prompt", "format", "skill", "number"},
    "hint.given": {"question", "level", "text"},
    "mastery.changed": {"skill", "p", "why"},
    "state.changed": {"from", "to", "why"},
}
COMMANDS = (
    "hello ping message.send answer.submit hint.request question.skip question.give_up answer.dispute continue "
    "turn.cancel queue.remove turn.retry tool.resolve session.pause session.resume session.close session.fork "
    "session.rewind history.get policy.set session.inspect session.force_remediation session.suspend "
    "session.unsuspend session.restart session.reset"
)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)


@pytest.mark.parametrize("document", [published.asyncapi(), published.openapi()], ids=["asyncapi", "openapi"])
def test_every_reference_leads_somewhere_and_every_schema_is_one(document: dict[str, Any]) -> None:
    for reference in set(references(document)):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", NAMED)
def test_the_fields_of_the_contract_are_required(name: str) -> None:
    document = published.asyncapi()
    (d, *_) = references(document["components"]["messages"][name]["payload"]["properties"]["d"])
    required = set(document["components"]["schemas"][d.rsplit("/", 1)[1]]["required"])

    assert required >= NAMED[name]


def test_all_commands_of_the_contract_are_published_and_carried_out() -> None:
    published_commands = {
        name for name, one in published.asyncapi()["operations"].items() if one["action"] == "receive"
    }

    assert set(COMMANDS.split()) <= published_commands
    assert published_commands == set(frames.COMMANDS) == set(commands.known())


def test_the_check_of_real_traffic_can_fail() -> None:
    frame = {"t": "live", "sid": "s", "at": "2026-01-01T00:00:00Z", "turn": None, "cause": "h", "d": {"head": 3}}
    check_frame(frame)

    for wrong in (
        {**frame, "d": {}},
        {**frame, "d": {"head": "3"}},
        {**frame, "d": {"head": 3, "tail": 1}},
        {**frame, "seq": 1},
        {**frame, "t": "alive"},
    ):
        with pytest.raises(AssertionError):
            check_frame(wrong)


@pytest.mark.parametrize("document", ["asyncapi", "openapi"])
def test_a_command_prints_them(document: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("protocol", document)

    assert json.loads(capsys.readouterr().out) == getattr(published, document)()
