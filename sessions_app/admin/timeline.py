"""The interaction log of a session as a timeline: one line per interaction, a page at a time, from the newest back."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.safestring import SafeString, mark_safe

from sessions_app import lineage
from sessions_app.admin import words
from sessions_app.models import Interaction as Row
from tutor import interactions, markdown, strategies
from tutor.interactions import Interaction, Visibility

#: Interactions on one page.
PAGE_LINES = 50

EVERYTHING = "everything"
SEEN_BY_LEARNER = "learner"
CONVERSATION = "conversation"
#: What is said and asked, without the machinery.
_CONVERSATION_KINDS = frozenset(
    {"message.accepted", "message.queued", "output.committed", "question.asked", "answer.checked", "hint.given"}
    | {"remediation.started", "remediation.finished"}
)
_SPEAKERS = {
    "message.accepted": "learner",
    "message.queued": "learner",
    "answer.checked": "tutor",
    "output.committed": "tutor",
    "question.asked": "tutor",
    "hint.given": "tutor",
}
_TROUBLE = frozenset(
    {"tool.failed", "tool.timed_out", "tool.in_doubt", "event.crashed", "event.quarantined", "safety.held"}
    | {"turn.recovering", "strategy.applied"}
)


_NOTHING = SafeString("")


@dataclass(frozen=True, slots=True)
class Line:
    """One interaction as a person reads it."""

    seq: int
    at: datetime
    kind: str
    #: The kind in words.
    title: str
    turn: str
    #: Who may see it, in words.
    audience: str
    #: learner, tutor, trouble or system: whose line it is.
    voice: str
    #: What a learner typed, as typed.
    said: str = ""
    #: What the tutor wrote, rendered.
    html: SafeString = _NOTHING
    #: The fact in a few words, where there is no text to show.
    summary: str = ""
    #: The payload as indented JSON; empty where it was erased.
    details: str = ""
    erased: bool = False
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines in the order in which they happened."""

    lines: list[Line]
    #: Older lines end before this seq; None where there are none.
    older: int | None
    #: Newer lines begin after this seq; None where there are none.
    newer: int | None


def choices(visibility: Visibility) -> list[tuple[str, str]]:
    """What one can choose to see: ``(value, words)``, the kinds this viewer may see among them."""
    kinds = sorted(
        (words.kind(name), name) for name, fact in interactions.KINDS.items() if fact.visibility <= visibility
    )
    return [
        (EVERYTHING, "Everything"),
        (SEEN_BY_LEARNER, "What the learner saw"),
        (CONVERSATION, "Only what was said and asked"),
        *((name, f"{title} ({name})") for title, name in kinds),
    ]


def page(
    session: uuid.UUID,
    visibility: Visibility,
    *,
    show: str = EVERYTHING,
    before: int | None = None,
    after: int | None = None,
) -> Page:
    """The newest lines, those before a seq, or those after one; only what the viewer may see."""
    rows = Row.objects.filter(lineage.rows(session), visibility__lte=int(visibility))
    if show == SEEN_BY_LEARNER:
        rows = rows.filter(visibility=int(Visibility.LEARNER))
    elif show == CONVERSATION:
        rows = rows.filter(kind__in=_CONVERSATION_KINDS)
    elif show != EVERYTHING:
        rows = rows.filter(kind=show)
    rows = rows.only("session_id", "seq", "kind", "version", "at", "visibility", "turn", "cause", "payload")
    if after is not None:
        found = list(rows.filter(seq__gt=after).order_by("seq")[:PAGE_LINES])
    else:
        found = list((rows if before is None else rows.filter(seq__lt=before)).order_by("-seq")[:PAGE_LINES])[::-1]
    if not found:
        return Page([], None, None)
    first, last = found[0].seq, found[-1].seq
    older, newer = rows.filter(seq__lt=first).exists(), rows.filter(seq__gt=last).exists()
    return Page([line(row) for row in found], first if older else None, last if newer else None)


def line(row: Row) -> Line:
    """One row as a line. Never raises: a payload that cannot be read is shown as it stands."""
    plain = Line(
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        title=words.kind(row.kind),
        turn=row.turn or "",
        audience=words.AUDIENCES.get(row.visibility, str(row.visibility)),
        voice=_SPEAKERS.get(row.kind, "trouble" if row.kind in _TROUBLE else "system"),
        cause=row.cause or "",
    )
    if row.payload is None:
        return replace(plain, erased=True, summary="The text was erased. Its place in the log is kept.")
    try:
        details = json.dumps(json.loads(row.payload), indent=2, ensure_ascii=False)
        said, html, summary = _told(interactions.decode(row.kind, row.version, row.payload))
    except Exception:
        # Whoever looks at a broken log has to see it; there is no end to the ways in which a payload can be odd.
        return replace(plain, summary="The payload cannot be read by this release.", details=row.payload)
    return replace(plain, said=said, html=html, summary=summary, details=details)


def _markdown(text: str) -> SafeString:
    return mark_safe(markdown.render(text))  # noqa: S308 — ``render`` emits a closed set of elements


