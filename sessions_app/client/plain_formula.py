"""Mathematics for a terminal: ``$\\frac{3x}{4} \\le 12$`` becomes ``3x/4 ≤ 12``. Readable, not exact typesetting."""

from __future__ import annotations

import re

_SYMBOLS = {
    "cdot": "·", "times": "×", "div": "÷", "pm": "±", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "neq": "≠",
    "ne": "≠", "approx": "≈", "to": "→", "Rightarrow": "⇒", "Leftrightarrow": "⇔", "infty": "∞", "pi": "π",
    "alpha": "α",
    "beta": "β", "theta": "θ", "degree": "°", "in": "∈", "quad": "  ", "qquad": "    ", "ldots": "…", "dots": "…",
    "left": "", "right": "", "displaystyle": "", "lt": "<", "gt": ">",
}  # fmt: skip
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(?!\s)([^$\n]+?)(?<!\s)\$(?!\d)|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_TEXT = re.compile(r"\\(?:text|mathrm|mathbf|operatorname)\s*\{([^{}]*)\}")
_SUPERSCRIPTS = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_POWER = re.compile(r"\^(?:\{([0-9n+-]+)\}|([0-9n]))")


def plain_formula(latex: str) -> str:
    """One formula as a line of text."""
    text = latex.strip()
    for pattern, write in ((_TEXT, r"\1"), (_FRACTION, _fraction), (_ROOT, _root)):
        # From the inside out; each pass removes a level of braces.
        for _ in range(10):
            replaced = pattern.sub(write, text)
            if replaced == text:
                break
            text = replaced
    text = _POWER.sub(lambda m: (m[1] or m[2]).translate(_SUPERSCRIPTS), text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: _SYMBOLS.get(m[1], m[1]), text)
    text = re.sub(r"\\[,;:! ]", " ", text).replace("\\{", "{").replace("\\}", "}")
    return re.sub(r"(?<!\\)[{}]", "", text).replace("\\\\", "; ").replace("&", "")


def plain_formulas(markdown: str) -> str:
    """Markdown whose formulas are text, with what Markdown would read as its own escaped."""

    def write(found: re.Match[str]) -> str:
        latex = next(group for group in found.groups() if group is not None)
        return re.sub(r"([*_`\[\]<>])", r"\\\1", plain_formula(latex))

    return _FORMULA.sub(write, markdown)


def _fraction(found: re.Match[str]) -> str:
    return f"{_grouped(found[1])}/{_grouped(found[2])}"


def _root(found: re.Match[str]) -> str:
    return f"√{_grouped(found[1])}"


def _grouped(part: str) -> str:
    part = part.strip()
    return part if re.fullmatch(r"\w+", part) else f"({part})"
