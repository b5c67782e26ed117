"""What every client must do, whatever it is written in: one list of scenarios, in front of the scripted server.

A driver (`Driver`) makes a client do things and tells what its user has seen. Each scenario is a coroutine of a server
and a driver whose client is open and live.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tests.scripted_server import ScriptedServer, until

#: Seconds; for the machine may be busy.
PATIENCE_S = 20.0


class Driver(Protocol):
    """A client and what its user has seen: since the last resync, for events and text."""

    async def events(self) -> list[tuple[int, str, dict[str, Any]]]:
        """(seq, kind, d) of each event, as it came."""
        ...

    async def streamed(self) -> str:
        """All pieces of text as they came, put together."""
        ...

    async def statuses(self) -> list[str]:
        """Of the connection, as they came."""
        ...

    async def resyncs(self) -> int:
        """How often the view was told to begin again."""
        ...

    async def send(self, command: str, d: dict[str, Any]) -> None:
        """Send, and do not wait for the answer."""
        ...

    async def answers(self) -> list[dict[str, Any]]:
        """Answers to what was sent, as they came: ``{"duplicate": …}`` or ``{"code": …}``."""
        ...

    async def end(self) -> int | None:
        """The code with which the view ended, once it has."""
        ...


Scenario = Callable[[ScriptedServer, Driver], Awaitable[None]]
SCENARIOS: dict[str, Scenario] = {}


def scenario(play: Scenario) -> Scenario:
    """Every client has to pass it."""
    SCENARIOS[play.__name__.replace("_", " ")] = play
    return play


async def eventually(look: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    """Wait until a look sees this; the assertion shows what it sees instead."""
    seen: list[Any] = []

    async def holds() -> bool:
        seen.append(await look())
        return bool(seen[-1] == wanted)

    try:
        await until_async(holds)
    except TimeoutError:
        assert seen[-1] == wanted


async def until_async(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():
            await asyncio.sleep(0.01)


async def seqs(driver: Driver) -> list[int]:
    return [seq for seq, _, _ in await driver.events()]


async def hellos(server: ScriptedServer, number: int) -> None:
    await until(lambda: len(server.hellos) == number, within_s=PATIENCE_S)


async def live(server: ScriptedServer) -> None:
    await until(lambda: len(server._live) == 1, within_s=PATIENCE_S)


# --- the log -----------------------------------------------------------------------------------------------------


@scenario
async def events_come_in_order(server: ScriptedServer, driver: Driver) -> None:
    for number in range(5):
        server.happen("state.changed", **{"from": "a", "to": f"s{number}", "why": ""})

    await eventually(lambda: seqs(driver), [2, 4, 6, 8, 10])


@scenario
async def what_happened_while_it_was_away_comes_after_the_reconnect(server: ScriptedServer, driver: Driver) -> None:
    server.happen("session.started")
    await eventually(lambda: seqs(driver), [2])
    server.drop()
    server.happen("question.asked", question="q1")
    server.happen("hint.given", question="q1")
    await hellos(server, 2)

    await eventually(lambda: seqs(driver), [2, 4, 6])
    resume = server.hellos[1]["d"]
    assert resume["session"] == "s1"
    assert (resume["resume"]["log_id"], resume["resume"]["seq"]) == ("log-1", 2)


@scenario
async def events_that_are_told_twice_count_once(server: ScriptedServer, driver: Driver) -> None:
    for number in range(4):
        server.happen("state.changed", **{"from": "a", "to": f"s{number}", "why": ""})
    await eventually(lambda: seqs(driver), [2, 4, 6, 8])
    server.overlap = 3
    server.drop()
    await hellos(server, 2)
    await live(server)
    server.push(server.events[0])
    server.happen("session.paused", why="x")

    await eventually(lambda: seqs(driver), [2, 4, 6, 8, 10])


@scenario
async def another_log_begins_again(server: ScriptedServer, driver: Driver) -> None:
    for number in range(3):
        server.happen("state.changed", **{"from": "a", "to": f"s{number}", "why": ""})
    await eventually(lambda: seqs(driver), [2, 4, 6])
    server.log_id = "log-2"
    del server.events[1:]
    server.drop()
    await eventually(driver.resyncs, 1)

    await eventually(lambda: seqs(driver), [2])
    server.happen("session.resumed", state="exposition")
    await eventually(lambda: seqs(driver), [2, 4])


@scenario
async def a_push_that_was_lost_is_fetched(server: ScriptedServer, driver: Driver) -> None:
    server.beat_s = 0.05
    server.drop()
    await hellos(server, 2)
    await live(server)
    server.lossy = True
    server.happen("question.asked", question="q1")

    await eventually(lambda: seqs(driver), [2])


@scenario
async def what_it_does_not_know_is_passed_over(server: ScriptedServer, driver: Driver) -> None:
    server.push({"t": "something.new", "d": {}, "more": 1})
    server.happen("something.newer", what=1)

    await eventually(lambda: seqs(driver), [2])


# --- text --------------------------------------------------------------------------------------------------------


@scenario
async def text_goes_on_at_the_very_character(server: ScriptedServer, driver: Driver) -> None:
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    server.write("To undo 𝑥 + 3 ")
    await eventually(driver.streamed, "To undo 𝑥 + 3 ")
    server.drop()
    server.active = ("t1", 1, "To undo 𝑥 + 3 take 3 away.")

    await eventually(driver.streamed, "To undo 𝑥 + 3 take 3 away.")
    assert server.hellos[1]["d"]["resume"]["out"] == {"turn": "t1", "attempt": 1, "off": 14}


@scenario
async def overlaps_are_dropped_and_gaps_are_asked_for(server: ScriptedServer, driver: Driver) -> None:
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    server.push_delta(0, "one 𝑥wo")
    server.push_delta(4, "𝑥wo ")
    server.push_delta(0, "one")
    await eventually(driver.streamed, "one 𝑥wo ")
    server.active = ("t1", 1, "one 𝑥wo three four")
    server.push_delta(14, "four")

    await eventually(driver.streamed, "one 𝑥wo three four")
    assert len(server.hellos) == 2


@scenario
async def a_gap_that_stays_is_left_to_the_committed_text(server: ScriptedServer, driver: Driver) -> None:
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    await eventually(lambda: seqs(driver), [2])
    server.push_delta(8, "three")
    await hellos(server, 2)
    await live(server)
    server.push_delta(8, "three")
    server.happen("output.committed", turn="t1", text="one two three", len=13, partial=False, attempt=1)

    await eventually(lambda: seqs(driver), [2, 4])
    assert len(server.hellos) == 2


# --- commands ----------------------------------------------------------------------------------------------------


@scenario
async def a_command_whose_answer_was_lost_goes_again_with_its_id(server: ScriptedServer, driver: Driver) -> None:
    server.mute = True
    await driver.send("message.send", {"text": "x = 4"})
    await until(lambda: server.accepted, within_s=PATIENCE_S)
    server.mute = False
    server.drop()

    await eventually(driver.answers, [{"duplicate": True}])
    first, second = (frame for frame in server.received if frame["t"] == "message.send")
    assert first == second
    assert len(server.events) == 1


@scenario
async def a_command_that_was_never_read_goes_again(server: ScriptedServer, driver: Driver) -> None:
    server.deaf = True
    await driver.send("continue", {})
    await until(lambda: any(frame["t"] == "continue" for frame in server.received), within_s=PATIENCE_S)
    server.deaf = False
    server.drop()

    await eventually(driver.answers, [{"duplicate": False}])


@scenario
async def a_refusal_for_the_moment_is_tried_again(server: ScriptedServer, driver: Driver) -> None:
    server.refusals = [{"code": "unavailable", "message": "One moment.", "retry": "same_id", "after_ms": 10}]
    await driver.send("continue", {})

    await eventually(driver.answers, [{"duplicate": False}])
    ids = [frame["id"] for frame in server.received if frame["t"] == "continue"]
    assert len(ids) == 2
    assert len(set(ids)) == 1


@scenario
async def a_refusal_for_good_is_told(server: ScriptedServer, driver: Driver) -> None:
    server.refusals = [{"code": "too_large", "message": "At most 2,000 characters.", "retry": "never"}]
    await driver.send("message.send", {"text": "x"})

    await eventually(driver.answers, [{"code": "too_large"}])


# --- the connection ----------------------------------------------------------------------------------------------


@scenario
async def a_draining_server_is_come_back_to(server: ScriptedServer, driver: Driver) -> None:
    await server.bye(1001, "moving", reconnect=True, after_ms=50)
    await hellos(server, 2)
    await live(server)

    assert "waiting" in await driver.statuses()
    assert await driver.end() is None


@scenario
async def a_server_that_was_away_is_found_again(server: ScriptedServer, driver: Driver) -> None:
    server.happen("session.started")
    await eventually(lambda: seqs(driver), [2])
    await server.stop()
    server.happen("question.asked", question="q1")
    await until_async(lambda: _waited(driver))
    await server.start()

    await eventually(lambda: seqs(driver), [2, 4])


async def _waited(driver: Driver) -> bool:
    return (await driver.statuses()).count("waiting") > 1


@scenario
async def too_many_and_fell_behind_are_no_ends(server: ScriptedServer, driver: Driver) -> None:
    await server.bye(4440, "resume now", reconnect=True)
    await hellos(server, 2)
    await live(server)
    await server.bye(4429, "slower", reconnect=True, after_ms=20)
    await hellos(server, 3)
    await live(server)

    assert await driver.end() is None


@scenario
async def a_closed_session_is_an_end(server: ScriptedServer, driver: Driver) -> None:
    await server.bye(4410, "closed", reconnect=False)
    await eventually(driver.end, 4410)

    await driver.send("continue", {})
    await eventually(driver.answers, [{"code": 4410}])


@scenario
async def whatever_happens_nothing_is_lost_or_doubled(server: ScriptedServer, driver: Driver) -> None:
    chance = random.Random(4)
    expected = ""
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    for number in range(60):
        server.overlap = chance.choice([0, 1, 5])
        match chance.randrange(6):
            case 0:
                server.drop()
            case 1:
                await live(server)
            case 2 | 3:
                server.happen("state.changed", **{"from": "a", "to": str(number), "why": ""})
            case _:
                expected += f"𝑤{number} "
                server.write(f"𝑤{number} ")
    await live(server)
    server.write("end.")
    await eventually(driver.streamed, expected + "end.")
    server.happen("turn.finished", turn="t1", outcome="completed")

    await eventually(driver.events, [(event["seq"], event["t"], event["d"]) for event in server.events])
