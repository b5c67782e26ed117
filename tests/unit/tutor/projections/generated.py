"""Logs that never were: any facts in any order that a session could have written, and some that it could not."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tutor import interactions
from tutor.interactions import (
    AnswerChecked,
    FileReady,
    HintGiven,
    Interaction,
    MessageAccepted,
    ObserverSaid,
    ObserverSuggested,
    OutputCommitted,
    QuestionAsked,
    SessionRewound,
    StateChanged,
    Step,
    ToolCancelled,
    ToolFinished,
    ToolRequested,
    TurnFinished,
    TurnOutcome,
    TurnStarted,
)
from tutor.projections.fact import Fact

#: Includes quotes, backslashes and letters of several bytes: they cost more as data than as text.
texts = st.text(alphabet='abc \n"\\é数{}', max_size=60) | st.text(alphabet="x ", min_size=200, max_size=600)
_tools = st.sampled_from(["check_answer", "read_file", "lookup", "clarify_concept"])


def row(seq: int, fact: Interaction, turn: str | None = None, cause: str | None = None) -> Fact:
    """A fact as a row."""
    at = f"2026-01-01T00:00:{seq % 60:02d}.000000Z"
    return Fact(seq, fact.kind, fact.version, at, int(fact.visibility), turn, cause, interactions.encode(fact))


def result_step(call: str, tool: str, result: dict[str, Any]) -> Step:
    """The step that handled a tool's result."""
    content = {"kind": "tool_succeeded", "ref": call, "tool": tool, "result": result, "fallback": False}
    return Step(
        event={"type": "info", "content": content}, outcome="handled", from_="a", to="a", state_no=1, event_no=1,
        patch={}, kernel={},
    )  # fmt: skip


@st.composite
def _inside(draw: st.DrawFn, call: str) -> list[Interaction]:
    """What happens in a turn; a call may be left pending."""
    facts: list[Interaction] = []
    for _ in range(draw(st.integers(0, 4))):
        facts += draw(
            st.one_of(
                texts.map(lambda text: [OutputCommitted(text=text, len=len(text))]),
                texts.map(lambda text: [HintGiven(question="q", level=1, text=text)]),
                texts.map(lambda text: [ObserverSaid(observer="o", text=text)]),
                texts.map(lambda text: [ObserverSuggested(observer="o", suggestion=text)]),
                texts.map(lambda text: [QuestionAsked(question="q", prompt=text, format={}, skill="s", number=1)]),
                texts.map(
                    lambda text: [
                        AnswerChecked(question="q", answer=text, verdict="wrong", feedback="", known_error="e")
                    ]
                ),
                texts.map(lambda text: [FileReady(file="f", name=text, sections=1, len=1)]),
                st.just([StateChanged(from_="a", to="b", why="x")]),
            )
        )
    if draw(st.booleans()):
        tool, text = draw(_tools), draw(texts)
        facts.append(ToolRequested(call=call, name=tool))
        ending = draw(st.sampled_from(["pending", "cancelled", "finished"]))
        if ending == "cancelled":
            facts.append(ToolCancelled(call=call, name=tool, attempts=1))
        elif ending == "finished":
            facts += [ToolFinished(call=call, name=tool, attempts=1), result_step(call, tool, {"text": text})]
    return facts


@st.composite
def logs(draw: st.DrawFn, max_turns: int = 12) -> list[Fact]:
    """A log, oldest first: turns, messages that had to wait, rewinds, rollbacks."""
    rows: list[Fact] = []

    def add(fact: Interaction, turn: str | None = None, cause: str | None = None) -> None:
        rows.append(row(len(rows) + 1, fact, turn, cause))

    for number in range(draw(st.integers(0, max_turns))):
        cause = f"m{number}" if draw(st.booleans()) else None
        if cause is not None:
            add(MessageAccepted(text=draw(texts)), cause=cause)
        turn = f"t{len(rows) + 1}"
        add(TurnStarted(by="learner"), turn, cause)
        for fact in draw(_inside(f"c{number}")):
            add(fact, turn, cause)
        outcomes: list[TurnOutcome] = ["completed", "completed", "completed", "cancelled", "rolled_back"]
        outcome = draw(st.sampled_from(outcomes))
        add(TurnFinished(outcome=outcome), turn, cause)
        if draw(st.integers(0, 9)) == 0:
            add(SessionRewound(to=draw(st.integers(1, len(rows))), state="a", actor="x"))
    return rows
