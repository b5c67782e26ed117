"""Random formulas, what they are worth, and the many ways in which people write them."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class F:
    """A formula: ``op`` is num, var, +, -, *, /, ^, neg or a function; numbers are whole."""

    op: str
    parts: tuple[F, ...] = ()
    value: int = 0
    name: str = ""


def num(value: int) -> F:
    return F("num", value=value) if value >= 0 else F("neg", (F("num", value=-value),))


def var(name: str) -> F:
    return F("var", name=name)


def at(formula: F, point: dict[str, float]) -> float:
    """Its value; raises ``ValueError`` or ``ZeroDivisionError`` where it has none."""
    if formula.op == "num":
        return float(formula.value)
    if formula.op == "var":
        return math.pi if formula.name == "pi" else point[formula.name]
    values = [at(part, point) for part in formula.parts]
    match formula.op:
        case "+":
            return math.fsum(values)
        case "-":
            return values[0] - values[1]
        case "*":
            return math.prod(values)
        case "/":
            return values[0] / values[1]
        case "^":
            found = values[0] ** values[1]
            if isinstance(found, complex):
                raise ValueError
            return float(found)
        case "neg":
            return -values[0]
    functions: dict[str, Callable[[float], float]] = {"ln": math.log, "abs": abs}
    functions |= {"sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "exp": math.exp}
    return functions[formula.op](values[0])


def differ(one: F, other: F, names: str) -> bool | None:
    """Whether two formulas certainly have different values somewhere; None where that cannot be told."""
    rng = random.Random(5)
    compared = 0
    for _ in range(30):
        point = {name: rng.uniform(0.2, 4.0) * rng.choice((1, 1, -1)) for name in names}
        try:
            a, b = at(one, point), at(other, point)
        except (ValueError, ZeroDivisionError, OverflowError):
            continue
        compared += 1
        if abs(a - b) > 1e-6 * max(1.0, abs(a), abs(b)):
            return True
    return False if compared >= 6 else None


# --- drawing ------------------------------------------------------------------------------------------------------


def linear(rng: random.Random, name: str = "x") -> F:
    a, b = rng.choice([-7, -5, -4, -3, -2, 2, 3, 4, 5, 7, 9]), rng.choice([-11, -6, -5, -1, 1, 2, 3, 8, 12])
    return F("+", (F("*", (num(a), var(name))), num(b)))


def polynomial(rng: random.Random, name: str = "x") -> F:
    terms = []
    for degree in range(rng.randrange(2, 4), -1, -1):
        coefficient = rng.choice([-6, -4, -3, -2, 0, 2, 3, 5, 8]) if degree else rng.choice([-9, -4, -1, 1, 5, 7])
        if coefficient:
            power = [] if not degree else [var(name)] if degree == 1 else [F("^", (var(name), num(degree)))]
            terms.append(F("*", (num(coefficient), *power)) if power else num(coefficient))
    return terms[0] if len(terms) == 1 else F("+", tuple(terms))


def factored(rng: random.Random) -> F:
    roots = [rng.choice([-5, -4, -3, -2, -1, 1, 2, 3, 6]) for _ in range(2)]
    brackets = tuple(F("+", (var("x"), num(-root))) for root in roots)
    return F("*", (num(rng.choice([2, 3, 4, 5])), *brackets))


def rational(rng: random.Random) -> F:
    top, bottom = linear(rng), F("+", (var("x"), num(rng.choice([-4, -3, 2, 5]))))
    return F("/", (top, bottom))


def surd(rng: random.Random) -> F:
    root = F("sqrt", (num(rng.choice([2, 3, 5, 7, 11])),))
    kind = rng.randrange(3)
    if kind == 0:
        return F("*", (num(rng.choice([2, 3, 5])), root))
    if kind == 1:
        return F("/", (root, num(rng.choice([2, 3, 4]))))
    return F("+", (num(rng.choice([1, 2, -3])), root))


def transcendental(rng: random.Random) -> F:
    inner = F("*", (num(rng.choice([2, 3])), var("x")))
    function = F(rng.choice(["sin", "cos", "exp"]), (inner,))
    return F("+", (F("*", (num(rng.choice([2, 4, 5])), function)), num(rng.choice([-1, 3]))))


def two_unknowns(rng: random.Random) -> F:
    xy = F("*", (num(rng.choice([2, 3, -4])), var("x"), var("y")))
    return F("+", (xy, F("*", (num(rng.choice([-2, 5])), F("^", (var("y"), num(2))))), num(rng.choice([1, -6]))))


def logarithm(rng: random.Random) -> F:
    inner = F("+", (F("*", (num(rng.choice([2, 3])), var("x"))), num(rng.choice([1, 4]))))
    return F("+", (F("*", (num(rng.choice([2, 3])), F("ln", (inner,)))), num(rng.choice([-2, 5]))))


def absolute(rng: random.Random) -> F:
    inner = F("+", (var("x"), num(rng.choice([-4, -1, 2, 3]))))
    return F("+", (F("*", (num(rng.choice([2, 3])), F("abs", (inner,)))), num(rng.choice([-7, 1]))))


def circle(rng: random.Random) -> F:
    power = F("^", (var("x"), num(2)))
    return F("*", (num(rng.choice([2, 3, 4])), var("pi"), rng.choice([power, var("x")])))


def root(rng: random.Random) -> F:
    inner = F("+", (var("x"), num(rng.choice([1, 3, 6]))))
    return F("+", (F("*", (num(rng.choice([2, 5])), F("sqrt", (inner,)))), num(rng.choice([-1, 4]))))


KINDS = (logarithm, absolute, circle, root, linear, polynomial, factored, rational, surd, transcendental, two_unknowns)

# --- writing ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Style:
    """One person's way of writing."""

    times: str = "*"
    power: str = "^"
    latex: bool = False
    left_right: bool = False
    superscripts: bool = False
    minus: str = "-"
    gap: str = " "
    braces: bool = False


