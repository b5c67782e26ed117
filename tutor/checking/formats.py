"""Which answer formats there are, by the name a course gives them."""

from __future__ import annotations

from collections.abc import Mapping

from tutor import course as content
from tutor.checking.answer_format import AnswerFormat
from tutor.checking.choice import ChoiceFormat
from tutor.checking.code import CodeFormat
from tutor.checking.collection import ListFormat, SetFormat
from tutor.checking.equation import EquationFormat
from tutor.checking.expression import ExpressionFormat
from tutor.checking.free_text import FreeTextFormat
from tutor.checking.inequality import InequalityFormat
from tutor.checking.interval import IntervalFormat
from tutor.checking.match import MatchFormat
from tutor.checking.matrix import MatrixFormat
from tutor.checking.number import NumberFormat
from tutor.checking.order import OrderFormat
from tutor.checking.point import PointFormat
from tutor.checking.quantity import QuantityFormat
from tutor.checking.short_text import ShortTextFormat

FORMATS: dict[str, AnswerFormat] = {
    "number": NumberFormat(),
    "expression": ExpressionFormat(),
    "equation": EquationFormat(),
    "inequality": InequalityFormat(),
    "interval": IntervalFormat(),
    "point": PointFormat(),
    "set": SetFormat(),
    "list": ListFormat(),
    "matrix": MatrixFormat(),
    "quantity": QuantityFormat(),
    "choice": ChoiceFormat(),
    "order": OrderFormat(),
    "match": MatchFormat(),
    "short_text": ShortTextFormat(),
    "free_text": FreeTextFormat(),
    "code": CodeFormat(),
}


class UnknownFormat(LookupError):
    """No checker of this name is installed."""


#: Formats whose answers are mathematics: the same number may stand in many places. An option or a word that is the
#: answer is one wherever it stands.
MATHEMATICAL = frozenset(
    {"number", "quantity", "expression", "equation", "inequality", "interval", "point", "set", "list", "matrix"}
)


def of(name: str) -> AnswerFormat:
    """The format called ``name``. Raises ``UnknownFormat``."""
    try:
        return FORMATS[name]
    except KeyError:
        raise UnknownFormat(f"unknown answer format {name!r}; use one of {', '.join(FORMATS)}") from None


def value(form: content.Format, text: str, names: Mapping[str, int]) -> str:
    """A value of the course in the language of ``form``. Raises ``UnknownFormat``, ``ExpressionError``."""
    return of(form.type).value(text, names, form)
