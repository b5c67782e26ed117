"""What a learner sees and may type in the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from sessions_app.client import SessionEndedError, TutorClient
from sessions_app.client.terminal import Chat
from tests.scripted_server import Json, ScriptedServer

CHOICES = [{"id": "c-up", "text": "Up"}, {"id": "c-down", "text": "Down"}]


def answer_everything(server: ScriptedServer) -> None:
    """Each command opens a turn that the tutor finishes."""

    def act(frame: Json) -> None:
        turn: dict[str, Any] = {"turn": "t1", "cause": frame["id"]}
        server.happen("turn.started", **turn, by="learner")
        server.happen("output.committed", **turn, text=f"*{frame['t']}* done: $x \\le 3$", len=1)
        server.happen("turn.finished", **turn, outcome="completed")

    server.on_command = act


async def typed(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line


async def take(server: ScriptedServer, client: TutorClient, *lines: str) -> str:
    """Type the lines; what the terminal showed."""
    shown = StringIO()
    console = Console(file=shown, width=80, highlight=False)
    await asyncio.wait_for(Chat(client, console, typed(*lines), echo=True).run(), 5)
    return shown.getvalue()


def commands(server: ScriptedServer) -> list[tuple[str, Json]]:
    return [(frame["t"], frame["d"]) for frame in server.received if frame["t"] not in {"hello", "ping"}]


async def test_words_and_commands_reach_the_tutor(server: ScriptedServer, client: TutorClient) -> None:
    answer_everything(server)
    shown = await take(server, client, "x = 4", "/hint", "/giveup", "/continue", "/quit", "never sent")

    assert commands(server) == [
        ("message.send", {"text": "x = 4"}),
        ("hint.request", {}),
        ("question.give_up", {}),
        ("continue", {}),
    ]
    assert shown.count("x = 4") == 1
    assert "hint.request done: x ≤ 3" in shown


async def test_a_letter_answers_a_question_with_choices(server: ScriptedServer, client: TutorClient) -> None:
    answer_everything(server)
    server.happen("question.asked", question="q1", prompt="Where?", number=3, choices=CHOICES, format={}, skill="s")
    shown = await take(server, client, "b", "a, b", "neither")

    assert [part in shown for part in ("Question 3", "A. Up", "B. Down")] == [True, True, True]
    assert commands(server) == [
        ("answer.submit", {"question": "q1", "value": "c-down"}),
        ("answer.submit", {"question": "q1", "value": ["c-up", "c-down"]}),
        ("message.send", {"text": "neither"}),
    ]


async def test_an_empty_line_goes_on_but_answers_nothing(server: ScriptedServer, client: TutorClient) -> None:
    answer_everything(server)
    server.state = "exposition"
    await take(server, client, "")
    assert commands(server) == [("continue", {})]


async def test_an_empty_line_does_nothing_where_an_answer_is_due(server: ScriptedServer, client: TutorClient) -> None:
    server.state = "awaiting_answer"
    await take(server, client, "")
    assert commands(server) == []


async def test_verdicts_and_hints_are_said_in_words(server: ScriptedServer, client: TutorClient) -> None:
    server.happen("answer.checked", question="q1", answer="9", verdict="wrong", feedback="")
    server.happen("hint.given", question="q1", level=1, text="Look at the *sign*.", bottom_out=False)
    server.happen("answer.checked", question="q1", answer="4", verdict="correct", feedback="")
    server.happen("mastery.changed", skill="undo_add", p=0.97, why="", mastered=True)
    shown = await take(server, client)

    places = [shown.index(words) for words in ("Not yet", "Hint", "Look at the sign.", "Correct", "undo_add")]
    assert places == sorted(places)


async def test_a_refusal_is_shown_and_the_lesson_goes_on(server: ScriptedServer, client: TutorClient) -> None:
    answer_everything(server)
    server.refusals = [{"code": "invalid_transition", "message": "Not possible right now.", "retry": "never"}]
    shown = await take(server, client, "/skip", "hello")

    assert "Not possible right now." in shown
    assert commands(server)[-1] == ("message.send", {"text": "hello"})


async def test_an_unknown_command_shows_what_there_is(server: ScriptedServer, client: TutorClient) -> None:
    shown = await take(server, client, "/what")

    assert "/giveup" in shown
    assert commands(server) == []


async def test_the_end_of_the_session_ends_it_with_the_reason(server: ScriptedServer) -> None:
    server.hello_refusals = [{"code": "not_found", "message": "There is no such course.", "retry": "never"}]
    async with TutorClient(server.url, course="nowhere") as client:
        with pytest.raises(SessionEndedError, match="no such course"):
            await take(server, client)
