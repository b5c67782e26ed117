"""A command is sent until it is answered, with one id, so that the server does it once."""

from __future__ import annotations

import asyncio

import pytest

from sessions_app.client import CommandError, Event, SessionEndedError, TutorClient
from tests.scripted_server import ScriptedServer, until
from tests.unit.sessions_app.client.conftest import Witness


async def test_the_reply_comes_after_the_events_of_its_commit(server: ScriptedServer, witness: Witness) -> None:
    reply = await witness.client.send("message.send", {"text": "x = 4"})

    assert (reply.seq, reply.disposition, reply.duplicate, reply.turn) == (2, "started", False, "t1")
    await until(lambda: witness.seqs == [2])
    accepted = next(item for item in witness.items if isinstance(item, Event))
    assert (accepted.t, accepted.frame.cause, accepted.d) == ("message.accepted", reply.cause, {"text": "x = 4"})


async def test_an_unanswered_command_goes_again_with_the_same_id_and_is_done_once(
    server: ScriptedServer, witness: Witness
) -> None:
    await until(lambda: server._live)
    server.mute = True
    sending = asyncio.create_task(witness.client.send("message.send", {"text": "x = 4"}))
    await until(lambda: server.accepted)
    server.mute = False
    server.drop()
    reply = await sending

    sent = [frame for frame in server.received if frame["t"] == "message.send"]
    assert sent[0] == sent[1]
    assert len(sent) == 2
    assert reply.duplicate
    assert [event["t"] for event in server.events] == ["message.accepted"]
    await until(lambda: witness.seqs == [2])


async def test_commands_given_while_away_go_out_in_order_after_the_reconnect(
    server: ScriptedServer, witness: Witness
) -> None:
    await server.stop()
    texts = ["one", "two", "three"]
    sending = [asyncio.create_task(witness.client.send("message.send", {"text": text})) for text in texts]
    await asyncio.sleep(0.05)
    await server.start()
    await asyncio.gather(*sending)

    assert [frame["d"]["text"] for frame in server.received if frame["t"] == "message.send"] == texts
    assert witness.client.unanswered == []


async def test_a_refusal_is_an_error_with_the_code_and_the_words_of_the_server(
    server: ScriptedServer, witness: Witness
) -> None:
    server.refusals = [{"code": "too_large", "message": "At most 2,000 characters.", "retry": "never"}]
    with pytest.raises(CommandError, match="At most 2,000 characters") as caught:
        await witness.client.send("message.send", {"text": "x" * 3000})

    assert (caught.value.code, caught.value.retry) == ("too_large", "never")
    assert witness.client.unanswered == []


async def test_a_refusal_for_the_moment_is_tried_again_with_the_same_id(
    server: ScriptedServer, witness: Witness
) -> None:
    server.refusals = [
        {"code": "unavailable", "message": "One moment.", "retry": "same_id", "after_ms": 20},
        {"code": "unavailable", "message": "One moment.", "retry": "same_id"},
    ]
    reply = await witness.client.send("message.send", {"text": "x = 4"})

    assert not reply.duplicate
    assert len({frame["id"] for frame in server.received if frame["t"] == "message.send"}) == 1
    assert len(server.events) == 1


async def test_a_server_that_never_has_a_moment_is_reported(server: ScriptedServer, witness: Witness) -> None:
    server.refusals = [{"code": "unavailable", "message": "Later.", "retry": "same_id", "after_ms": 1}] * 50
    with pytest.raises(CommandError, match="Later"):
        await witness.client.send("continue")


async def test_closing_the_client_ends_the_wait_for_an_answer(server: ScriptedServer, client: TutorClient) -> None:
    server.deaf = True
    sending = asyncio.create_task(client.send("continue"))
    await until(lambda: any(frame["t"] == "continue" for frame in server.received))
    await client.close()

    with pytest.raises(SessionEndedError):
        await sending
    with pytest.raises(SessionEndedError):
        await client.send("continue")
