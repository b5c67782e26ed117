"""What the tutor believes a learner knows: Bayesian knowledge tracing, the evidence rule and when a skill is mastered.

Pure arithmetic over four numbers per skill (``course.Bkt``). One question gives one piece of evidence per skill: what
the first counted attempt showed. A hint is not a mistake: one hint and then right is taken as learning, not as proof;
more help than that says "not yet alone", and is shown to the learner as *solved with help*, never as wrong.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from fsrs import Rating

from tutor import elo, retention
from tutor.course import Bkt, Mastery
from tutor.retention import Card

#: Chance of a right answer by guessing, where the learner has to type it.
TYPED_GUESS = 0.15
#: However few the choices, a guess is never taken to be more likely than this.
GUESS_CAP = 0.5
#: This many opportunities without P reaching ``SPINNING_P`` means more of the same does not help.
SPINNING_OPPORTUNITIES = 8
SPINNING_P = 0.6
#: Newest pieces of evidence that are kept: to be shown, and to see how many were right in a row.
RECENT = 5
#: So many misses, and so many right in a row are needed: who guesses for long enough gets three right, too.
STREAKS = ((8, 5), (4, 4))


class Evidence(StrEnum):
    """What one question showed about its skills."""

    UNASSISTED = "unassisted"
    AFTER_HINT = "after_hint"
    WITH_HELP = "with_help"
    NOT_YET = "not_yet"
    GIVEN_UP = "given_up"


#: What a piece of evidence says about remembering a mastered skill; FSRS's *easy* is not used.
RECALLS: dict[Evidence, Rating] = {
    Evidence.UNASSISTED: Rating.Good,
    Evidence.AFTER_HINT: Rating.Hard,
    Evidence.WITH_HELP: Rating.Hard,
    Evidence.NOT_YET: Rating.Again,
    Evidence.GIVEN_UP: Rating.Again,
}


class SkillRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one learner and one skill."""

    #: P(the learner knows it), 0 to 1.
    p: float
    #: Questions that gave evidence.
    opportunities: int = 0
    #: First attempts that were right without help.
    unassisted: int = 0
    #: Those of them that were not a choice.
    unassisted_typed: int = 0
    #: Solved, but with help.
    helped: int = 0
    #: First attempts that were not right, and solutions shown, in this session.
    missed: int = 0
    #: Questions put off.
    skips: int = 0
    #: Opportunities that were behind it when the present attempt at the skill began: what wheel-spinning counts from.
    since: int = 0
    #: The learner's Elo rating in this skill, in logits; None: as P says.
    ability: float | None = None
    #: Answers behind that rating.
    rated: int = 0
    #: When it is reviewed, once it was mastered.
    card: Card | None = None
    #: The newest pieces of evidence, oldest first.
    recent: tuple[Evidence, ...] = ()

    @property
    def rating(self) -> float:
        """The learner's side of Elo, in logits."""
        return elo.of_author(self.p) if self.ability is None else self.ability


def guess(bkt: Bkt, choices: int) -> float:
    """P(right by guessing). ``choices``: how many the question offers, 0 for a typed answer."""
    if choices > 1:
        return min(GUESS_CAP, 1 / choices)
    return TYPED_GUESS if bkt.G is None else bkt.G


def learned(p: float, bkt: Bkt) -> float:
    """P after an opportunity to learn."""
    return p + (1 - p) * bkt.T


def updated(p: float, bkt: Bkt, *, right: bool, choices: int) -> float:
    """P after one observed answer (Bayes), and after the opportunity to learn that came with it."""
    g = guess(bkt, choices)
    known, unknown = (p * (1 - bkt.S), (1 - p) * g) if right else (p * bkt.S, (1 - p) * (1 - g))
    return learned(known / (known + unknown), bkt)


def witness(record: SkillRecord, bkt: Bkt, evidence: Evidence, *, choices: int = 0) -> SkillRecord:
    """The record after one piece of evidence."""
    match evidence:
        case Evidence.UNASSISTED:
            p = updated(record.p, bkt, right=True, choices=choices)
        case Evidence.AFTER_HINT:
            p = learned(record.p, bkt)
        case Evidence.WITH_HELP | Evidence.NOT_YET | Evidence.GIVEN_UP:
            p = updated(record.p, bkt, right=False, choices=choices)
    alone = evidence is Evidence.UNASSISTED
    return msgspec.structs.replace(
        record,
        p=round(p, 6),  # the log is canonical JSON: short, and the same everywhere
        opportunities=record.opportunities + 1,
        unassisted=record.unassisted + alone,
        unassisted_typed=record.unassisted_typed + (alone and choices == 0),
        helped=record.helped + (evidence in {Evidence.AFTER_HINT, Evidence.WITH_HELP}),
        missed=record.missed + (evidence in {Evidence.NOT_YET, Evidence.GIVEN_UP}),
        recent=(*record.recent, evidence)[-RECENT:],
    )


def remembered(record: SkillRecord, evidence: Evidence, now_ms: int, *, mastered: bool) -> SkillRecord:
    """The record with its next review: a card begins with mastery, and is reviewed by whatever comes after it."""
    if record.card is not None:
        card = retention.reviewed(record.card, RECALLS[evidence], now_ms)
    elif mastered:
        card = retention.begun(now_ms)
    else:
        return record
    return msgspec.structs.replace(record, card=card)


def rated(record: SkillRecord, difficulty: float, *, right: bool, choices: int = 0) -> SkillRecord:
    """The record after Elo has moved the learner's side by one answer. ``difficulty``: the question's, in logits."""
    expected = elo.chance(record.rating, difficulty, chance_of_guess(choices))
    ability = elo.moved(record.rating, record.rated, right - expected)
    return msgspec.structs.replace(record, ability=ability, rated=record.rated + 1)


def chance_of_guess(choices: int) -> float:
    """For Elo: how likely a choice is right by chance; nobody types an answer by chance."""
    return min(GUESS_CAP, 1 / choices) if choices > 1 else 0.0


def mastered(record: SkillRecord, rule: Mastery, *, typed_in_bank: bool) -> bool:
    """P is high *and* it was shown without help, at least once by more than choosing (if the bank allows that); by who
    has missed often, several times in a row."""
    return (
        record.p >= rule.p
        and record.unassisted >= rule.min_unassisted
        and (record.unassisted_typed > 0 or not typed_in_bank)
        and (record.card is not None or in_a_row(record) >= streak_needed(record))
    )


def streak_needed(record: SkillRecord) -> int:
    """How many right ones in a row the misses so far call for; 0 where there were few."""
    return next((streak for misses, streak in STREAKS if record.missed >= misses), 0)


def in_a_row(record: SkillRecord) -> int:
    """How many of the newest answers were right at once and without help, up to ``RECENT``."""
    others = [number for number, one in enumerate(reversed(record.recent)) if one is not Evidence.UNASSISTED]
    return others[0] if others else len(record.recent)


def spinning(record: SkillRecord) -> bool:
    """Whether more questions of this skill would only wear the learner out."""
    return record.opportunities - record.since >= SPINNING_OPPORTUNITIES and record.p < SPINNING_P
