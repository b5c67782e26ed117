"""Reading what was printed gives the same formula; a formula is the same as itself and sameness has no direction."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tutor.checking.algebra.bounds import check_size
from tutor.checking.algebra.equivalence import Undecided, same_function
from tutor.checking.algebra.folding import folded
from tutor.checking.algebra.grammar import read_formula
from tutor.checking.algebra.language import Language
from tutor.checking.algebra.tree import (
    Constant,
    Function,
    Mixed,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    text_of,
)
from tutor.checking.malformed import MalformedAnswer

LANGUAGE = Language(symbols=frozenset({"x", "y", "theta", "x_1"}), scientific=False)
LEAVES = st.one_of(
    st.integers(0, 99).map(lambda value: Number(Fraction(value))),
    st.integers(1, 999).map(lambda value: Number(Fraction(value, 100), 2)),
    st.sampled_from([Symbol("x"), Symbol("y"), Symbol("theta"), Symbol("x_1"), Constant("pi"), Constant("e")]),
    st.builds(Mixed, st.integers(1, 9), st.just(2), st.integers(3, 7)),
)


def _larger(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Negative, parts),
        st.builds(Sum, several),
        st.builds(Product, several),
        st.builds(Quotient, parts, parts),
        st.builds(Power, parts, st.sampled_from([Number(Fraction(2)), Negative(Number(Fraction(1))), Symbol("x")])),
        st.builds(lambda name, part: Function(name, (part,)), st.sampled_from(["sqrt", "sin", "ln", "abs"]), parts),
        st.builds(lambda part: Function("log", (part, Number(Fraction(2)))), parts),
    )


FORMULAS = st.recursive(LEAVES, _larger, max_leaves=8)


@settings(max_examples=400, deadline=None)
@given(FORMULAS)
def test_reading_undoes_printing(node: Node) -> None:
    try:
        check_size(node)
    except MalformedAnswer:
        assume(condition=False)

    assert read_formula(text_of(node), LANGUAGE) == node


@settings(max_examples=120, deadline=None)
@given(FORMULAS, FORMULAS)
def test_sameness_has_no_direction(one: Node, other: Node) -> None:
    try:
        assert same_function(one, one)
        if not any(isinstance(part, Function) and part.name == "abs" for node in (one, other) for part in node.walk()):
            assert same_function(one, other) == same_function(other, one)
    except Undecided:
        return


@settings(max_examples=120, deadline=None)
@given(FORMULAS)
def test_folding_keeps_the_value(node: Node) -> None:
    try:
        assert same_function(folded(node), node)
    except Undecided:
        return
