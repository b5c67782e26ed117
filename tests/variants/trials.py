"""Questions of every format with right answers by form class and wrong answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.unit.tutor.checking.answers import numerals, question, random_number, wrapped
from tests.variants import formulas
from tests.variants.formulas import STYLES, F, Style, differ, num, var, write
from tutor import course as content
from tutor.questions import QuestionInstance


@dataclass
class Trial:
    """One question with answers to it."""

    question: QuestionInstance
    #: By form class.
    right: dict[str, str] = field(default_factory=dict)
    #: By kind of mistake.
    wrong: dict[str, str] = field(default_factory=dict)


PLAIN = Style()


def _asked(kind: str, answer: str, **policy: Any) -> QuestionInstance:
    return question(content.Format(type=kind, **policy), answer)


def _plain(value: Fraction) -> str:
    return str(value)


def numbers(rng: random.Random) -> Trial:
    value = random_number(rng)
    trial = Trial(_asked("number", str(value), vars=["x"]))
    for form, numeral in numerals(value, rng).items():
        trial.right[form] = numeral
    wrapper, text = rng.choice(list(wrapped(rng.choice(list(numerals(value, rng).values())), rng).items()))
    # A sign in front is no sign in front of a sign: "+" and brackets are wrappers of their own.
    trial.right[f"wrapped: {wrapper}"] = text
    for name, other in {
        "sign": -value,
        "one more": value + 1,
        "ten times": value * 10,
        "upside down": 1 / value if value else value,
        "near": value + Fraction(1, 100),
    }.items():
        if other != value:
            trial.wrong[name] = rng.choice(list(numerals(other, rng).values()))
    # 1,234 may be 1.234 where its comma is a decimal comma: never accepted, but not what is asked here.
    return trial


def expressions(rng: random.Random) -> Trial:
    formula = rng.choice(formulas.KINDS)(rng)
    names = "xy"
    trial = Trial(_asked("expression", write(formula, PLAIN), vars=["x", "y"]))
    for name, style in STYLES.items():
        trial.right[f"written: {name}"] = write(formula, style)
    text = write(formula, rng.choice(list(STYLES.values())))
    trial.right["f(x) ="] = f"f(x) = {text}"
    trial.right["dollars"] = f"${text}$"
    trial.right["latex brackets"] = rf"\({text}\)"
    trial.right["sentence"] = f"The answer is {text}."
    trial.right["boxed"] = rf"\boxed{{{text}}}"
    trial.right["in brackets"] = f"({text})"
    for name, other in formulas.rewritings(formula, rng).items():
        if differ(formula, other, names) is False:
            trial.right[f"rewritten: {name}"] = write(other, rng.choice(list(STYLES.values())))
    for at in range(6):
        other = formulas.spoiled(formula, rng)
        if differ(formula, other, names):
            trial.wrong[f"spoiled {at}"] = write(other, rng.choice(list(STYLES.values())))
    return trial


def equations(rng: random.Random) -> Trial:
    right = rng.choice((formulas.linear, formulas.polynomial, formulas.rational))(rng)
    left = var("y")
    style = rng.choice(list(STYLES.values()))
    trial = Trial(_asked("equation", f"y = {write(right, PLAIN)}", vars=["x", "y"]))

    def both(a: F, b: F, sign: str = "=") -> str:
        return f"{write(a, style)} {sign} {write(b, style)}"

    k = rng.choice([2, 3, -1, -2, 10])
    trial.right["as asked"] = both(left, right)
    trial.right["sides changed"] = both(right, left)
    trial.right["times a number"] = both(F("*", (num(k), left)), F("*", (num(k), right)))
    trial.right["moved to one side"] = both(F("-", (left, right)), num(0))
    trial.right["number added"] = both(F("+", (left, num(k))), F("+", (right, num(k))))
    trial.right["right side alone"] = write(right, style)
    trial.right["dollars"] = f"${both(left, right)}$"
    if right.op == "/":
        trial.right["denominator cleared"] = both(F("*", (left, right.parts[1])), right.parts[0])
    for at in range(4):
        other = formulas.spoiled(right, rng)
        if differ(right, other, "x"):
            trial.wrong[f"spoiled {at}"] = rng.choice([both(left, other), both(other, left), write(other, style)])
    trial.wrong["other sign"] = both(F("neg", (left,)), right)
    trial.wrong["always true"] = both(left, left)
    return trial


_FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_SIGNS = {
    "<=": ["<=", "≤", r"\le ", r"\leq ", "=<"],
    ">=": [">=", "≥", r"\ge ", r"\geq "],
    "<": ["<", r"\lt "],
    ">": [">"],
}


def inequalities(rng: random.Random) -> Trial:
    relation = rng.choice(list(_FLIP))
    end = Fraction(rng.randrange(-12, 13), rng.choice([1, 1, 2, 5]))
    trial = Trial(_asked("inequality", f"x {relation} {end}", vars=["x"]))

    def said(r: str) -> str:
        return rng.choice(_SIGNS[r])

    k, n = rng.choice([2, 3, 5]), rng.choice([1, 4, -3])
    trial.right["as asked"] = f"x {said(relation)} {end}"
    trial.right["no spaces"] = f"x{relation}{end}"
    trial.right["sides changed"] = f"{end} {said(_FLIP[relation])} x"
    trial.right["multiplied"] = f"{k}x {said(relation)} {end * k}"
    trial.right["times negative"] = f"-{k}x {said(_FLIP[relation])} {-end * k}"
    trial.right["added"] = f"x + {abs(n)} {said(relation)} {end + abs(n)}"
    trial.right["both sides"] = f"{k + 1}x {said(relation)} {end} + {k}x"
    trial.right["dollars"] = f"$x {said(relation)} {end}$"
    open_, low, high, close = ("", "-∞", str(end), ")" if relation == "<" else "]")
    if relation.startswith(">"):
        low, high, close, open_ = str(end), "∞", ")", "(" if relation == ">" else "["
    trial.right["interval"] = f"{open_ or '('}{low}, {high}{close}"
    trial.wrong["turned round"] = f"x {said(_FLIP[relation])} {end}"
    trial.wrong["end point"] = f"x {said(relation)} {end + rng.choice([1, -1])}"
    other = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}[relation]
    trial.wrong["strictness"] = f"x {said(other)} {end}"
    trial.wrong["negative, not turned"] = f"-{k}x {said(relation)} {-end * k}"
    trial.wrong["equation"] = f"x = {end}"
    if end:
        trial.wrong["sign"] = f"x {said(relation)} {-end}"
    return trial


def between(rng: random.Random) -> Trial:
    low = rng.randrange(-9, 9)
    high = low + rng.randrange(1, 9)
    a, b = rng.choice(["<", "<="]), rng.choice(["<", "<="])
    trial = Trial(_asked("inequality", f"{low} {a} x {b} {high}", vars=["x"]))
    trial.right["chain"] = f"{low}{a}x{b}{high}"
    trial.right["chain turned"] = f"{high} {_FLIP[b]} x {_FLIP[a]} {low}"
    trial.right["and"] = f"x {_FLIP[a]} {low} and x {b} {high}"
    trial.right["comma"] = f"x {b} {high}, x {_FLIP[a]} {low}"
    trial.right["latex chain"] = rf"${low} {rng.choice(_SIGNS[a])} x {rng.choice(_SIGNS[b])} {high}$"
    trial.right["scaled chain"] = f"{2 * low} {a} 2x {b} {2 * high}"
    trial.wrong["or"] = f"x {_FLIP[a]} {low} or x {b} {high}"
    trial.wrong["one side only"] = f"x {b} {high}"
    trial.wrong["wrong end"] = f"{low - 1} {a} x {b} {high}"
    trial.wrong["strictness"] = f"{low} {'<=' if a == '<' else '<'} x {b} {high}"
    return trial


_INFINITY = ["∞", "inf", "oo", r"\infty", "infinity"]


def intervals(rng: random.Random) -> Trial:
    ends = sorted(rng.sample(range(-15, 16), 4))
    kinds = [rng.choice("(["), rng.choice(")]"), rng.choice("(["), rng.choice(")]")]
    unbounded = rng.random() < 0.4

    def piece(low: object, high: object, left: str, right: str, comma: str = ", ") -> str:
        return f"{left}{low}{comma}{high}{right}"

    infinity = rng.choice(_INFINITY)
    first = piece(ends[0], ends[1], kinds[0], kinds[1])
    second = piece(ends[2], "infinity" if unbounded else ends[3], kinds[2], ")" if unbounded else kinds[3])
    written = piece(ends[2], infinity if unbounded else ends[3], kinds[2], ")" if unbounded else kinds[3])
    trial = Trial(_asked("interval", f"{first} ∪ {second}"))
    trial.right["as asked"] = f"{first} ∪ {written}"
    trial.right["U"] = f"{first} U {written}"
    trial.right["cup"] = rf"${first} \cup {written}$"
    trial.right["or"] = f"{first} or {written}"
    trial.right["turned"] = f"{written} ∪ {first}"
    trial.right["no spaces"] = f"{first}∪{written}".replace(" ", "")
    trial.right["left right"] = (
        rf"\left{kinds[0]}{ends[0]}, {ends[1]}\right{kinds[1]} \cup \left{kinds[2]}{ends[2]}, "
        rf"{infinity if unbounded else ends[3]}\right{')' if unbounded else kinds[3]}"
    )
    trial.right["semicolons"] = f"{first} ∪ {written}".replace(",", ";")
    european = {"(": "]", ")": "["}
    trial.right["turned brackets"] = "".join(european.get(char, char) for char in f"{first} ∪ {written}")
    trial.right["x in"] = rf"x \in {first} \cup {written}"
    low, high = (">" if kinds[0] == "(" else ">="), ("<" if kinds[1] == ")" else "<=")
    last = "" if unbounded else f" and x {'<' if kinds[3] == ')' else '<='} {ends[3]}"
    trial.right["inequalities"] = (
        f"x {low} {ends[0]} and x {high} {ends[1]} or x {'>' if kinds[2] == '(' else '>='} {ends[2]}{last}"
    )
    trial.wrong["bracket"] = f"{'[' if kinds[0] == '(' else '('}{first[1:]} ∪ {written}"
    trial.wrong["one piece"] = first
    trial.wrong["hull"] = piece(ends[0], infinity if unbounded else ends[3], kinds[0], ")")
    trial.wrong["end point"] = f"{piece(ends[0] - 1, ends[1], kinds[0], kinds[1])} ∪ {written}"
    trial.wrong["sign"] = piece(-ends[1], -ends[0], "(", ")")
    return trial


def points(rng: random.Random) -> Trial:
    x, y = (Fraction(rng.randrange(-20, 20), rng.choice([1, 1, 1, 2, 3])) for _ in range(2))
    trial = Trial(_asked("point", f"({x}, {y})", vars=["x", "y"]))
    trial.right["as asked"] = f"({x}, {y})"
    trial.right["no spaces"] = f"({x},{y})"
    trial.right["semicolon"] = f"({x}; {y})"
    trial.right["bar"] = f"({x}|{y})"
    trial.right["no brackets"] = f"{x}, {y}"
    trial.right["named"] = f"x = {x}, y = {y}"
    trial.right["named and"] = f"y = {y} and x = {x}"
    trial.right["label"] = f"P({x}, {y})"
    trial.right["label ="] = f"A = ({x}, {y})"
    trial.right["latex"] = rf"$\left({x}, {y}\right)$"
    trial.right["unicode minus"] = f"({x}, {y})".replace("-", "−")
    if x != y:
        trial.wrong["changed places"] = f"({y}, {x})"
        trial.wrong["named the other way"] = f"x = {y}, y = {x}"
    trial.wrong["first"] = f"({x + 1}, {y})"
    trial.wrong["second"] = f"({x}; {y - 2})"
    trial.wrong["three"] = f"({x}, {y}, 0)"
    if x:
        trial.wrong["sign"] = f"({-x}, {y})"
    return trial


def sets(rng: random.Random) -> Trial:
    items = rng.sample(range(-12, 13), rng.choice([2, 3]))
    trial = Trial(_asked("set", "{" + ", ".join(map(str, items)) + "}", vars=["x"]))
    mixed = items[::-1]
    trial.right["as asked"] = "{" + ", ".join(map(str, items)) + "}"
    trial.right["turned"] = ", ".join(map(str, mixed))
    trial.right["or"] = " or ".join(f"x = {one}" for one in mixed)
    trial.right["and"] = " and ".join(map(str, items))
    trial.right["numbered"] = ", ".join(f"x_{at} = {one}" for at, one in enumerate(mixed, 1))
    trial.right["latex"] = r"$\{" + ", ".join(map(str, mixed)) + r"\}$"
    trial.right["x ="] = "x = " + ", ".join(map(str, items))
    trial.right["semicolons"] = "{" + "; ".join(map(str, mixed)) + "}"
    trial.right["L ="] = "L = {" + ", ".join(map(str, mixed)) + "}"
    trial.right["twice"] = ", ".join(map(str, [*items, items[0]]))
    trial.wrong["one missing"] = ", ".join(map(str, items[1:]))
    trial.wrong["one more"] = ", ".join(map(str, [*items, 99]))
    trial.wrong["one other"] = ", ".join(map(str, [*items[1:], items[0] + 50]))
    trial.wrong["none"] = "no solution"
    return trial


def roots(rng: random.Random) -> Trial:
    n = rng.randrange(1, 15)
    trial = Trial(_asked("set", f"{{{n}, {-n}}}", vars=["x"]))
    for name, text in {
        "plus minus": f"x = ±{n}",
        "pm": rf"\pm {n}",
        "+-": f"+-{n}",
        "+/-": f"x = +/- {n}",
        "both": f"-{n}, {n}",
    }.items():
        trial.right[f"±: {name}"] = text
    trial.wrong["one root"] = f"{n}"
    trial.wrong["other"] = f"±{n + 1}"
    return trial


def lists(rng: random.Random) -> Trial:
    items = rng.sample(range(-30, 60), rng.choice([3, 4, 5]))
    trial = Trial(_asked("list", ", ".join(map(str, items))))
    trial.right["commas"] = ", ".join(map(str, items))
    trial.right["no spaces"] = ",".join(map(str, items))
    trial.right["brackets"] = f"[{', '.join(map(str, items))}]"
    trial.right["round"] = f"({', '.join(map(str, items))})"
    trial.right["semicolons"] = "; ".join(map(str, items))
    trial.right["and"] = ", ".join(map(str, items[:-1])) + f" and {items[-1]}"
    trial.wrong["turned"] = ", ".join(map(str, items[::-1]))
    trial.wrong["two changed"] = ", ".join(map(str, [items[1], items[0], *items[2:]]))
    trial.wrong["one missing"] = ", ".join(map(str, items[:-1]))
    trial.wrong["one more"] = ", ".join(map(str, [*items, items[-1]]))
    return trial


def matrices(rng: random.Random) -> Trial:
    height, width = rng.choice([2, 3]), rng.choice([2, 3])
    rows = [[rng.randrange(-9, 10) for _ in range(width)] for _ in range(height)]

    def nested(of: list[list[int]]) -> str:
        return "[" + ", ".join("[" + ", ".join(map(str, row)) + "]" for row in of) + "]"

    def latex(of: list[list[int]], name: str) -> str:
        body = r" \\ ".join(" & ".join(map(str, row)) for row in of)
        return rf"\begin{{{name}}} {body} \end{{{name}}}"

    trial = Trial(_asked("matrix", nested(rows)))
    trial.right["nested"] = nested(rows)
    trial.right["no spaces"] = nested(rows).replace(" ", "")
    trial.right["round"] = nested(rows).replace("[", "(").replace("]", ")")
    for name in ("pmatrix", "bmatrix", "matrix"):
        trial.right[name] = latex(rows, name)
    trial.right["semicolons"] = "[" + "; ".join(", ".join(map(str, row)) for row in rows) + "]"
    trial.right["spaces"] = "; ".join(" ".join(map(str, row)) for row in rows)
    trial.right["lines"] = "\n".join(" ".join(map(str, row)) for row in rows)
    trial.right["named"] = f"A = {nested(rows)}"
    turned = [list(column) for column in zip(*rows, strict=True)]
    if turned != rows:
        trial.wrong["transposed"] = nested(turned)
    spoiled = [list(row) for row in rows]
    spoiled[rng.randrange(height)][rng.randrange(width)] += rng.choice([1, -1, 10])
    trial.wrong["one entry"] = rng.choice([nested(spoiled), latex(spoiled, "pmatrix")])
    trial.wrong["row missing"] = nested(rows[:-1])
    if rows[0] != rows[1]:
        trial.wrong["rows changed"] = nested([rows[1], rows[0], *rows[2:]])
    return trial


#: Unit, ways to write it, another unit with how many of it make one.
_UNITS: tuple[tuple[str, tuple[str, ...], str, Fraction], ...] = (
    ("m", ("m", "metres", "meters", r"\text{m}"), "cm", Fraction(100)),
    ("km", ("km", "kilometres", r"\mathrm{km}"), "m", Fraction(1000)),
    ("kg", ("kg", "kilograms"), "g", Fraction(1000)),
    ("s", ("s", "seconds", "sec"), "ms", Fraction(1000)),
    ("h", ("h", "hours", "hr"), "min", Fraction(60)),
    ("m/s", ("m/s", "m s^-1", "m·s⁻¹", "metres per second", r"\frac{m}{s}"), "km/h", Fraction(18, 5)),
    ("m^2", ("m^2", "m²", "square metres"), "cm^2", Fraction(10_000)),
    ("m/s^2", ("m/s^2", "m/s²", "m s^{-2}"), "cm/s^2", Fraction(100)),
    ("N", ("N", "newtons", "kg m/s^2"), "kN", Fraction(1, 1000)),
    ("J", ("J", "joules", "N m"), "kJ", Fraction(1, 1000)),
    ("L", ("L", "l", "litres"), "mL", Fraction(1000)),
    ("V", ("V", "volts"), "mV", Fraction(1000)),
    ("Hz", ("Hz", "hertz"), "kHz", Fraction(1, 1000)),
)


def quantities(rng: random.Random) -> Trial:
    unit, ways, other, factor = rng.choice(_UNITS)
    value = Fraction(rng.randrange(1, 400), rng.choice([1, 1, 2, 4, 5, 10]))
    decimal = f"{float(value):g}"
    trial = Trial(_asked("quantity", f"{decimal} {unit}"))
    way = rng.choice(ways)
    trial.right["as asked"] = f"{decimal} {unit}"
    trial.right["other name"] = f"{decimal} {way}"
    trial.right["no space"] = f"{decimal}{unit}"
    trial.right["other unit"] = f"{value * factor} {other}"
    trial.right["sentence"] = f"The answer is {decimal} {unit}."
    trial.right["letter"] = f"v = {decimal} {unit}"
    trial.right["latex gap"] = rf"{decimal}\,\mathrm{{{unit}}}" if unit.isalpha() else rf"{decimal}\, {unit}"
    trial.right["decimal comma"] = f"{decimal.replace('.', ',')} {unit}"
    trial.right["no unit"] = decimal
    trial.wrong["other unit, same number"] = f"{decimal} {other}"
    trial.wrong["value"] = f"{value + 1} {way}"
    trial.wrong["kind"] = f"{decimal} {'kg' if unit != 'kg' else 'm'}"
    trial.wrong["ten times"] = f"{value * 10} {unit}"
    trial.wrong["sign"] = f"-{decimal} {unit}"
    return trial


_WORDS = ("photosynthesis", "evaporation", "numerator", "adjective", "perimeter", "democracy", "metaphor", "equator")


def choices(rng: random.Random) -> Trial:
    texts = rng.sample(_WORDS, 4)
    options = [content.Choice(id=key, text=text) for key, text in zip("abcd", texts, strict=True)]
    at = rng.randrange(4)
    key, text = options[at].id, options[at].text
    trial = Trial(_asked("choice", key, choices=options))
    ordinal = ("first", "second", "third", "fourth")[at]
    for name, given in {
        "letter": key,
        "upper": key.upper(),
        "bracket": f"{key})",
        "option": f"option {key.upper()}",
        "ordinal": f"the {ordinal} one",
        "text": text,
        "text upper": text.upper(),
        "sentence": f"I think it's {key}",
        "letter and text": f"{key}) {text}",
        "slip": text[:-3] + text[-2] + text[-3] + text[-1],
    }.items():
        trial.right[name] = given
    other = options[(at + 1) % 4]
    trial.wrong.update({"letter": other.id, "text": other.text, "option": f"option {other.id}"})
    trial.wrong["two"] = f"{key}, {other.id}"
    return trial


def orders(rng: random.Random) -> Trial:
    texts = rng.sample(_WORDS, 4)
    options = [content.Choice(id=key, text=text) for key, text in zip("abcd", texts, strict=True)]
    ids = rng.sample("abcd", 4)
    names = [next(option.text for option in options if option.id == one) for one in ids]
    trial = Trial(_asked("order", ",".join(ids), choices=options))
    for name, given in {
        "commas": ",".join(ids),
        "spaces": " ".join(ids),
        "together": "".join(ids).upper(),
        "arrows": " -> ".join(ids),
        "greater": " > ".join(ids),
        "texts": ", ".join(names),
        "then": " then ".join(ids),
        "numbered": " ".join(f"{at}. {one}" for at, one in enumerate(ids, 1)),
    }.items():
        trial.right[name] = given
    trial.wrong.update(
        {"turned": ",".join(ids[::-1]), "two changed": ",".join([ids[1], ids[0], *ids[2:]]), "short": ",".join(ids[:3])}
    )
    return trial


def matches(rng: random.Random) -> Trial:
    texts, others = rng.sample(_WORDS, 3), ("plant", "water", "fraction")
    options = [content.Choice(id=key, text=text) for key, text in zip("abc", texts, strict=True)]
    targets = [content.Target(id=str(at + 1), text=text) for at, text in enumerate(others)]
    partner = rng.sample("123", 3)
    pairs = list(zip("abc", partner, strict=True))
    trial = Trial(_asked("match", ",".join(f"{a}:{b}" for a, b in pairs), choices=options, targets=targets))
    for name, given in {
        "hyphens": ", ".join(f"{a}-{b}" for a, b in pairs),
        "colons": "; ".join(f"{a}: {b}" for a, b in pairs),
        "arrows": ", ".join(f"{a} → {b}" for a, b in pairs[::-1]),
        "together": " ".join(f"{a.upper()}{b}" for a, b in pairs),
        "turned": ", ".join(f"{b}-{a}" for a, b in pairs),
        "texts": ", ".join(f"{texts['abc'.index(a)]} - {others[int(b) - 1]}" for a, b in pairs),
    }.items():
        trial.right[name] = given
    wrong = list(zip("abc", [*partner[1:], partner[0]], strict=True))
    trial.wrong["shifted"] = ", ".join(f"{a}-{b}" for a, b in wrong)
    trial.wrong["two changed"] = f"a-{partner[1]}, b-{partner[0]}, c-{partner[2]}"
    return trial


def short_texts(rng: random.Random) -> Trial:
    word, other = rng.sample(_WORDS, 2)
    trial = Trial(_asked("short_text", word))
    for name, given in {
        "word": word,
        "upper": word.upper(),
        "article": f"the {word}",
        "sentence": f"I think it is {word}.",
        "quotes": f'"{word}"',
        "slip": word[:-3] + word[-2] + word[-3] + word[-1],
        "letter missing": word[:3] + word[4:],
    }.items():
        trial.right[name] = given
    trial.wrong.update({"other": other, "denied": f"not {word}", "two": f"{other} or {word}"})
    return trial


FORMATS: dict[str, Callable[[random.Random], Trial]] = {
    "number": numbers,
    "expression": expressions,
    "equation": equations,
    "inequality": inequalities,
    "inequality between": between,
    "interval": intervals,
    "point": points,
    "set": sets,
    "set of roots": roots,
    "list": lists,
    "matrix": matrices,
    "quantity": quantities,
    "choice": choices,
    "order": orders,
    "match": matches,
    "short_text": short_texts,
}


def trials(rounds: int, seed: int = 6) -> Iterator[tuple[str, Trial]]:
    """So many questions of every format."""
    for at in range(rounds):
        for name, draw in FORMATS.items():
            yield name, draw(random.Random(f"{seed}:{name}:{at}"))