def _told(fact: Interaction) -> tuple[str, SafeString, str]:
    """(what a learner typed, what the tutor wrote, what happened in a few words)."""
    match fact:
        case interactions.MessageAccepted(text=text, disposition=disposition):
            return text, _NOTHING, "" if disposition == "started" else f"taken as: {disposition}"
        case interactions.MessageQueued(text=text):
            return text, _NOTHING, ""
        case interactions.MessageMerged(text=text, into=into):
            return text, _NOTHING, f"joined {into}"
        case interactions.ObserverSaid(text=text, observer=observer):
            return "", _markdown(text), observer
        case interactions.CompactionCompleted(summary=summary, upto=upto, by=by):
            return "", _markdown(summary), f"stands for everything up to {upto}, by {by}"
        case interactions.OutputCommitted(text=text, partial=partial):
            return "", _markdown(text), "cut short" if partial else ""
        case interactions.HintGiven(text=text, level=level, bottom_out=last):
            return "", _markdown(text), f"level {level}{', the last one' if last else ''}"
        case interactions.QuestionAsked(prompt=prompt, number=number, question=question, skill=skill):
            options = "".join(f"\n- {choice['text']}" for choice in fact.choices or [])
            return "", _markdown(f"{prompt}\n{options}"), f"No. {number}: {question}, skill {skill}"
        case interactions.AnswerChecked(answer=answer, verdict=verdict, feedback=feedback, known_error=known_error):
            verdict_words = verdict.replace("_", " ") + (f" “{known_error}”" if known_error else "")
            return "", _markdown(feedback), f"“{answer}” is {verdict_words}"
        case interactions.StateChanged(from_=source, to=target, why=why):
            because = f" ({why.replace('_', ' ')})" if why else ""
            return "", _NOTHING, f"{words.state(source)[0]} → {words.state(target)[0]}{because}"
        case _:
            return "", _NOTHING, _summary(fact)


def _summary(fact: Interaction) -> str:
    match fact:
        case interactions.SessionStarted(course=course, course_version=version, machine=machine):
            return f"course {course}, version {version}, machine {machine}"
        case interactions.SessionPaused(why=why) | interactions.SessionClosed(why=why):
            return why
        case interactions.SessionRestored(why=why, state=state):
            return f"to {words.state(state)[0]}: {why}"
        case interactions.SessionForked(parent=parent, at=at, actor=actor):
            return f"from {parent} at {at}, by {actor}"
        case interactions.SessionRewound(to=to, state=state, actor=actor):
            return f"to {to}, {words.state(state)[0]}, by {actor}; what came after that is taken back"
        case interactions.SessionResumed(state=state):
            return f"in {words.state(state)[0]}"
        case interactions.PolicyChanged(on_busy=on_busy):
            return on_busy
        case interactions.SafetyHeld(why=why):
            return why
        case interactions.TurnStarted(by=by, attempt=attempt):
            return f"by the {by}" + (f", attempt {attempt}" if attempt > 1 else "")
        case interactions.TurnFinished(outcome=outcome, error=error):
            return outcome.replace("_", " ") + (f": {error}" if error else "")
        case interactions.TurnRecovering(reason=reason, attempt=attempt):
            return f"{reason.replace('_', ' ')}, attempt {attempt}"
        case interactions.ToolRequested(name=name, call=call):
            return f"{name} ({call})"
        case interactions.ToolFailedFact(name=name, call=call, reason=reason, error=error):
            return f"{name} ({call}): {reason.replace('_', ' ')}" + (f", {error}" if error else "")
        case interactions.ToolEnding(name=name, call=call, attempts=attempts):
            return f"{name} ({call})" + (f" after {attempts} attempts" if attempts > 1 else "")
        case interactions.ToolResultDiscarded(name=name, call=call, why=why):
            return f"{name} ({call}): {why}"
        case interactions.RemediationStarted(known_error=known_error, by=by):
            return f"“{known_error}”, by {by}"
        case interactions.RemediationFinished(known_error=known_error, outcome=outcome):
            return f"“{known_error}”: {outcome.replace('_', ' ')}"
        case interactions.MasteryChanged(skill=skill, p=p, why=why, mastered=mastered):
            return f"{skill} {p:.0%}{', mastered' if mastered else ''}: {why}"
        case interactions.HintRefused(question=question, level=level):
            return f"too soon after level {level}: {question}"
        case interactions.AuthorNoted(note=note):
            return note
        case interactions.ObserverNoted(note=note, observer=observer):
            return f"{observer}: {note}"
        case interactions.ObserverSuggested(suggestion=suggestion, observer=observer):
            return f"{observer}: {suggestion}"
        case interactions.FileUploaded(name=name, media_type=media_type, size=size):
            return f"{name} ({media_type}, {size:,} bytes)"
        case interactions.FileReady(name=name, sections=sections):
            return f"{name}, {sections} sections"
        case interactions.FileFailed(name=name, message=message):
            return f"{name}: {message}"
        case interactions.ChainBuilt(purpose=purpose, call=call, first=first, upto=upto, tokens=tokens):
            return f"{purpose} ({call}): {tokens} tokens from {first}-{upto}"
        case interactions.Step(event=event, from_=source, to=target, outcome=outcome):
            content = str(event.get("content", {}).get("kind") or event.get("type", "event")).replace("_", " ")
            moved = f"{source} → {target}" if source != target else f"stays {target}"
            return f"{content}: {moved} ({outcome})"
        case interactions.EventCrashed(reason=reason) | interactions.EventQuarantined(reason=reason):
            return reason
        case interactions.StrategyApplied(reason=reason, strategy=strategy, detail=detail):
            row = strategies.TABLE.get(reason)
            what = row.words if row else reason.replace("_", " ")
            return f"{what}: {strategy}" + (f" ({detail})" if detail else "")
        case _:
            return "Written by another release."
