"""Ways to go wrong on purpose."""

from __future__ import annotations

from sessions_app.stream_grammar import Frame
from tests.acceptance.knowledge import repeated_operation
from tests.acceptance.learner import go_on, question_of
from tests.acceptance.protocol_client import ProtocolClient


async def to_a_known_error(client: ProtocolClient, limit: int = 60) -> Frame:
    """Learn on to a question of the form x + a = c and make the known error there. Returns the `question.asked`."""
    for _ in range(limit):
        if client.stream.state == "awaiting_answer":
            question = question_of(client)
            if (slip := repeated_operation(question["d"])) is not None:
                turn = await client.say(slip)
                verdict = next(event["d"] for event in turn if event["t"] == "answer.checked")
                assert (verdict["verdict"], verdict["known_error"]) == ("known_error", "repeats_operation")
                assert client.stream.state == "remediating_known_error"
                return question
        await go_on(client)
    raise AssertionError(f"no question of the form x + a = c in {limit} turns")
