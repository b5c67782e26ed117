"""Whether a text would give a question's answer away. Everything that is said while a question is open passes here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.checking import formats

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

#: In characters: what is longer is not read, and therefore not let through.
MAX_TEXT = 20_000


def leaks(text: str, question: QuestionInstance) -> bool:
    """True where ``text`` states the answer: an equivalent value that is not in the prompt, the right option's text,
    its letter in answer position. An over-long text counts as a leak."""
    return len(text) > MAX_TEXT or formats.of(question.format.type).reveals(question, text)
