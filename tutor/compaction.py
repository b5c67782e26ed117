"""What a compaction may stand for, and what it must keep: pure, over a session's facts.

A compaction is a tool call like any other. It completes as ``compaction.completed {upto, …}``; until then, and whenever
it fails, nothing has changed. Views that have to be short begin with the last completed one; nothing is deleted. Never
compacted are the last ``KEEP_TURNS`` turns, verdicts and known errors (kept word for word beside the summary), and the
open question, which stands in the machine's data and not in the log's past.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tutor.interactions import (
    AnswerChecked,
    CompactionCompleted,
    MessageAccepted,
    ObserverSaid,
    OutputCommitted,
    QuestionAsked,
    SessionRewound,
)
from tutor.projections.fact import Fact
from tutor.projections.standing import in_order, standing
from tutor.projections.tokens import clipped, tokens

#: Newest turns that are never compacted.
KEEP_TURNS = 6
#: Longest summary, in tokens and, for a model, in words.
SUMMARY_TOKENS = 600
SUMMARY_WORDS = 250
#: Of one line of an extracted summary, in tokens.
_LINE_TOKENS = 40


def boundary(newest_first: Iterable[Fact]) -> int | None:
    """The seq up to which a log may be compacted now: the end of a turn with ``KEEP_TURNS`` after it. None: too short.

    A turn that still runs is one of those that are kept.
    """
    turns = 0
    for fact in standing(newest_first):
        if fact.kind == "turn.started":
            turns += 1
        if fact.kind == "turn.finished" and turns >= KEEP_TURNS:
            return fact.seq
    return None


def last_completed(landmarks: Iterable[tuple[int, CompactionCompleted | SessionRewound]]) -> int | None:
    """The seq of the compaction that counts: the newest that no rewind took back, in whole or in part.

    ``landmarks`` are the completed compactions and rewinds of a log with their seq, newest first; they are read only as
    far as it takes, however many there are.
    """
    #: Compactions that count so far, newest first: seq and upto. Rewinds that count: where to, and their seq.
    found: list[tuple[int, int]] = []
    rewinds: list[tuple[int, int]] = []
    goes_on_at: int | None = None
    for seq, fact in landmarks:
        if found and seq <= found[0][1]:
            break  # a rewind that is older than all it stands for cannot have taken any of that back
        if goes_on_at is not None and seq > goes_on_at:
            continue
        if isinstance(fact, SessionRewound):
            goes_on_at = fact.to
            rewinds.append((fact.to, seq))
            found = [(at, upto) for at, upto in found if not fact.to < upto < seq]
        else:
            goes_on_at = None
            if not any(to < fact.upto < rewound for to, rewound in rewinds):
                found.append((seq, fact.upto))
    return found[0][0] if found else None


def kept(facts: Sequence[Fact], before: CompactionCompleted | None) -> tuple[list[list[str]], dict[str, int]]:
    """Verdicts by question and known errors by count, of these facts (oldest first) and of the compaction before."""
    verdicts = {one[0]: one[1:] for one in before.verdicts} if before else {}
    errors = dict(before.known_errors) if before else {}
    for fact in in_order(facts):
        match fact.interaction:
            case AnswerChecked(question=question, verdict=verdict, known_error=known_error):
                verdicts[question] = [*verdicts.pop(question, []), verdict]
                if known_error is not None:
                    errors[known_error] = errors.get(known_error, 0) + 1
            case _:
                pass
    return [[question, *given] for question, given in verdicts.items()], errors


def extract(facts: Sequence[Fact], before: CompactionCompleted | None) -> str:
    """A summary without a model: who said what, one line each, as many of the newest lines as have room (Markdown)."""
    lines = before.summary.splitlines() if before else []
    for fact in in_order(facts):
        match fact.interaction:
            case MessageAccepted(text=text):
                lines.append(f"- Learner: {_one_line(text)}")
            case QuestionAsked(number=number, prompt=prompt):
                lines.append(f"- Question {number}: {_one_line(prompt)}")
            case OutputCommitted(text=text) | ObserverSaid(text=text):
                lines.append(f"- Tutor: {_one_line(text)}")
            case _:
                pass
    spent, first = 0, len(lines)
    while first and spent + tokens(lines[first - 1]) + 1 <= SUMMARY_TOKENS:
        first -= 1
        spent += tokens(lines[first]) + 1
    return "\n".join(lines[first:])


def _one_line(text: str) -> str:
    return clipped(" ".join(text.split()), _LINE_TOKENS)


def completed(
    facts: Sequence[Fact], before: CompactionCompleted | None, upto: int, summary: str, by: str
) -> CompactionCompleted:
    """The fact that a summary of ``facts`` (oldest first, up to ``upto``) becomes."""
    verdicts, known_errors = kept(facts, before)
    return CompactionCompleted(
        upto=upto,
        summary=clipped(summary, SUMMARY_TOKENS),
        verdicts=verdicts,
        known_errors=known_errors,
        interactions=len(facts) + (before.interactions if before else 0),
        by=by,
    )
