"""A stranger with nothing but the protocol takes the whole demo course."""

from __future__ import annotations

import pytest

from sessions_app.stream_grammar import STATES
from tests.acceptance.knowledge import right_answer
from tests.acceptance.learner import go_on, question_of, to_first_question, to_the_end
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import ProtocolClient, new_guest, whole_stream
from tests.acceptance.slips import to_a_known_error

pytestmark = pytest.mark.acceptance


async def test_a_guest_finishes_the_whole_course(shared_live_system: LiveSystem) -> None:
    token = new_guest(shared_live_system.url)
    async with ProtocolClient(shared_live_system.ws_url, token) as client:
        welcome = await client.hello()
        assert welcome["d"]["state"] == "exposition"
        assert client.stream.of("output.committed"), "the tutor greets"

        # "why?" during the exposition is a clarification, and the exposition goes on.
        clarified = await client.say("why?")
        assert [e["d"]["name"] for e in clarified if e["t"] == "tool.requested"] == ["clarify_concept"]
        assert client.stream.state == "exposition"

        # A known error: contrast, probe, then the question again.
        mistaken = await to_a_known_error(client)
        await go_on(client)
        assert client.stream.of("answer.checked")[-1]["d"]["verdict"] == "correct"
        assert client.stream.of("remediation.finished")
        assert client.stream.state == "awaiting_answer"
        again = question_of(client)
        assert again["d"]["question"] == mistaken["d"]["question"]
        assert again["d"]["prompt"] == mistaken["d"]["prompt"]
        await go_on(client)
        assert client.stream.of("answer.checked")[-1]["d"]["verdict"] == "correct"

        # A hint costs no attempt and leaves the question open.
        open_question = question_of(client)["d"]["question"]
        hinted = await client.turn("hint.request")
        hint = next(event["d"] for event in hinted if event["t"] == "hint.given")
        assert (hint["question"], hint["level"], hint["bottom_out"]) == (open_question, 1, False)
        assert client.stream.state == "awaiting_answer"
        await go_on(client)

        # A question about the question keeps it open.
        open_question = question_of(client)["d"]["question"]
        await client.say("why?")
        assert client.stream.state == "awaiting_answer"
        assert question_of(client)["d"]["question"] == open_question

        # Giving up: one hint is offered first, the second time the solution is shown.
        await client.turn("question.give_up")
        if client.stream.state == "awaiting_answer":
            await client.turn("question.give_up")
        assert client.stream.state == "reviewing_solution"

        await to_the_end(client)

        client.stream.demand_quiet()
        events = client.stream.events
        session = client.session

    topics = [event["d"] for event in events if event["t"] == "state.changed" and event["d"]["to"] == "topic_complete"]
    assert len(topics) == 4
    assert all(
        event["d"]["mastered"] for event in {e["d"]["skill"]: e for e in events if e["t"] == "mastery.changed"}.values()
    )
    visited = {event["d"]["to"] for event in events if event["t"] == "state.changed"}
    assert visited == STATES - {"created", "paused", "error_state"}

    # Every tool ran in the worker process, at once and without the fallback.
    finished = [event["d"] for event in events if event["t"] == "tool.finished"]
    assert len(finished) == sum(event["t"] == "tool.requested" for event in events) > 20
    worker, web = (str(shared_live_system.pid(name)) for name in ("worker", "web"))
    assert all(worker in call["owner"].split("-") and web not in call["owner"].split("-") for call in finished)

    assert await whole_stream(shared_live_system.ws_url, token, session) == events


async def test_the_same_answer_as_a_typed_command_is_checked_alike(shared_live_system: LiveSystem) -> None:
    async with ProtocolClient(shared_live_system.ws_url, new_guest(shared_live_system.url)) as client:
        await client.hello()
        question = (await to_first_question(client))["d"]

        turn = await client.turn("answer.submit", {"question": question["question"], "value": right_answer(question)})

    checked = next(event["d"] for event in turn if event["t"] == "answer.checked")
    assert (checked["question"], checked["verdict"]) == (question["question"], "correct")


async def test_a_course_that_was_completed_opens_a_new_session(shared_live_system: LiveSystem) -> None:
    token = new_guest(shared_live_system.url)
    async with ProtocolClient(shared_live_system.ws_url, token) as client:
        await client.hello()
        closed = await client.command("session.close")
        assert closed["t"] == "ok"
        await client.event(lambda event: event["t"] == "state.changed" and event["d"]["to"] == "completed")
        old = client.session

    async with ProtocolClient(shared_live_system.ws_url, token) as client:
        await client.hello()

        assert client.session != old
        assert client.stream.state == "exposition"
