"""Solution sets as inequalities (``-1 < x <= 5 or x > 9``) or as intervals (``(-1, 5] ∪ (9, ∞)``)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tutor.checking.algebra import limits
from tutor.checking.algebra.equivalence import proportion
from tutor.checking.algebra.evaluation import Undefined, Value, constant, divided, sign_of, value_at
from tutor.checking.algebra.grammar import Parser
from tutor.checking.algebra.real_sets import ALL, Interval, RealSet, intersection, union
from tutor.checking.algebra.tree import INFINITY, Function, Negative, Node, Sum, text_of
from tutor.checking.malformed import MalformedAnswer

FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_NOTHING = re.compile(
    r"(?:(?:there|it)(?: is| are| has| have|'s) )?(?:no|none)(?: real)?"
    r"(?: (?:solutions?|answers?|numbers?|x|values?))?(?: works?)?|"
    r"(?:[a-z] ?= ?|[a-z] in )?(?:(?:the )?empty set|\\?\{\s*\\?\}|Ø|⌀|∅|\$?\\(?:emptyset|varnothing)\$?)|"
    r"(?:it )?(?:does not|doesn'?t) have (?:a|any) solutions?|impossible|not possible|unsolvable",
    re.IGNORECASE,
)
_EVERYTHING = re.compile(
    r"(?:all|any|every)(?: (?:the )?real)?(?: (?:numbers?|values?|x))?s?|(?:the )?reals?(?: numbers)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Atom:
    """``left relation right``."""

    left: Node
    relation: str
    right: Node


@dataclass(frozen=True)
class Inequality:
    """Alternatives of conditions that hold together."""

    clauses: tuple[tuple[Atom, ...], ...]

    @property
    def trees(self) -> tuple[Node, ...]:
        return tuple(side for clause in self.clauses for atom in clause for side in (atom.left, atom.right))

    @property
    def text(self) -> str:
        return " or ".join(
            " and ".join(f"{text_of(atom.left)} {atom.relation} {text_of(atom.right)}" for atom in clause)
            for clause in self.clauses
        )

    def changed(self, change: Callable[[Node], Node]) -> Inequality:
        return Inequality(
            tuple(
                tuple(Atom(change(atom.left), atom.relation, change(atom.right)) for atom in clause)
                for clause in self.clauses
            )
        )

    def solutions(self) -> RealSet | None:
        """The numbers that fulfil it; None where there are several unknowns or a condition is not linear."""
        names = frozenset().union(*(tree.symbols for tree in self.trees))
        if len(names) != 1:
            return None
        (name,) = names
        found: list[Interval] = []
        for clause in self.clauses:
            kept: RealSet = (ALL,)
            for atom in clause:
                part = _solved(atom, name)
                if part is None:
                    return None
                kept = intersection(kept, part)
            found += kept
        return union(found)


@dataclass(frozen=True)
class Piece:
    """One interval as written."""

    low: Node
    low_closed: bool
    high: Node
    high_closed: bool


@dataclass(frozen=True)
class Intervals:
    """A union of intervals; none is the empty set."""

    pieces: tuple[Piece, ...]

    @property
    def trees(self) -> tuple[Node, ...]:
        return tuple(end for piece in self.pieces for end in (piece.low, piece.high))

    @property
    def text(self) -> str:
        return " ∪ ".join(_piece_text(piece) for piece in self.pieces) or "∅"

    def changed(self, change: Callable[[Node], Node]) -> Intervals:
        return Intervals(
            tuple(
                Piece(change(piece.low), piece.low_closed, change(piece.high), piece.high_closed)
                for piece in self.pieces
            )
        )

    def solutions(self) -> RealSet | None:
        """The numbers in it; None where an end point is no number."""
        found: list[Interval] = []
        for piece in self.pieces:
            low, high = _end(piece.low), _end(piece.high)
            if low is None or high is None:
                return None
            if low[0] is not None and high[0] is not None and sign_of(low[0] - high[0]) > 0:
                return None
            found.append(
                Interval(
                    low[0], piece.low_closed and low[0] is not None, high[0], piece.high_closed and high[0] is not None
                )
            )
        return union(found)


Solution = Inequality | Intervals
REALS = Intervals((Piece(Negative(INFINITY), False, INFINITY, False),))
NOTHING = Intervals(())


def in_signs(text: str) -> str:
    """Words for no and for all numbers as signs; ``{x | x > 3}`` as its condition."""
    plain = text.strip().rstrip(".")
    if _NOTHING.fullmatch(plain):
        return "∅"
    if _EVERYTHING.fullmatch(plain):
        return "(-infinity, infinity)"
    builder = re.fullmatch(r"\\?\{\s*([A-Za-z])\s*(?:∈\s*ℝ\s*)?(?:\||:|\\mid)\s*(.+?)\\?\}", plain)
    return builder[2] if builder else plain


def read_solution(parser: Parser) -> Solution:
    """A solution set in either notation. Raises ``MalformedAnswer``."""
    place, parser.square_brackets = parser.place, False
    if parser.peek().kind == "name" and parser.peek(1).text in {"∈", "in"}:
        parser.take()
        parser.take()
        return _intervals(parser)
    if parser.sees("∅", "[", "]") or (parser.sees("R") and parser.peek(1).kind == "end"):
        return _intervals(parser)
    if parser.sees("(", "{"):
        try:
            return _intervals(parser)
        except MalformedAnswer:
            parser.back_to(place)
            if not parser.has_relation():
                raise
    return _inequality(parser)


def same_conditions(one: Inequality, other: Inequality) -> bool:
    """Whether both say the same, condition by condition, each times a positive number. Raises ``Undecided``."""
    if len(one.clauses) != len(other.clauses):
        return False
    waiting = list(other.clauses)
    for clause in one.clauses:
        match = next((candidate for candidate in waiting if _same_clause(clause, candidate)), None)
        if match is None:
            return False
        waiting.remove(match)
    return True


# --- intervals ----------------------------------------------------------------------------------------------------


def _intervals(parser: Parser) -> Intervals:
    pieces: list[Piece] = []
    while True:
        if parser.accept("∅"):
            pass
        elif parser.accept("R"):
            pieces += REALS.pieces
        elif parser.sees("{"):
            pieces += _singles(parser)
        else:
            pieces.append(_piece(parser))
        if len(pieces) > limits.MAX_ITEMS:
            raise MalformedAnswer("too_many", f"A set of at most {limits.MAX_ITEMS} intervals can be read.")
        if not parser.accept("∪", "U", "u", "or", "union", "and", ","):
            break
    parser.expect_end()
    return Intervals(tuple(pieces))


def _piece(parser: Parser) -> Piece:
    if not parser.sees("(", "[", "]"):
        raise MalformedAnswer("interval", "Please write an interval with its brackets, such as (2, 5] or [0, ∞).")
    low_closed = parser.take().text == "["
    low = parser.formula()
    if not parser.accept(",", ";"):
        raise MalformedAnswer("interval", "An interval has two end points with a comma between, such as (2, 5].")
    high = parser.formula()
    if not parser.sees(")", "]", "["):
        raise MalformedAnswer("bracket", "The closing bracket of the interval is missing, such as in (2, 5].")
    return Piece(low, low_closed, high, parser.take().text == "]")


def _singles(parser: Parser) -> list[Piece]:
    parser.expect("{")
    found: list[Piece] = []
    while not parser.accept("}"):
        node = parser.formula()
        found.append(Piece(node, True, node, True))
        if not parser.sees("}") and not parser.accept(",", ";"):
            raise parser.unexpected()
    return found


def _piece_text(piece: Piece) -> str:
    if piece.low == piece.high and piece.low_closed:
        return f"{{{text_of(piece.low)}}}"
    opening, closing = "[" if piece.low_closed else "(", "]" if piece.high_closed else ")"
    return f"{opening}{text_of(piece.low)}, {text_of(piece.high)}{closing}"


def _end(node: Node) -> tuple[Value | None] | None:
    """An end point in a tuple, None in it for no end; None alone where it is no number."""
    if node in (INFINITY, Negative(INFINITY)):
        return (None,)
    value = constant(node)
    return None if value is None else (value,)


# --- inequalities -------------------------------------------------------------------------------------------------


def _inequality(parser: Parser) -> Inequality:
    clauses: list[tuple[Atom, ...]] = [()]
    loose = False
    while True:
        clauses[-1] = (*clauses[-1], *_chain(parser))
        if sum(len(clause) for clause in clauses) > limits.MAX_ITEMS:
            raise MalformedAnswer("too_many", f"At most {limits.MAX_ITEMS} conditions can be read.")
        if parser.accept("or"):
            clauses.append(())
        elif parser.accept(",", ";"):
            loose = not parser.accept("and", "or")
        elif not parser.accept("and", "&"):
            break
    parser.expect_end()
    together = Inequality(tuple(clauses))
    if loose and len(clauses) == 1 and together.solutions() == ():
        # "x < 1, x > 5": no number is both, so either is meant.
        return Inequality(tuple((atom,) for atom in clauses[0]))
    return together


def _chain(parser: Parser) -> list[Atom]:
    sides, relations = [parser.formula()], []
    while parser.peek().kind == "relation":
        relations.append(parser.take().text)
        sides.append(parser.formula())
    if not relations:
        raise MalformedAnswer("no_inequality", "Please write an inequality with <, >, <= or >=, such as x > 3.")
    return [Atom(sides[at], relation, sides[at + 1]) for at, relation in enumerate(relations)]


def _solved(atom: Atom, name: str) -> RealSet | None:
    """The numbers that fulfil one condition; None where it is neither linear nor an absolute value against a number."""
    for one, relation, other in (
        (atom.left, atom.relation, atom.right),
        (atom.right, FLIPPED[atom.relation], atom.left),
    ):
        if isinstance(one, Function) and one.name == "abs" and not other.symbols:
            return _absolute(one.arguments[0], relation, other, name)
    line = line_of(Sum((atom.left, Negative(atom.right))), name)
    if line is None:
        return None
    slope, start = line
    if sign_of(slope) == 0:
        return (ALL,) if _holds(sign_of(start), atom.relation) else ()
    root = divided(-start, slope)
    relation = atom.relation if sign_of(slope) > 0 else FLIPPED[atom.relation]
    closed = relation.endswith("=") and relation != "!="
    below, above = Interval(None, False, root, closed), Interval(root, closed, None, False)
    match relation:
        case "<" | "<=":
            return (below,)
        case ">" | ">=":
            return (above,)
        case "=":
            return (Interval(root, True, root, True),)
    return (below, above)


def _absolute(inside: Node, relation: str, size: Node, name: str) -> RealSet | None:
    upper, lower = Atom(inside, relation, size), Atom(inside, FLIPPED[relation], Negative(size))
    above, below = _solved(upper, name), _solved(lower, name)
    value = constant(size)
    if above is None or below is None or value is None:
        return None
    if relation in {"<", "<=", "!="}:
        return (ALL,) if relation == "!=" and sign_of(value) < 0 else intersection(above, below)
    if relation == "=" and sign_of(value) < 0:
        return ()
    return union((*above, *below))


def line_of(node: Node, name: str) -> tuple[Value, Value] | None:
    """Slope and value at 0 of a linear formula; None where it is none."""
    try:
        at = [value_at(node, {name: Fraction(x)}) for x in (0, 1)]
    except Undefined:
        return None
    slope, start = at[1] - at[0], at[0]
    try:
        for x in (Fraction(17, 7), Fraction(-31, 3), Fraction(1009, 11)):
            if sign_of(value_at(node, {name: x}) - (start + slope * x)) != 0:
                return None
    except Undefined:
        return None
    return slope, start


def _holds(sign: int, relation: str) -> bool:
    return {
        "<": sign < 0,
        ">": sign > 0,
        "<=": sign <= 0,
        ">=": sign >= 0,
        "=": sign == 0,
        "!=": sign != 0,
    }[relation]


def _same_clause(one: tuple[Atom, ...], other: tuple[Atom, ...]) -> bool:
    if len(one) != len(other):
        return False
    waiting = list(other)
    for atom in one:
        match = next((candidate for candidate in waiting if _same_atom(atom, candidate)), None)
        if match is None:
            return False
        waiting.remove(match)
    return True


def _same_atom(one: Atom, other: Atom) -> bool:
    left, right = _above_zero(one), _above_zero(other)
    if left[1] != right[1]:
        return False
    ratio = proportion(left[0], right[0])
    if ratio is None:
        return False
    return sign_of(ratio) > 0 or left[1] in {"=", "!="}


def _above_zero(atom: Atom) -> tuple[Node, str]:
    """The condition as ``f > 0``, ``f >= 0``, ``f = 0`` or ``f != 0``."""
    if atom.relation in {"<", "<="}:
        return Sum((atom.right, Negative(atom.left))), FLIPPED[atom.relation]
    return Sum((atom.left, Negative(atom.right))), atom.relation
