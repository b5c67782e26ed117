"""Whether a text would give a question's answer away. Everything that is said while a question is open passes here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from tutor import speech
from tutor.checking import formats
from tutor.checking.number import numbers_in
from tutor.hidden_text import decoded

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

#: In characters: what is longer is not read, and therefore not let through.
MAX_TEXT = 20_000


#: A learner who writes more numbers than this at once is trying them out.
_MOST_TRIED = 3
#: A number in a shorter sentence is not mentioned but said.
_MENTION_WORDS = 5
_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n+")


@dataclass(frozen=True)
class Known:
    """What the learner has before them besides the prompt: saying it again gives nothing away."""

    #: Course material that was shown (Markdown).
    material: tuple[str, ...] = ()
    #: What the learner wrote.
    learner: str = ""


NOTHING = Known()


def leaks(text: str, question: QuestionInstance, known: Known = NOTHING) -> bool:
    """True where ``text`` states the answer: an equivalent value that is not in the prompt, the right option's text,
    its letter in answer position; also encoded or turned round, as a model that was talked into it might say it.
    An over-long text counts as a leak.

    Of what is ``known``, a sentence of the material may be repeated word for word, and a number of the learner's may
    be mentioned within a sentence. To *state* it as the answer ("so x = 4", or the number alone) stays a leak: that the
    same number stands elsewhere, too, does not say that it is the one.
    """
    if len(text) > MAX_TEXT:
        return True
    if question.format.type not in formats.MATHEMATICAL or known == NOTHING:
        return _tells(text, question)
    read = _sentences(known.material)
    own = [part for part in _SENTENCE.split(text) if " ".join(part.split()) not in read]
    tried = _tried(known.learner)
    if not tried:
        return _tells("\n".join(own), question)
    mentioned = "; ".join(map(str, sorted(tried)))
    asked = msgspec.structs.replace(question, prompt=f"{question.prompt}\n\nNumbers seen: {mentioned}")
    bare = "\n".join(part for part in own if len(part.split()) < _MENTION_WORDS)
    return _tells(bare, question) or _tells("\n".join(own), asked)


def _tells(text: str, question: QuestionInstance) -> bool:
    return formats.of(question.format.type).reveals(question, text) or _hidden(text, question)


@lru_cache(maxsize=256)
def _sentences(material: tuple[str, ...]) -> frozenset[str]:
    return frozenset(" ".join(part.split()) for body in material for part in _SENTENCE.split(body))


def _tried(text: str) -> frozenset[Fraction]:
    found = frozenset(value for value, _ in numbers_in(text[:MAX_TEXT], coefficients=True))
    return found if len(found) <= _MOST_TRIED else frozenset()


def withholds(text: str, question: QuestionInstance, known: Known = NOTHING) -> bool:
    """Whether words that a model may have chosen must not be said while the question is open.

    They tell no answer, and the verdict is not theirs to give. The same for text that is streamed and text that is
    committed, so that what was shown is what is committed.
    """
    return leaks(text, question, known) or speech.accepts(text) is not None


def _hidden(text: str, question: QuestionInstance) -> bool:
    form = formats.of(question.format.type)
    if question.format.type != "number":
        hidden = [*(plain for _, plain in decoded(text)), text[::-1]]
        return any(form.reveals(question, plain) for plain in hidden)
    # rot13 leaves digits as they are, and letters that it moves make other formulas of them.
    if any(form.reveals(question, plain) for how, plain in decoded(text) if how != "rot13"):
        return True
    gold = Fraction(question.answer)
    # Turned round, any number may happen to be the answer: only where it is stated as one does it tell something.
    return any(value == gold and asserted for value, asserted in numbers_in(text[::-1]))
