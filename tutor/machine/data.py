"""What a tutoring session knows between two events, apart from its state.

Immutable, JSON all the way down. ``dump`` and ``load`` are exact inverses; maps are written with one key per entry
(``skills.isolate_x``), because the log keeps a patch per changed top-level key.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tutor.lens.variant import PLAIN, Variant
from tutor.mastery import SkillRecord
from tutor.selection import Detour, Retest


class OpenQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """The question the learner is working on, and how that goes."""

    id: str
    seed: int
    skill: str
    #: Counts the questions of the session from 1.
    number: int
    why: str
    #: ``main``, or ``scaffold:<i>`` while a sub-question stands in for hint i.
    part: str = "main"
    #: Counted attempts: wrong, known_error, partial and correct ones.
    attempts: int = 0
    #: How many hints were given.
    hint_level: int = 0
    #: Right in value, wrong in form.
    form_issues: int = 0
    #: Wrong answers to the sub-question that is open.
    scaffold_tries: int = 0
    #: The learner's last checked answer.
    last_answer: str = ""
    last_wrong: str = ""
    #: The question has already given its evidence about its skills.
    witnessed: bool = False
    #: A hint was offered in place of the solution.
    hint_offered: bool = False
    #: Known errors already treated in this question.
    remediated: tuple[str, ...] = ()
    #: What makes a variant of it (``tutor.lens``).
    variant: Variant = PLAIN


class Remediation(msgspec.Struct, frozen=True, kw_only=True):
    """A known error under treatment."""

    known_error: str
    #: The question whose numbers the probe uses.
    question: str
    seed: int
    variant: Variant = PLAIN
    #: ``tutor``, or the teacher who asked for it.
    by: str = "tutor"
    #: The state to go back to; ``awaiting_answer``: the question stays open meanwhile.
    back: str
    #: The contrast and the probe have been shown.
    presented: bool = False
    #: Wrong answers to the probe.
    tries: int = 0


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """The conversation call that is running."""

    ref: str
    tool: str
    return_state: str
    #: ``check_answer``: which part is checked.
    part: str = "main"
    #: What the learner wrote.
    given: str = ""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """Where a known error showed: the evidence a learner can look up, and contest."""

    question: str
    #: Which question of the session it was (``question.asked.number``).
    number: int
    given: str


class ErrorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One known error of one learner."""

    seen: int = 0
    remediated: int = 0
    #: Seen again after a treatment that was passed.
    relapsed: int = 0
    #: Later questions in which it could have shown again, and that were right at the first attempt without help.
    passed: int = 0
    #: The skill of the question in which it was seen last.
    skill: str = ""
    #: The newest sightings, oldest first.
    sightings: tuple[Sighting, ...] = ()
    #: ``active``, ``treated`` (not re-tested yet), ``resolved``, ``relapsed``; ``contested`` until it is seen again.
    standing: str = "active"


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """What waits while a warm-up is asked."""

    state: str
    question: OpenQuestion | None = None


class FileNote(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the learner, as far as the lesson is concerned."""

    name: str
    sections: int = 0
    pages: int | None = None
    #: ``new``: the learner was not told yet; ``offered``: asked whether to use it; ``told``: not answered;
    #: ``wanted``: to be looked into first; ``left``: not to be used; ``failed``: unreadable, which is not said yet.
    status: Literal["new", "offered", "told", "wanted", "left", "failed"] = "new"
    #: Why it cannot be read.
    message: str = ""


class TutoringData(msgspec.Struct, frozen=True, kw_only=True):
    """The data of ``TutoringMachine``."""

    seed: int
    topic: str = ""
    #: Topics finished: id -> ``mastered`` or ``practised``.
    finished: dict[str, str] = {}
    #: Chunks of the topic's material shown so far.
    chunks: int = 0
    question: OpenQuestion | None = None
    last_question: str | None = None
    remediation: Remediation | None = None
    pending: Pending | None = None
    #: Where a pause or an error came from.
    return_state: str = ""
    #: Calls made; the last one's ref is ``c<calls>``.
    calls: int = 0
    #: Questions asked.
    number: int = 0
    #: Failed calls in a row.
    failures: int = 0
    #: A pause has just ended a call: messages queued behind it stay queued.
    settling: bool = False
    nudges: int = 0
    off_topic: int = 0
    #: The last hint is still fresh.
    hint_resting: bool = False
    #: The learner said "I know this".
    probing: bool = False
    #: When the session was paused, in milliseconds since 1970; None: it is not, or an older release paused it.
    paused_at: int | None = None
    #: A known question comes first: the learner was away for long.
    warm_up: bool = False
    shelf: Shelf | None = None
    #: The skill that the learner has asked to be tested on.
    wanted: str = ""
    #: Reviews asked.
    reviews: int = 0
    #: Skills that this session is still to review; None: it is a lesson.
    revision: tuple[str, ...] | None = None
    #: Skills that it has reviewed.
    revised: tuple[str, ...] = ()
    #: The next session of the course is to be one for reviewing.
    wants_review: bool = False
    told_fallback: bool = False
    operator_told: bool = False
    #: Why the lesson waits for a teacher (``tutor.safety.Concern``); empty: it does not.
    safety_hold: str = ""
    retests: tuple[Retest, ...] = ()
    put_off: tuple[str, ...] = ()
    asked: dict[str, int] = {}
    #: The numbers that templates were asked with: question id -> the values of its parameters, for each asking.
    had: dict[str, tuple[tuple[int, ...], ...]] = {}
    skills: dict[str, SkillRecord] = {}
    known_errors: dict[str, ErrorRecord] = {}
    detours: dict[str, Detour] = {}
    #: By the files' ids, oldest first.
    files: dict[str, FileNote] = {}

    def readable_files(self) -> dict[str, FileNote]:
        """Those that can be read, wanted or not."""
        return {file: note for file, note in self.files.items() if note.status != "failed"}


#: Written with one top-level key per entry.
_MAPS = ("finished", "asked", "had", "skills", "known_errors", "detours", "files")


def dump(data: TutoringData) -> dict[str, Any]:
    """The data as plain JSON values."""
    plain: dict[str, Any] = msgspec.to_builtins(data)
    for name in _MAPS:
        entries = plain.pop(name)
        plain.update({f"{name}.{key}": value for key, value in entries.items()})
    return plain


def load(plain: dict[str, Any]) -> TutoringData:
    """The data again. Raises ``msgspec.ValidationError`` where it is none."""
    whole: dict[str, Any] = {name: {} for name in _MAPS}
    for key, value in plain.items():
        name, dot, entry = key.partition(".")
        if dot and name in _MAPS:
            whole[name][entry] = value
        else:
            whole[key] = value
    return msgspec.convert(whole, TutoringData)
