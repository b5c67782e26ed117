"""A learner who takes the demo course over a `ProtocolClient`, one turn at a time."""

from __future__ import annotations

from sessions_app.stream_grammar import Frame
from tests.acceptance.knowledge import probe_answer, right_answer
from tests.acceptance.protocol_client import ProtocolClient


def question_of(client: ProtocolClient) -> Frame:
    """The newest question."""
    return client.stream.of("question.asked")[-1]


async def to_first_question(client: ProtocolClient) -> Frame:
    """Read the material of the first topic. Returns the `question.asked`."""
    while client.stream.state != "awaiting_answer":
        await client.turn("continue")
    return question_of(client)


async def go_on(client: ProtocolClient) -> list[Frame]:
    """One right step from where the lesson stands. Returns the turn's events."""
    match client.stream.state:
        case "awaiting_answer":
            return await client.say(right_answer(question_of(client)["d"]))
        case "remediating_known_error":
            probe = question_of(client)["d"]
            answer = probe_answer(probe["prompt"])
            assert answer is not None, f"the remediation asks nothing: {probe}"
            return await client.say(answer)
        case _:
            return await client.turn("continue")


async def to_the_end(client: ProtocolClient, limit: int = 400) -> None:
    """Go on until the course is completed. Raises AssertionError when it does not end within ``limit`` turns."""
    for _ in range(limit):
        if client.stream.state == "completed":
            return
        await go_on(client)
    raise AssertionError(f"not completed after {limit} turns; state {client.stream.state}")
