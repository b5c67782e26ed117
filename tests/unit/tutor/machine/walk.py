"""Random walks through lessons: what a learner, a teacher, the tools and the clock may do, in any order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests.unit.tutor.machine.lesson import Lesson, run_tool
from tutor import events
from tutor.interactions import Verdict
from tutor.statem import Event, EventType

#: Walks per property (there are about a dozen); set TUTOR_WALKS for a long run of other walks each time.
WALKS = int(os.environ.get("TUTOR_WALKS", "25"))
STEPS = 60

#: The walk's own settings: the same walks in every run, more of them where asked for.
walking = settings(
    max_examples=WALKS,
    deadline=None,
    phases=[Phase.generate],  # a failing walk is short enough to replay; shrinking it takes minutes
    derandomize="TUTOR_WALKS" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
#: Two bytes a step: what happens, and which variant of it.
walks = st.binary(min_size=2 * STEPS, max_size=2 * STEPS)

_VERDICTS: tuple[Verdict, ...] = (
    "correct", "form_issue", "partial", "known_error", "wrong", "malformed", "not_an_answer", "undecided",
)  # fmt: skip
_INTENTS = ("hint", "clarify", "give_up", "skip", "dispute", "off_topic", "cancel", "continue", "greeting", None)
_POLICIES: tuple[events.OnBusy, ...] = ("reject", "queue", "interrupt")
_FAILURES: tuple[events.ToolFailure, ...] = ("error", "timeout", "cancelled", "killed", "lost_contact", "in_doubt")
_TEXTS = ("1", "hint?", "why?", "stop", "99", "I give up", "x = 3", "", "yes", "no", "show me page 2 of my notes")
_COMMANDS: tuple[events.EventContent, ...] = (
    events.HintRequested(),
    events.SkipRequested(),
    events.GiveUpRequested(),
    events.DisputeRaised(),
    events.CancelRequested(),
    events.PauseRequested(),
    events.ResumeRequested(),
    events.Start(),
)
_RARE: tuple[events.EventContent, ...] = (
    events.RemediationForced(known_error="same_sign", actor="teacher:1"),
    events.RemediationForced(known_error="unheard_of", actor="teacher:1"),
    events.ResetRequested(state="exposition", actor="operator:1"),
    events.ResetRequested(state="awaiting_answer", actor="operator:1"),
    events.ResetRequested(state="reviewing_solution", actor="operator:1"),
    events.ResetRequested(state="error_state", actor="supervisor"),
    events.ResetRequested(state="remediating_known_error", actor="operator:1"),
    events.ResetRequested(state="topic_complete", actor="operator:1"),
    events.EndRequested(),
    events.ReviewRequested(),
    events.EstimateContested(claim="known", skill="undo"),
    events.EstimateContested(claim="unsure", skill="naming"),
    events.EstimateContested(claim="not_mine", known_error="same_sign"),
)
#: What a completed session has handed on.
_FIRM = {"p": 0.99, "opportunities": 4, "unassisted": 4, "unassisted_typed": 1}
_CARD = {"stability": 2.3, "difficulty": 2.1, "due_ms": 5, "last_ms": 0}
LEARNED: dict[str, Any] = {
    "skills": {"undo": {**_FIRM, "card": _CARD}, "naming": _FIRM},
    "known_errors": {"same_sign": {"seen": 1, "remediated": 1, "standing": "treated"}},
}
#: A pause after which a lesson begins with a warm-up, in milliseconds.
_LONG_MS = 8 * 86_400_000


def before(script: bytes) -> dict[str, Any]:
    """What the learner knows at the beginning: now and then everything, and then the session is a review."""
    return LEARNED if script[0] % 8 == 0 else {}


def walk(script: bytes) -> Iterator[Lesson]:
    """The lesson after each step (the same object)."""
    lesson = Lesson(seed=script[0], context=before(script)).start()
    yield lesson
    for at in range(0, len(script), 2):
        step(lesson, script[at], script[at + 1])
        yield lesson


def step(lesson: Lesson, what: int, which: int) -> None:
    """One step. While a tool runs, its ending is the most likely thing to happen."""
    lesson.last = []
    waiting = lesson.data.pending is not None
    if waiting and what < 176:
        _end_call(lesson, what, which)
    elif what < 64:
        answer = lesson.right() if which < 48 and lesson.data.question else _TEXTS[which % len(_TEXTS)]
        lesson.say(answer, _POLICIES[which % 3])
    elif what < 80:
        lesson.submit(lesson.right() if which < 128 and lesson.data.question else "7")
    elif what < 144:
        lesson.go_on()
    elif what < 208:
        lesson.cast(_COMMANDS[which % len(_COMMANDS)])
    elif waiting and what < 214:
        lesson.say(_TEXTS[which % len(_TEXTS)], _POLICIES[which % 3])
    elif what < 244:
        _fire(lesson, which)
    elif what < 249:
        _late(lesson, which)
    elif what < 250:
        lesson.cast(events.Branched())
    elif what < 252:
        _away(lesson, which)
    elif what < 253:
        _hear(lesson, which)
    else:
        lesson.cast(_RARE[which % len(_RARE)])


def _end_call(lesson: Lesson, what: int, which: int) -> None:
    tool = lesson.running.tool
    if what < 16:
        lesson.fail(_FAILURES[which % len(_FAILURES)])
    elif what < 80:
        lesson.succeed(run_tool(lesson.machine.course, lesson.running), fallback=which < 32)
    elif tool == "clarify_concept":
        lesson.succeed({"text": f"It is {lesson.right()}." if lesson.data.question and which < 128 else "Like this."})
    elif tool == "check_explanation":
        lesson.succeed({"covered": [], "missing": ["opposite"]})
    elif tool in {"give_hint", "remediate"}:
        told = lesson.data.question and which < 128
        lesson.succeed({"text": f"It is {lesson.right()}." if told else "Begin with the last step."})
    elif tool == "generate_variant":
        lesson.succeed({"operations": [{"op": "set_parameter", "name": "a", "value": which % 12}]})
    else:
        lesson.verdict(
            _VERDICTS[which % len(_VERDICTS)],
            known_error="same_sign" if which % len(_VERDICTS) == 3 and which < 200 else None,
            intent=_INTENTS[which % len(_INTENTS)],
            feedback=f"Could it be {lesson.right()}?" if which % 11 == 0 and lesson.data.question else "",
        )


def _fire(lesson: Lesson, which: int) -> None:
    """The time-out that is due next, now and then another one."""
    timers = sorted(lesson.snapshot.timers.items(), key=lambda item: (item[1].due_ms, str(item[0])))
    if timers:
        kind, name = timers[which % len(timers) if which < 64 else 0][0]
        lesson.fire(kind, name)


def _away(lesson: Lesson, which: int) -> None:
    """A long pause, and what brings the learner back."""
    before = len(lesson.outcomes)
    lesson.cast(events.PauseRequested())
    lesson.now += _LONG_MS
    lesson.cast(events.ResumeRequested() if which < 192 else events.UserMessage(text="hello again"))
    lesson.last = lesson.outcomes[before:]


def _hear(lesson: Lesson, which: int) -> None:
    """A file was read, or could not be."""
    file, name = f"f{which % 3}", "notes 3.pdf"
    ready = events.FileReady(file=file, name=name, sections=2, pages=2)
    failed = events.FileFailed(file=file, name=name, message="There is nothing in it.")
    lesson.feed(Event(EventType.INFO, ready if which % 4 else failed))


def _late(lesson: Lesson, which: int) -> None:
    """A result nobody waits for any more."""
    ref = f"c{lesson.data.calls + 1 + which}"
    ended = events.ToolSucceeded(ref=ref, tool="check_answer", result={"verdict": "correct"})
    lesson.feed(Event(EventType.INFO, ended))
