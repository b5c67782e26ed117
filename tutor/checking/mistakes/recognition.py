"""Which error of algebra an answer shows, if any."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tutor.checking.algebra.equivalence import Undecided, same_function
from tutor.checking.algebra.evaluation import constant, same_value
from tutor.checking.algebra.grammar import Parser
from tutor.checking.algebra.language import Language
from tutor.checking.algebra.tree import Node, rational
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.mistakes.equations import linear, wrong_solutions
from tutor.checking.mistakes.library import LIBRARY
from tutor.checking.mistakes.rules import RESULT, REWRITING, rewritten
from tutor.checking.spans import formulas_in

if TYPE_CHECKING:
    from tutor.course import KnownError
    from tutor.questions import QuestionInstance

#: Wrong results tried for one question.
MAX_RESULTS = 80


def recognised(question: QuestionInstance, answer: Node) -> KnownError | None:
    """The error by which the answer comes out of what the question gives; None for an unknown one."""
    names = tuple(question.format.vars)
    for error, wrong in _wrong_results(question.format.source, question.prompt, question.answer, names):
        try:
            if answer.symbols == wrong.symbols and same_function(answer, wrong):
                return LIBRARY[error]
        except Undecided:
            continue
    return None


@lru_cache(maxsize=512)
def _wrong_results(source: str, prompt: str, answer: str, names: tuple[str, ...]) -> tuple[tuple[str, Node], ...]:
    """What each error makes of the question; never the right answer."""
    gold = _read(answer.rpartition("=")[2], names)
    if gold is None or len(gold) != 1:
        return ()
    found: list[tuple[str, Node]] = []
    for error, wrong in _candidates(source, prompt, gold[0], names):
        try:
            if len(found) < MAX_RESULTS and not same_function(wrong, gold[0]):
                found.append((error, wrong))
        except Undecided:
            continue
    return tuple(found)


def _candidates(source: str, prompt: str, gold: Node, names: tuple[str, ...]) -> Iterator[tuple[str, Node]]:
    for text in [source] if source else formulas_in(prompt):
        sides = _read(text, names)
        if sides is None or not _is_given(sides, gold):
            continue
        if len(sides) == 2:
            for error, value in wrong_solutions(sides[0], sides[1]):
                yield error, rational(value)
        else:
            for error, rule in REWRITING:
                for wrong in rewritten(sides[0], rule):
                    yield error, wrong
            yield from ((error, wrong) for error, rule in RESULT for wrong in rule(gold))
        return


def _read(text: str, names: tuple[str, ...]) -> tuple[Node, ...] | None:
    try:
        parser = Parser(text, Language(symbols=frozenset(names), open=True, scientific=False))
        sides = [parser.formula()]
        if parser.accept("="):
            sides.append(parser.formula())
        parser.expect_end()
    except MalformedAnswer:
        return None
    return tuple(sides)


def _is_given(sides: tuple[Node, ...], gold: Node) -> bool:
    """Whether the right answer comes out of this formula, so that it is what the question asks to work on."""
    try:
        if len(sides) == 1:
            return sides[0] != gold and same_function(sides[0], gold)
    except Undecided:
        return False
    line, right = linear(sides[0], sides[1]), constant(gold)
    return line is not None and line.solution is not None and right is not None and same_value(line.solution, right)