def write(formula: F, style: Style) -> str:
    return _sum(formula, style)


def _sum(f: F, s: Style) -> str:
    if f.op == "-":
        f = F("+", (f.parts[0], F("neg", (f.parts[1],))))
    if f.op != "+":
        return _term(f, s)
    text = _term(f.parts[0], s)
    for part in f.parts[1:]:
        negative, rest = _sign(part)
        text += f"{s.gap}{s.minus if negative else '+'}{s.gap}{_term(rest, s)}"
    return text


def _sign(f: F) -> tuple[bool, F]:
    if f.op == "neg":
        return True, f.parts[0]
    if f.op == "*" and f.parts[0].op == "neg":
        return True, F("*", (f.parts[0].parts[0], *f.parts[1:]))
    return False, f


def _term(f: F, s: Style) -> str:
    if f.op == "neg":
        return f"{s.minus}{_factor(f.parts[0], s)}"
    if f.op == "*":
        text = _factor(f.parts[0], s) if f.parts[0].op != "neg" else _term(f.parts[0], s)
        for part in f.parts[1:]:
            written = _factor(part, s)
            joined = s.times
            named = text[-1:].isalpha() and written[0].isalpha() and len(written) > 2
            if not joined.strip() and (written[0].isdigit() or named):
                joined = r" \cdot " if s.latex else "*"
            text += f"{joined}{written}"
        return text
    if f.op == "/":
        if s.latex:
            return rf"\frac{{{_sum(f.parts[0], s)}}}{{{_sum(f.parts[1], s)}}}"
        return f"{_factor(f.parts[0], s)}/{_factor(f.parts[1], s)}"
    return _factor(f, s)


def _factor(f: F, s: Style) -> str:
    match f.op:
        case "num":
            return str(f.value)
        case "var":
            return f.name if f.name != "pi" else r"\pi " if s.latex else "π" if s.superscripts else "pi"
        case "^":
            return _power(f, s)
        case "sqrt" | "sin" | "cos" | "ln" | "exp" | "abs":
            return _function(f, s)
        case "/" if s.latex:
            return _term(f, s)
    inner = _sum(f, s)
    return rf"\left({inner}\right)" if s.left_right else f"({inner})"


def _power(f: F, s: Style) -> str:
    base = _factor(f.parts[0], s)
    exponent = _sum(f.parts[1], s)
    if s.superscripts and re.fullmatch(r"-?[0-9]+", exponent.replace("−", "-")):
        return base + exponent.replace("−", "-").translate(SUPERSCRIPTS)
    if s.latex:
        return f"{base}^{{{exponent}}}"
    return f"{base}{s.power}{exponent}" if exponent.isalnum() else f"{base}{s.power}({exponent})"


def _function(f: F, s: Style) -> str:
    inner = _sum(f.parts[0], s)
    if f.op == "abs":
        return rf"\left|{inner}\right|" if s.latex else f"|{inner}|"
    if s.latex:
        if f.op == "sqrt":
            return rf"\sqrt{{{inner}}}"
        return f"e^{{{inner}}}" if f.op == "exp" else rf"\{f.op}\left({inner}\right)"
    if f.op == "sqrt" and s.superscripts:
        return f"√{inner}" if inner.isalnum() else f"√({inner})"
    return f"{f.op}({inner})"


