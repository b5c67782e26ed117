"""What one answer format has to be able to do. A new format is one file with one class, named in ``formats``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutor.checking.malformed import MalformedAnswer
from tutor.checking.verdict import Verdict
from tutor.placeholders import fill

if TYPE_CHECKING:
    from tutor import course as content
    from tutor.checking.algebra.tree import Node
    from tutor.questions import QuestionInstance

#: In characters; what is longer is refused before anything reads it.
MAX_ANSWER = 300


@dataclass(frozen=True)
class Reading:
    """What a format understood of an answer. Formats extend it with their own canonical value."""

    #: The answer as regex detectors see it: normalised, in lower case.
    text: str


class AnswerFormat(ABC):
    """Reads, compares and judges answers of one format. Stateless."""

    def value(self, text: str, names: Mapping[str, int], form: content.Format) -> str:
        """A value of the course in this format's language, parameters filled in. Raises ``ExpressionError``."""
        return fill(text, dict(names))

    def renamed(self, value: str, ids: Mapping[str, str]) -> str:
        """A value after the question's choices were given other ids."""
        return value

    def joined(self, given: list[str]) -> str:
        """Several values of one control as one answer."""
        return ", ".join(given)

    @abstractmethod
    def read(self, question: QuestionInstance, given: str) -> Reading:
        """The answer, understood. Raises ``MalformedAnswer``. Must be fast for every input and run none of it."""

    @abstractmethod
    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        """Whether the answer means this value of the course: an alternative, or what a known error gives."""

    @abstractmethod
    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        """correct, form_issue, partial or wrong (or malformed, where the form decides it)."""

    def accepts(self, question: QuestionInstance, text: str) -> bool:
        """Whether this free text is certainly an answer, so that it is never taken for a wish such as "hint"."""
        try:
            self.read(question, text)
        except MalformedAnswer:
            return False
        return True

    def formula(self, reading: Reading) -> Node | None:
        """The answer as one formula, where it is one: errors of algebra are recognised in it."""
        return None

    @abstractmethod
    def reveals(self, question: QuestionInstance, text: str) -> bool:
        """Whether ``text`` would tell the learner the answer."""

    def problems(self, question: QuestionInstance) -> list[str]:
        """What is wrong with the question's format itself, for ``course check``."""
        return []
