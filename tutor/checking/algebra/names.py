"""The closed table of what a name in a formula can mean."""

from __future__ import annotations

#: As written: the function. Each takes one argument; ``root`` and ``log`` may take two.
FUNCTIONS: dict[str, str] = {
    **{name: name for name in ("sqrt", "cbrt", "root", "abs", "exp", "ln", "log")},
    **{name: name for name in ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh")},
    **{f"{prefix}{name}": f"arc{name}" for prefix in ("arc", "a") for name in ("sin", "cos", "tan")},
    "lg": "lg",
    "cosec": "csc",
}
INVERSE = {"sin": "arcsin", "cos": "arccos", "tan": "arctan"}

CONSTANTS: dict[str, str] = {
    "pi": "pi",
    "e": "e",
    **dict.fromkeys(("infinity", "infty", "oo", "inf"), "infinity"),
}

_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon"
GREEK = frozenset(f"{_GREEK} phi chi psi omega".split())
#: Letters as signs; the final sigma and the variants are the letter itself.
GREEK_SIGNS: dict[str, str] = {
    **dict(zip("αβγδεζηθικλμνξοπρστυφχψω", f"{_GREEK} phi chi psi omega".split(), strict=True)),
    "ϑ": "theta",
    "ϕ": "phi",
    "ς": "sigma",
}

RELATIONS: dict[str, str] = {
    **{sign: sign for sign in ("=", "<", ">", "<=", ">=", "!=")},
    "==": "=",
    "=<": "<=",
    "=>": ">=",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "<>": "!=",
    "⩽": "<=",
    "⩾": ">=",
    "≦": "<=",
    "≧": ">=",
}
#: LaTeX commands that are signs.
COMMANDS: dict[str, str] = {
    **dict.fromkeys(("cdot", "times", "ast"), "*"),
    "div": "/",
    **dict.fromkeys(("le", "leq", "leqslant"), "<="),
    **dict.fromkeys(("ge", "geq", "geqslant"), ">="),
    **dict.fromkeys(("ne", "neq"), "!="),
    "lt": "<",
    "gt": ">",
    "pm": "±",
    "cup": "∪",
    "in": "∈",
    "infty": "infinity",
    **dict.fromkeys(("emptyset", "varnothing"), "∅"),
    "lbrace": "{",
    "rbrace": "}",
    "lbrack": "[",
    "rbrack": "]",
    "lparen": "(",
    "rparen": ")",
    **dict.fromkeys(("vert", "lvert", "rvert", "mid"), "|"),
    **dict.fromkeys(("land", "wedge"), "and"),
    **dict.fromkeys(("lor", "vee"), "or"),
}
#: LaTeX commands without meaning for a value.
DROPPED = frozenset(
    {
        *("left", "right", "displaystyle", "textstyle", "quad", "qquad", "limits", "nolimits", "thinspace"),
        *("big", "Big", "bigl", "bigr", "Bigl", "Bigr", "boxed", "bf", "rm"),
        *("text", "textrm", "mbox", "mathrm", "mathbf", "mathit", "mathbb", "operatorname"),
    }
)
