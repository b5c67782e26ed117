"""The browser's client module: the same promises as the Python client, in a real browser."""

from __future__ import annotations

import random
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page

from tests.scripted_server import ScriptedServer, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

#: Keeps what a learner would have seen in ``window.seen``.
WITNESS = """
async (options) => {
  const { TutorClient } = await import("/static/sessions_app/client.js");
  const pace = { first: 20, longest: 50, opening: 2000, silence: 5000, behind: 50, ...options.pace };
  window.client = new TutorClient({ course: "algebra", ...options, pace });
  window.seen = { events: [], streamed: "", statuses: [], resyncs: 0, waits: [] };
  client.addEventListener("event", ({ detail }) => seen.events.push([detail.seq, detail.t, detail.d]));
  client.addEventListener("output", ({ detail }) => { seen.streamed += detail.added; });
  client.addEventListener("resync", () => { seen.resyncs += 1; seen.events = []; seen.streamed = ""; });
  client.addEventListener("connection", ({ detail }) => {
    seen.statuses.push(detail.status);
    if (detail.retryAt) seen.waits.push(detail.retryAt - Date.now());
  });
  client.open();
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def tab(context: BrowserContext, server: ScriptedServer) -> Page:
    tab = await context.new_page()
    await tab.goto(server.url + "/empty/")
    await tab.evaluate(WITNESS, {})
    await until(lambda: server._live)
    return tab


async def seen(tab: Page, what: str, condition: str) -> Any:
    """Wait until a condition on ``window.seen`` holds, then look."""
    await tab.wait_for_function(f"() => {condition}", timeout=5_000)
    return await tab.evaluate(what)


async def test_events_that_happened_while_away_come_once_and_in_order(server: ScriptedServer, tab: Page) -> None:
    server.happen("session.started")
    server.overlap = 3
    server.drop()
    server.happen("question.asked", question="q1")
    await until(lambda: server._live)
    server.push(server.events[0])
    server.happen("hint.given", question="q1")

    assert await seen(tab, "seen.events.map(([seq]) => seq)", "seen.events.length >= 3") == [2, 4, 6]
    assert server.hellos[1]["d"]["session"] == "s1"


async def test_text_goes_on_at_the_very_character(server: ScriptedServer, tab: Page) -> None:
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    server.write("To undo 𝑥 + 3 ")
    await seen(tab, "1", "seen.streamed.endsWith('3 ')")
    server.drop()
    server.active = ("t1", 1, "To undo 𝑥 + 3 take 3 away.")

    assert await seen(tab, "seen.streamed", "seen.streamed.endsWith('away.')") == "To undo 𝑥 + 3 take 3 away."
    assert server.hellos[1]["d"]["resume"]["out"] == {"turn": "t1", "attempt": 1, "off": 14}


async def test_overlaps_are_dropped_and_gaps_are_asked_for(server: ScriptedServer, tab: Page) -> None:
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    server.push_delta(0, "one 𝑥wo")
    server.push_delta(4, "𝑥wo ")
    server.push_delta(0, "one")
    server.active = ("t1", 1, "one 𝑥wo three four")
    server.push_delta(14, "four")

    assert await seen(tab, "seen.streamed", "seen.streamed.endsWith('four')") == "one 𝑥wo three four"
    assert len(server.hellos) == 2


async def test_another_log_empties_the_view(server: ScriptedServer, tab: Page) -> None:
    for _ in range(3):
        server.happen("state.changed", to="exposition")
    await seen(tab, "1", "seen.events.length === 3")
    server.log_id = "log-2"
    del server.events[1:]
    server.drop()

    assert await seen(tab, "seen.events.length", "seen.resyncs === 1 && seen.statuses.at(-1) === 'connected'") == 1


async def test_an_unanswered_command_goes_again_with_the_same_id(server: ScriptedServer, tab: Page) -> None:
    server.mute = True
    await tab.evaluate("window.reply = client.send('message.send', {text: 'x = 4'}); 1")
    await until(lambda: server.accepted)
    server.mute = False
    server.drop()
    reply = await tab.evaluate("window.reply")

    sent = [frame for frame in server.received if frame["t"] == "message.send"]
    assert len(sent) == 2
    assert sent[0] == sent[1]
    assert reply["duplicate"] is True
    assert len(server.events) == 1


async def test_a_refusal_carries_the_words_of_the_server(server: ScriptedServer, tab: Page) -> None:
    server.refusals = [
        {"code": "unavailable", "message": "One moment.", "retry": "same_id", "after_ms": 10},
        {"code": "too_large", "message": "At most 2,000 characters.", "retry": "never"},
    ]
    error = await tab.evaluate(
        "client.send('message.send', {text: 'x'}).catch(({code, message, retry}) => ({code, message, retry}))"
    )

    assert error == {"code": "too_large", "message": "At most 2,000 characters.", "retry": "never"}
    assert await tab.evaluate("client.unanswered.length") == 0


async def test_a_draining_server_is_given_its_time(server: ScriptedServer, tab: Page) -> None:
    await server.bye(1001, "moving", reconnect=True, after_ms=200)
    await until(lambda: len(server.hellos) == 2)

    waits = await tab.evaluate("seen.waits")
    assert len(waits) == 1
    assert 190 <= waits[0] <= 301


async def test_a_final_code_ends_it(server: ScriptedServer, tab: Page) -> None:
    await server.bye(4410, "closed")

    assert await seen(tab, "seen.statuses.at(-1)", "seen.statuses.at(-1) === 'closed'") == "closed"
    assert await tab.evaluate("client.send('continue').catch((error) => error.name)") == "SessionEndedError"


async def test_a_lost_push_is_fetched_and_a_silent_server_left(server: ScriptedServer, context: BrowserContext) -> None:
    server.beat_s = 0.05
    tab = await context.new_page()
    await tab.goto(server.url + "/empty/")
    await tab.evaluate(WITNESS, {"pace": {"silence": 300}})
    await until(lambda: server._live)
    server.lossy = True
    server.happen("question.asked", question="q1")
    await seen(tab, "1", "seen.events.length === 1")
    hellos = len(server.hellos)
    for socket in server._sockets:
        socket.transport.pause_reading()
    await until(lambda: len(server.hellos) > hellos)


async def test_a_command_that_nobody_answers_shows_that_nobody_is_there(
    server: ScriptedServer, context: BrowserContext
) -> None:
    tab = await context.new_page()
    await tab.goto(server.url + "/empty/")
    await tab.evaluate(WITNESS, {"pace": {"silence": 300}})
    await until(lambda: server._live)
    server.deaf = True
    await tab.evaluate("window.reply = client.send('continue'); 1")
    await until(lambda: len(server.hellos) == 2)
    server.deaf = False

    assert (await tab.evaluate("window.reply"))["disposition"] == "started"


REOPENED = """async () => {
  const { TutorClient } = await import("/static/sessions_app/client.js");
  const client = new TutorClient({ course: "algebra", store: sessionStorage });
  client.addEventListener("welcome", () => client.takeUp());
  client.open();
}"""


async def test_an_unanswered_command_outlives_the_page(server: ScriptedServer, context: BrowserContext) -> None:
    tab = await context.new_page()
    await tab.goto(server.url + "/empty/")
    await tab.evaluate(f"({WITNESS})({{store: sessionStorage}})")
    await until(lambda: server._live)
    server.deaf = True
    await tab.evaluate("client.send('message.send', {text: 'x = 4'}, {id: 'kept'}).catch(() => {}); 1")
    await until(lambda: any(frame["t"] == "message.send" for frame in server.received))
    server.deaf = False
    await tab.reload()
    await tab.evaluate(REOPENED)
    await until(lambda: "kept" in server.accepted)

    assert len(server.events) == 1


async def test_a_command_given_before_the_session_is_known_outlives_the_page_too(
    server: ScriptedServer, context: BrowserContext
) -> None:
    server.deaf = True
    tab = await context.new_page()
    await tab.goto(server.url + "/empty/")
    # Given in the same moment in which the connection is opened: nobody knows the session yet.
    give = "client.send('message.send', {text: 'x = 4'}, {id: 'early'}).catch(() => {}); 1"
    await tab.evaluate(f"({WITNESS})({{store: sessionStorage}}).then(() => {{ {give} }})")
    await until(lambda: any(frame["t"] == "message.send" for frame in server.received))
    server.deaf = False
    await tab.reload()
    await tab.evaluate(REOPENED)
    await until(lambda: "early" in server.accepted)

    assert len(server.events) == 1


@pytest.mark.parametrize("seed", range(4))
async def test_random_faults_lose_and_double_nothing(server: ScriptedServer, tab: Page, seed: int) -> None:
    chance = random.Random(seed)
    expected = ""
    server.happen("turn.started", turn="t1", by="learner", attempt=1)
    for number in range(40):
        server.overlap = chance.choice([0, 1, 5])
        match chance.randrange(6):
            case 0:
                server.drop()
            case 1:
                await until(lambda: server._live)
            case 2 | 3:
                server.happen("state.changed", to=str(number))
            case _:
                expected += f"𝑤{number} "
                server.write(f"𝑤{number} ")
    await until(lambda: server._live)
    server.write("end.")
    streamed = await seen(tab, "seen.streamed", "seen.streamed.endsWith('end.')")
    server.happen("turn.finished", turn="t1", outcome="completed")
    events = await seen(tab, "seen.events", "seen.events.at(-1)[1] === 'turn.finished'")

    assert streamed == expected + "end."
    assert events == [[event["seq"], event["t"], event["d"]] for event in server.events]
