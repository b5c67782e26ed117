"""Whether a text would give a question's answer away. Everything that is said while a question is open passes here."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tutor import speech
from tutor.checking import formats
from tutor.checking.number import numbers_in
from tutor.hidden_text import decoded

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

#: In characters: what is longer is not read, and therefore not let through.
MAX_TEXT = 20_000


def leaks(text: str, question: QuestionInstance) -> bool:
    """True where ``text`` states the answer: an equivalent value that is not in the prompt, the right option's text,
    its letter in answer position; also encoded or turned round, as a model that was talked into it might say it.
    An over-long text counts as a leak."""
    if len(text) > MAX_TEXT:
        return True
    form = formats.of(question.format.type)
    return form.reveals(question, text) or _hidden(text, question)


def withholds(text: str, question: QuestionInstance) -> bool:
    """Whether words that a model may have chosen must not be said while the question is open.

    They tell no answer, and the verdict is not theirs to give. The same for text that is streamed and text that is
    committed, so that what was shown is what is committed.
    """
    return leaks(text, question) or speech.accepts(text) is not None


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