STYLES: dict[str, Style] = {
    "plain": Style(),
    "no spaces": Style(gap=""),
    "implicit product": Style(times="", gap=""),
    "implicit, spaced": Style(times=""),
    "dot product": Style(times="·"),
    "cross product": Style(times=" × "),
    "python power": Style(power="**"),
    "unicode": Style(times="", superscripts=True, minus="−"),
    "latex": Style(times=" ", latex=True),
    "latex cdot": Style(times=r" \cdot ", latex=True, left_right=True),
    "latex times": Style(times=r"\times ", latex=True),
}


# --- rewriting: the same value ------------------------------------------------------------------------------------


def rewritings(f: F, rng: random.Random) -> dict[str, F]:
    """Formulas of the same value, by the kind of rewriting."""
    found: dict[str, F] = {}
    if f.op in {"+", "*"} and len(f.parts) > 1:
        parts = list(f.parts)
        rng.shuffle(parts)
        found["reordered"] = F(f.op, tuple(parts))
    if f.op == "+":
        at_ = rng.randrange(len(f.parts))
        n = rng.choice([1, 2, 3])
        found["split term"] = F("+", (*f.parts[:at_], *f.parts[at_ + 1 :], _plus(f.parts[at_], -n), num(n)))
        found["negated bracket"] = F("neg", (F("+", tuple(_negated(part) for part in f.parts)),))
        grouped = F("+", f.parts[:-1]) if len(f.parts) > 2 else f.parts[0]
        found["grouped"] = F("-", (grouped, _negated(f.parts[-1])))
    k = rng.choice([2, 3, 5])
    found["times and divided"] = F("/", (F("*", (num(k), f)), num(k)))
    found["distributed"] = _distributed(f)
    found["reciprocal"] = _reciprocal(f)
    found["roots as powers"] = _powers(f)
    return {name: one for name, one in found.items() if one != f}


def _plus(f: F, n: int) -> F:
    return F("+", (f, num(n)))


def _negated(f: F) -> F:
    negative, rest = _sign(f)
    return rest if negative else F("neg", (f,))


def _distributed(f: F) -> F:
    parts = tuple(_distributed(part) for part in f.parts)
    f = F(f.op, parts, f.value, f.name)
    if f.op == "*" and any(part.op == "+" for part in parts):
        first = next(part for part in parts if part.op == "+")
        rest = list(parts)
        rest.remove(first)
        return F("+", tuple(F("*", (*rest, term)) for term in first.parts))
    if f.op == "/" and parts[0].op == "+":
        return F("+", tuple(F("/", (term, parts[1])) for term in parts[0].parts))
    return f


def _reciprocal(f: F) -> F:
    if f.op == "/":
        return F("*", (F("/", (num(1), f.parts[1])), f.parts[0]))
    return F(f.op, tuple(_reciprocal(part) for part in f.parts), f.value, f.name)


def _powers(f: F) -> F:
    parts = tuple(_powers(part) for part in f.parts)
    if f.op == "sqrt":
        return F("^", (parts[0], F("/", (num(1), num(2)))))
    if f.op == "/":
        return F("*", (parts[0], F("^", (parts[1], num(-1)))))
    return F(f.op, parts, f.value, f.name)


# --- spoiling: another value --------------------------------------------------------------------------------------


def spoiled(f: F, rng: random.Random) -> F:
    """The formula with one thing changed; whether that changes its value is for ``differ`` to say."""
    if f.op == "num":
        return num(rng.choice([f.value + 1, f.value - 1, f.value + 10, f.value * 10, f.value * 2, -f.value]))
    if f.op == "var" and f.name != "pi":
        return rng.choice([F("^", (f, num(2))), num(1), F("neg", (f,)), F("+", (f, num(1)))])
    if not f.parts:
        return f
    if f.op == "+" and rng.random() < 0.25:
        drop = rng.randrange(len(f.parts))
        kept = f.parts[:drop] + f.parts[drop + 1 :]
        return kept[0] if len(kept) == 1 else F("+", kept)
    if f.op == "/" and rng.random() < 0.2:
        return F("/", (f.parts[1], f.parts[0]))
    if f.op in {"sin", "cos", "exp", "sqrt"} and rng.random() < 0.3:
        return F({"sin": "cos", "cos": "sin", "exp": "sin", "sqrt": "neg"}[f.op], f.parts)
    if rng.random() < 0.15:
        return F("neg", (f,))
    place = rng.randrange(len(f.parts))
    parts = (*f.parts[:place], spoiled(f.parts[place], rng), *f.parts[place + 1 :])
    return F(f.op, parts, f.value, f.name)
