"""Whatever happens to the connection: every event once and in order, every streamed character once."""

from __future__ import annotations

import random

import pytest

from sessions_app.client import Event, Output, Resync, TutorClient
from tests.scripted_server import ScriptedServer, until
from tests.unit.sessions_app.client.conftest import QUICK, Witness


async def live(server: ScriptedServer, views: int = 1) -> None:
    await until(lambda: len(server._live) == views)


async def test_it_says_hello_with_the_course_and_then_with_the_session(
    server: ScriptedServer, witness: Witness
) -> None:
    server.happen("session.started")
    await until(lambda: witness.seqs)
    server.drop()
    await until(lambda: len(server.hellos) == 2)

    first, second = (hello["d"] for hello in server.hellos)
    assert first == {"course": "algebra", "resume": None}
    assert second == {"session": "s1", "resume": {"log_id": "log-1", "seq": 2, "out": None}}


async def test_events_that_happened_while_away_come_in_order(server: ScriptedServer, witness: Witness) -> None:
    server.happen("session.started")
    await live(server)
    server.drop()
    server.happen("question.asked", question="q1")
    server.happen("hint.given", question="q1")
    await live(server)
    server.happen("state.changed", **{"from": "a", "to": "exposition"})
    await until(lambda: len(witness.seqs) == 4)

    assert witness.seqs == [2, 4, 6, 8]
    assert witness.client.view.state == "exposition"


async def test_events_told_twice_are_seen_once(server: ScriptedServer, witness: Witness) -> None:
    for _ in range(5):
        server.happen("state.changed", to="exposition")
    await until(lambda: len(witness.seqs) == 5)
    server.overlap = 3
    server.drop()
    await live(server)
    server.push(server.events[1])
    server.happen("session.paused")
    await until(lambda: len(witness.seqs) >= 6)

    assert witness.seqs == [2, 4, 6, 8, 10, 12]


async def test_text_broken_in_the_middle_goes_on_at_the_very_character(
    server: ScriptedServer, witness: Witness
) -> None:
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    await until(lambda: witness.seqs)
    server.write("To undo 𝑥 + 3 ")
    await until(lambda: len(witness.streamed) == 14)
    server.drop()
    server.active = ("t1", 1, "To undo 𝑥 + 3 take 3 away.")
    await until(lambda: witness.streamed.endswith("away."))

    assert server.hellos[1]["d"]["resume"]["out"] == {"turn": "t1", "attempt": 1, "off": 14}
    assert witness.streamed == "To undo 𝑥 + 3 take 3 away."


async def test_overlapping_offsets_add_only_what_is_new(server: ScriptedServer, witness: Witness) -> None:
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    await live(server)
    server.push_delta(0, "one two")
    server.push_delta(4, "two three")
    server.push_delta(0, "one")
    server.push_delta(13, "!")
    await until(lambda: witness.streamed.endswith("!"))

    assert witness.streamed == "one two three!"


async def test_a_gap_in_the_text_is_asked_for_again(server: ScriptedServer, witness: Witness) -> None:
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    await live(server)
    server.push_delta(0, "one ")
    await until(lambda: witness.streamed == "one ")
    server.active = ("t1", 1, "one two three")
    server.push_delta(8, "three")
    await until(lambda: witness.streamed.endswith("three"))

    assert witness.streamed == "one two three"
    assert len(server.hellos) == 2


async def test_a_gap_that_stays_is_left_to_the_committed_text(server: ScriptedServer, witness: Witness) -> None:
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    await live(server)
    server.push_delta(8, "three")
    await until(lambda: len(server.hellos) == 2)
    await live(server)
    server.push_delta(8, "three")
    server.happen("output.committed", turn="t1", text="one two three", len=13)
    await until(lambda: len(witness.seqs) == 2)

    assert len(server.hellos) == 2
    assert witness.streamed == ""


async def test_a_new_attempt_begins_its_text_afresh(server: ScriptedServer, witness: Witness) -> None:
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    await live(server)
    server.write("a first try")
    server.write("the second", attempt=2)
    server.push_delta(11, " late text of the first", attempt=1)
    server.happen("turn.finished", turn="t1", outcome="completed")
    await until(lambda: len(witness.seqs) == 2)

    texts = [(item.attempt, item.text) for item in witness.items if isinstance(item, Output)]
    assert texts == [(1, "a first try"), (2, ""), (2, "the second")]
    assert witness.client.view.streams == {}


async def test_another_log_empties_the_view_and_tells_it_again(server: ScriptedServer, witness: Witness) -> None:
    for _ in range(4):
        server.happen("state.changed", to="exposition")
    await until(lambda: len(witness.seqs) == 4)
    server.log_id = "log-2"
    del server.events[2:]
    server.drop()
    await until(lambda: any(isinstance(item, Resync) for item in witness.items))
    server.happen("session.resumed", state="exposition")
    await until(lambda: len(witness.seqs) == 3)

    assert witness.seqs == [2, 4, 6]
    assert witness.client.view.cursor() == {"log_id": "log-2", "seq": 6, "out": None}


async def test_a_lost_push_is_noticed_by_the_beat_and_fetched(server: ScriptedServer, witness: Witness) -> None:
    server.beat_s = 0.05
    await live(server)
    server.lossy = True
    server.happen("question.asked", question="q1")
    await until(lambda: witness.seqs == [2])

    assert len(server.hellos) == 2


async def test_a_head_beyond_what_this_view_may_see_does_not_make_it_resume_for_ever(
    server: ScriptedServer, witness: Witness
) -> None:
    server.beat_s = 0.02
    await live(server)
    server.ahead = 99
    pings = len(server.received)
    await until(lambda: len(server.received) > pings + 15)

    assert len(server.hellos) == 2


async def test_a_view_kept_by_the_caller_resumes_in_a_new_client(server: ScriptedServer, client: TutorClient) -> None:
    first = Witness(client)
    server.happen("session.started")
    await until(lambda: first.seqs)
    await first.leave()
    await client.close()
    server.happen("question.asked", question="q1")
    async with TutorClient(server.url, session="s1", view=client.view, pace=QUICK) as later:
        second = Witness(later)
        await until(lambda: second.seqs)
        await second.leave()

    assert second.seqs == [4]


@pytest.mark.parametrize("seed", range(12))
async def test_random_faults_lose_and_double_nothing(server: ScriptedServer, witness: Witness, seed: int) -> None:
    chance = random.Random(seed)
    server.beat_s = 0.05
    expected = ""
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    for number in range(40):
        server.lossy = chance.random() < 0.2
        server.overlap = chance.choice([0, 1, 5])
        match chance.randrange(6):
            case 0:
                server.drop()
            case 1:
                await until(lambda: server._live)
            case 2 | 3:
                server.happen("state.changed", to=str(number))
            case _:
                expected += f"word{number} "
                server.write(f"word{number} ")
    server.lossy = False
    server.write("end.")
    await until(lambda: witness.streamed.endswith("end."))
    server.happen("turn.finished", turn="t1", outcome="completed")
    await until(lambda: witness.seqs and witness.seqs[-1] == server.head)

    assert witness.seqs == [event["seq"] for event in server.events]
    assert witness.streamed == expected + "end."
    assert [item.d for item in witness.items if isinstance(item, Event)] == [event["d"] for event in server.events]
