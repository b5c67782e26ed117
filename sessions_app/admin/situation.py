"""What a session is doing and what its learner knows, for its page: read from the row, nothing from the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from sessions_app import conf, inspection
from sessions_app.admin import moment, syllabus, words
from sessions_app.admin.badge import badge
from sessions_app.models import Session
from sessions_app.why import why
from tutor import markdown


@dataclass(frozen=True, slots=True)
class SkillLine:
    """One skill in the learner model."""

    name: str
    #: P(the learner knows it) in per cent.
    percent: int
    #: strong, middling or weak.
    level: str


@dataclass(frozen=True, slots=True)
class KnownErrorLine:
    """A known error this learner showed."""

    name: str
    seen: int
    remediated: int


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """The question that waits for an answer."""

    prompt: SafeString
    number: int
    id: str
    skill: str
    format: str
    attempts: int
    hints: int


@dataclass(slots=True)
class Situation:
    """A session's page above its log."""

    state: SafeString
    life: SafeString
    since: SafeString
    waiting_for: str
    turn: dict[str, Any] | None
    #: ``(ref, tool, whether in the background)``.
    calls: list[tuple[str, str, bool]]
    #: ``(what happens, when)``, the next one first.
    timeouts: list[tuple[str, SafeString]]
    #: Texts of messages that wait for their turn.
    queue: list[str]
    question: OpenQuestion | None = None
    #: The known error under treatment, by its name; empty where none is.
    treating: str = ""
    skills: list[SkillLine] = field(default_factory=list)
    known_errors: list[KnownErrorLine] = field(default_factory=list)
    #: ``(title, status)``.
    topics: list[tuple[str, str]] = field(default_factory=list)
    #: What it waits for besides the learner, in full, and whether somebody has to act.
    waits: list[tuple[str, bool]] = field(default_factory=list)
    #: Why the machine's part could not be read; empty where it could.
    trouble: str = ""


def waiting_for(session: Session) -> str:
    """What has to come next, in words."""
    waiting = inspection.waiting_for(session)
    if waiting:
        return " and ".join(waiting)
    return "an operator" if session.live else "nothing"


def situation(session: Session) -> Situation:
    """Everything above the log. Never raises: an operator opens this page because something is wrong."""
    found = Situation(
        state=badge(*words.state(session.state), explanation=session.state),
        life=badge(*words.life(session)),
        since=moment.ago(session.state_since),
        waiting_for=waiting_for(session),
        turn=session.kernel.get("turn"),
        calls=[
            (ref, call["tool"], call.get("background", False)) for ref, call in session.kernel.get("calls", {}).items()
        ],
        timeouts=[
            (words.timeout(one.name), moment.due(datetime.fromisoformat(one.due)))
            for one in inspection.deadlines(session)
        ],
        queue=[one.text for one in inspection.queue(session)],
    )
    try:
        reason = why(session.pk)
        found.waits = [(reason.sentence(wait), wait.trouble) for wait in reason.waits if wait.kind != "learner"]
        _add_teaching(found, session)
    except Exception as error:
        found.trouble = f"{type(error).__name__}: {error}"
    return found


def _add_teaching(found: Situation, session: Session) -> None:
    machine = conf.machine(session.machine, session.machine_args)
    data = machine.load(session.data)
    teaching = machine.pedagogical_context(data)
    version = syllabus.key(session)
    course = syllabus.content(version) if version is not None else None
    skill_names = {skill.id: skill.name for skill in course.skills} if course is not None else {}
    error_names = {e.id: e.name for topic in course.topics for e in topic.known_errors} if course is not None else {}
    mastery: dict[str, float] = teaching.get("mastery", {})
    in_course_order = [*(s for s in skill_names if s in mastery), *sorted(mastery.keys() - skill_names.keys())]
    found.skills = [
        SkillLine(skill_names.get(skill, skill), round(100 * mastery[skill]), _level(mastery[skill]))
        for skill in in_course_order
    ]
    found.known_errors = [
        KnownErrorLine(error_names.get(name, name), record["seen"], record["remediated"])
        for name, record in teaching.get("known_errors", {}).items()
    ]
    treating = teaching.get("remediating") or ""
    found.treating = error_names.get(treating, treating)
    found.topics = [(one["title"], one["status"]) for one in machine.syllabus_context(data).get("path", [])]
    question = machine.current_question(session.state, data)
    if question is not None:
        options = "".join(f"\n- {choice['text']}" for choice in question.get("choices") or [])
        found.question = OpenQuestion(
            prompt=mark_safe(markdown.render(f"{question['prompt']}\n{options}")),  # noqa: S308 — a closed set of elements
            number=question["number"],
            id=question["question"],
            skill=skill_names.get(question["skill"], question["skill"]),
            format=question["format"]["type"].replace("_", " "),
            attempts=teaching.get("attempts", 0),
            hints=teaching.get("hint_level", 0),
        )


def _level(p: float) -> str:
    if p >= 0.95:
        return "strong"
    return "middling" if p >= 0.6 else "weak"
