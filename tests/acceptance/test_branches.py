"""Forks and rewinds by real processes: streams keep the grammar, and each view sees one history."""

from __future__ import annotations

import pytest

from sessions_app.stream_grammar import Stream
from tests.acceptance.learner import go_on, to_first_question
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import ProtocolClient, new_guest, whole_stream

pytestmark = pytest.mark.acceptance


async def test_a_lesson_goes_on_in_a_fork_and_in_itself(shared_live_system: LiveSystem) -> None:
    token = new_guest(shared_live_system.url)
    async with ProtocolClient(shared_live_system.ws_url, token) as client:
        await client.hello()
        asked = await to_first_question(client)
        await client.say("why?")
        reply = await client.command("session.fork", {"seq": asked["seq"]})
        assert reply["t"] == "ok", reply
        async with ProtocolClient(shared_live_system.ws_url, token, Stream()) as other:
            welcome = await other.hello(session=reply["d"]["session"])
            assert welcome["d"]["state"] == "awaiting_answer"
            shared = [event["seq"] for event in other.stream.events if event["seq"] <= reply["d"]["at"]]
            assert shared == [event["seq"] for event in client.stream.events if event["seq"] <= reply["d"]["at"]]
            await go_on(other)
        await go_on(client)


async def test_a_lesson_is_rewound_while_a_tool_is_at_work(shared_live_system: LiveSystem) -> None:
    token = new_guest(shared_live_system.url)
    async with ProtocolClient(shared_live_system.ws_url, token) as client:
        await client.hello()
        asked = await to_first_question(client)
        await client.send("message.send", {"text": "why?"})
        reply = await client.command("session.rewind", {"seq": asked["seq"]})
        assert reply["t"] == "ok", reply
        await client.turn_finished(reply["d"]["turn"])
        await go_on(client)
        seen, session = client.stream.events, client.session
    assert await whole_stream(shared_live_system.ws_url, token, session) == seen
