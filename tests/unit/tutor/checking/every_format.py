"""One question of every format, for what has to hold of all of them."""

from __future__ import annotations

from tests.unit.tutor.checking.answers import question
from tutor import course as content
from tutor.questions import QuestionInstance

_OPTIONS = [content.Choice(id=key, text=text) for key, text in zip("abc", ("egg", "chick", "hen"), strict=True)]
_TARGETS = [content.Target(id=str(at), text=text) for at, text in enumerate(("first", "second", "third"), 1)]
_RUBRIC = [
    content.RubricPoint(id="heat", about="where the energy comes from", terms=["sun", "heat*", "warm*"]),
    content.RubricPoint(id="gas", about="what the water becomes", terms=["evaporat*", "vapour", "turns into gas"]),
]
_CASES = [content.CodeCase(arguments="[2, 3]", expect="5"), content.CodeCase(arguments="[0, -1]", expect="-1")]


def asked(kind: str, answer: str, *, prompt: str = "?", **policy: object) -> QuestionInstance:
    return question(content.Format(type=kind, **policy), answer, prompt=prompt)  # type: ignore[arg-type]


#: Format: a question of it. The answer is a right one.
QUESTIONS: dict[str, QuestionInstance] = {
    "number": asked("number", "7/2", vars=["x"]),
    "expression": asked("expression", "3*x + 6", vars=["x"]),
    "equation": asked("equation", "y = 2*x + 1", vars=["x", "y"]),
    "inequality": asked("inequality", "x > 3 or x <= -1", vars=["x"]),
    "interval": asked("interval", "(-infinity, 2] ∪ (3, 5)"),
    "point": asked("point", "(2, -3)"),
    "set": asked("set", "{1, 2}", vars=["x"]),
    "list": asked("list", "{1, 4, 9}"),
    "matrix": asked("matrix", "[[1, 2], [3, 4]]"),
    "quantity": asked("quantity", "72 km/h"),
    "choice": asked("choice", "b", choices=_OPTIONS),
    "order": asked("order", "a,b,c", choices=_OPTIONS),
    "match": asked("match", "a:2,b:1,c:3", choices=_OPTIONS, targets=_TARGETS),
    "short_text": asked("short_text", "numerator"),
    "free_text": asked("free_text", "The sun heats the water and it evaporates.", rubric=_RUBRIC),
}
#: Runs a process for each answer, so it is asked less often.
CODE = asked("code", "def add(a, b):\n    return a + b", function="add", cases=_CASES)
