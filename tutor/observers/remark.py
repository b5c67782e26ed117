"""What an observer may say. There is no remark that is a verdict, a score or a change of state."""

from __future__ import annotations

from typing import Literal

import msgspec

from tutor.interactions import Interaction, ObserverNoted, ObserverSaid, ObserverSuggested

#: For the teacher; for the tutor's next message chain; for the learner.
Audience = Literal["teacher", "tutor", "learner"]

#: Longest text of a remark, in characters, and most of its evidence.
TEXT_CHARS = 600
EVIDENCE = 20


class BadRemark(ValueError):
    """An observer said something that a remark cannot be; the message says what to change."""


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that an observer has to say."""

    audience: Audience
    #: What it is about, in one word: the same word for the same kind of remark.
    about: str
    text: str
    #: The seqs that show it, oldest first. The newest one and ``about`` say which remark this is: it is made once.
    evidence: tuple[int, ...]

    @property
    def identity(self) -> tuple[str, str, int]:
        """What makes it the same remark."""
        return self.audience, self.about, self.evidence[-1]

    def fact(self, observer: str) -> Interaction:
        """The interaction that it becomes."""
        evidence = list(self.evidence)
        match self.audience:
            case "teacher":
                return ObserverNoted(observer=observer, note=self.text, about=self.about, evidence=evidence)
            case "tutor":
                return ObserverSuggested(observer=observer, suggestion=self.text, about=self.about, evidence=evidence)
            case "learner":
                return ObserverSaid(observer=observer, text=self.text, about=self.about, evidence=evidence)


def identity_of(fact: Interaction) -> tuple[str, str, int] | None:
    """The remark that a fact was; None where it was none, or one of a release that kept no evidence."""
    audience: Audience
    match fact:
        case ObserverNoted(about=about, evidence=evidence):
            audience = "teacher"
        case ObserverSuggested(about=about, evidence=evidence):
            audience = "tutor"
        case ObserverSaid(about=about, evidence=evidence):
            audience = "learner"
        case _:
            return None
    return (audience, about, evidence[-1]) if evidence else None


def to_teacher(about: str, text: str, *evidence: int) -> Remark:
    """``observer.noted``: teachers see it, learners do not."""
    return _remark("teacher", about, text, evidence)


def to_tutor(about: str, text: str, *evidence: int) -> Remark:
    """``observer.suggested``: stands in the tutor's next message chains; the learner does not see it."""
    return _remark("tutor", about, text, evidence)


def to_learner(about: str, text: str, *evidence: int) -> Remark:
    """``observer.said``: the learner reads it. It passes the leak gate like everything that is said (Markdown)."""
    return _remark("learner", about, text, evidence)


def _remark(audience: Audience, about: str, text: str, evidence: tuple[int, ...]) -> Remark:
    shown = tuple(sorted(set(evidence)))[-EVIDENCE:]
    if not shown or shown[0] < 1:
        raise BadRemark(f"{about!r} needs evidence: the seqs of the interactions that show it")
    if not about.strip() or not text.strip():
        raise BadRemark(f"a remark needs a word that it is about and a text, not {about!r} and {text!r}")
    return Remark(audience=audience, about=about, text=text[:TEXT_CHARS], evidence=shown)
