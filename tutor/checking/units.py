"""The closed list of units and their exact sizes; ``read_unit`` is the grammar in front of it.

``unit = factor (("*" | "·" | " " | "/" | "per") factor)*`` · ``factor = name ("^"? exponent)?`` ·
Everything behind a ``/`` up to the next one is below it only for its own factor: ``m/s/s`` is m s^-2.
Sizes: BIPM, The International System of Units, 9th edition; the foot and pound of 1959.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from tutor.checking.malformed import MalformedAnswer

_PREFIXES = {
    "p": -12,
    "n": -9,
    "u": -6,
    "µ": -6,
    "μ": -6,
    "m": -3,
    "c": -2,
    "d": -1,
    "h": 2,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
}
_PREFIX_NAMES = {
    "pico": -12,
    "nano": -9,
    "micro": -6,
    "milli": -3,
    "centi": -2,
    "deci": -1,
    "hecto": 2,
    "kilo": 3,
    "mega": 6,
    "giga": 9,
    "tera": 12,
}


@dataclass(frozen=True)
class Unit:
    """A unit as powers of the base units times a size, plus an offset for temperatures of a scale."""

    dimension: tuple[tuple[str, int], ...]
    size: Fraction
    offset: Fraction = Fraction(0)

    def times(self, other: Unit, exponent: int) -> Unit:
        powers = dict(self.dimension)
        for base, power in other.dimension:
            powers[base] = powers.get(base, 0) + power * exponent
        dimension = tuple(sorted((base, power) for base, power in powers.items() if power))
        return Unit(dimension, self.size * other.size**exponent)


ONE = Unit((), Fraction(1))


def _unit(size: str | int | Fraction, **dimension: int) -> Unit:
    return Unit(tuple(sorted((base, power) for base, power in dimension.items() if power)), Fraction(size))


#: Units that take prefixes, by symbol; names beside it.
_PREFIXED: dict[str, tuple[Unit, tuple[str, ...]]] = {
    "m": (_unit(1, m=1), ("metre", "meter")),
    "g": (_unit("1/1000", kg=1), ("gram", "gramme")),
    "s": (_unit(1, s=1), ("second", "sec")),
    "A": (_unit(1, A=1), ("ampere", "amp")),
    "K": (_unit(1, K=1), ("kelvin",)),
    "mol": (_unit(1, mol=1), ("mole",)),
    "cd": (_unit(1, cd=1), ("candela",)),
    "N": (_unit(1, kg=1, m=1, s=-2), ("newton",)),
    "J": (_unit(1, kg=1, m=2, s=-2), ("joule",)),
    "W": (_unit(1, kg=1, m=2, s=-3), ("watt",)),
    "Pa": (_unit(1, kg=1, m=-1, s=-2), ("pascal",)),
    "Hz": (_unit(1, s=-1), ("hertz",)),
    "C": (_unit(1, A=1, s=1), ("coulomb",)),
    "V": (_unit(1, kg=1, m=2, s=-3, A=-1), ("volt",)),
    "Ω": (_unit(1, kg=1, m=2, s=-3, A=-2), ("ohm",)),
    "F": (_unit(1, kg=-1, m=-2, s=4, A=2), ("farad",)),
    "B": (_unit(8, bit=1), ("byte",)),
    "bit": (_unit(1, bit=1), ()),
    "T": (_unit(1, kg=1, s=-2, A=-1), ("tesla",)),
    "L": (_unit("1/1000", m=3), ("litre", "liter")),
    "l": (_unit("1/1000", m=3), ()),
    "eV": (_unit("1.602176634e-19", kg=1, m=2, s=-2), ("electronvolt",)),
    "cal": (_unit("4.184", kg=1, m=2, s=-2), ("calorie",)),
    "Wh": (_unit(3600, kg=1, m=2, s=-2), ("watthour",)),
    "bar": (_unit(100_000, kg=1, m=-1, s=-2), ()),
}
_PLAIN: dict[tuple[str, ...], Unit] = {
    ("min", "minute"): _unit(60, s=1),
    ("h", "hr", "hour"): _unit(3600, s=1),
    ("d", "day"): _unit(86_400, s=1),
    ("wk", "week"): _unit(604_800, s=1),
    ("yr", "year"): _unit(31_557_600, s=1),
    ("t", "tonne"): _unit(1000, kg=1),
    ("ha", "hectare"): _unit(10_000, m=2),
    ("in", "inch", "inches"): _unit("0.0254", m=1),
    ("ft", "foot", "feet"): _unit("0.3048", m=1),
    ("yd", "yard"): _unit("0.9144", m=1),
    ("mi", "mile"): _unit("1609.344", m=1),
    ("mph",): _unit("0.44704", m=1, s=-1),
    ("kph", "kmh"): _unit("5/18", m=1, s=-1),
    ("lb", "lbs", "pound"): _unit("0.45359237", kg=1),
    ("oz", "ounce"): _unit("0.028349523125", kg=1),
    ("gal", "gallon"): _unit("0.003785411784", m=3),
    ("cc",): _unit("1/1000000", m=3),
    ("atm",): _unit(101_325, kg=1, m=-1, s=-2),
    ("rad", "radian"): _unit(1, rad=1),
    ("°", "deg", "degree"): _unit("0.017453292519943295769", rad=1),
    ("rpm",): _unit("1/60", s=-1),
    ("%", "percent"): _unit("1/100"),
    ("$", "dollar", "usd"): _unit(1, dollar=1),
    ("¢", "cent"): _unit("1/100", dollar=1),
    ("€", "euro", "eur"): _unit(1, euro=1),
    ("£", "gbp"): _unit(1, sterling=1),
}
_SCALES: dict[tuple[str, ...], Unit] = {
    ("°C", "degC", "celsius"): Unit((("K", 1),), Fraction(1), Fraction("273.15")),
    ("°F", "degF", "fahrenheit"): Unit((("K", 1),), Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
}


def _table() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for symbol, (unit, names) in _PREFIXED.items():
        table[symbol] = unit
        for name in names:
            table[name] = table[f"{name}s"] = unit
        for prefix, power in _PREFIXES.items():
            table.setdefault(f"{prefix}{symbol}", Unit(unit.dimension, unit.size * Fraction(10) ** power))
        for prefix, power in _PREFIX_NAMES.items():
            for name in names:
                scaled = Unit(unit.dimension, unit.size * Fraction(10) ** power)
                table[f"{prefix}{name}"] = table[f"{prefix}{name}s"] = scaled
    for several, unit in (*_PLAIN.items(), *_SCALES.items()):
        for name in several:
            table[name] = unit
            if len(name) > 2:
                table[f"{name}s"] = unit
    for name in ("cm", "mm", "km", "kg"):
        table[f"{name}s"] = table[name]
    table["kilo"] = table["kilos"] = table["kg"]
    table["ohms"] = table["ohm"]
    return table


_TABLE = _table()
_SIGN = re.compile(r"\s*([*·⋅./()])\s*|\s+")
_FACTOR = re.compile(r"([A-Za-zµμΩ°$€£¢%]+)\s*(?:\^?\s*(?:\{\s*)?\(?\s*([-−]?[0-9])\s*\)?\s*\}?)?")
_WORDS = (
    # Metres per second without a gap; nobody means "per millisecond".
    (re.compile(r"\bms\s*\^?\s*\{?\s*[-−]\s*([12])\s*\}?"), r"m s^-\1"),
    (re.compile(r"(?<=[a-z])\s+(?:per|an|a|each|every)\s+"), "/"),
    (re.compile(r"\bper\b"), "/"),
    (re.compile(r"\b(?:square|sq\.?)\s+([A-Za-z]+)"), r"\1^2"),
    (re.compile(r"\b(?:cubic|cu\.?)\s+([A-Za-z]+)"), r"\1^3"),
    (re.compile(r"\b([A-Za-z]+)\s+squared\b"), r"\1^2"),
    (re.compile(r"\b([A-Za-z]+)\s+cubed\b"), r"\1^3"),
    (re.compile(r"°\s*(?=[CF]\b)"), "°"),
    (re.compile(r"\bdegrees?\s+(?=[CF]\b|[Cc]elsius|[Ff]ahrenheit)"), "°"),
    (re.compile(r"°[Cc]elsius"), "°C"),
    (re.compile(r"°[Ff]ahrenheit"), "°F"),
)


def read_unit(text: str) -> Unit:
    """The unit that ``text`` is. Raises ``MalformedAnswer`` for one that is not in the list."""
    text = text.strip()
    for pattern, plain in _WORDS:
        text = pattern.sub(plain, text)
    unit, below, at = ONE, False, 0
    scale: Unit | None = None
    while at < len(text):
        sign = _SIGN.match(text, at)
        if sign:
            if sign[1] == "/":
                below = True
            elif sign[1] == ")":
                below = False
            at = sign.end()
            continue
        found = _FACTOR.match(text, at)
        if found is None:
            raise _unknown(text)
        named = _named(found[1])
        if named is None:
            raise _unknown(found[1])
        exponent = int((found[2] or "1").replace("−", "-"))
        unit = unit.times(named, -exponent if below else exponent)
        scale = named if named.offset else scale
        # "m/s s" is m/s times s, "J/(kg K)" is not.
        below = below and "(" in text and text.rfind("(", 0, found.end()) > text.rfind(")", 0, found.end())
        at = found.end()
    return scale if scale is not None and unit.dimension == scale.dimension else unit


def _named(name: str) -> Unit | None:
    if name in _TABLE:
        return _TABLE[name]
    lower = name.lower()
    return _TABLE.get(lower) if len(name) > 2 or lower in {"kg", "km", "cm", "mm", "ml", "h"} else None


def _unknown(text: str) -> MalformedAnswer:
    return MalformedAnswer("unknown_unit", f"I do not know the unit {text[:20]!r}; please use one such as kg or km/h.")
