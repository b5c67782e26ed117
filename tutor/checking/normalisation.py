r"""One way to write each sign: what a learner's keyboard, phone or formula editor sends, as plain ASCII arithmetic.

``−`` ``–`` become ``-``, ``×`` ``\cdot`` become ``*``, ``½`` becomes `` 1/2``, ``²`` becomes ``^2``, ``\frac{7}{2}``
becomes a fraction between two private marks (see ``FRACTION``), ``$…$`` and ``\left \right \,`` go.
"""

from __future__ import annotations

import re
import unicodedata

#: Marks around a fraction that was written as one sign or one command: ``3½`` is a mixed number, ``3(1/2)`` a product.
OPEN, CLOSE = "\ue000", "\ue001"
FRACTION = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")

#: One sign may become so many at most: some stand for a whole sentence and would make a short text long.
MAX_EXPANSION = 3

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("−‐‑‒–—―﹣－➖", "-"),
        **dict.fromkeys("×·⋅∙✕✖•", "*"),
        **dict.fromkeys("÷⁄∕", "/"),
        **dict.fromkeys("’‘ʼ`´", "'"),
        **dict.fromkeys("\u00a0\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\n\r", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u2061\u2062\u2063\u2064", None),
    }
)
_SUPERSCRIPT = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))
_SUPERSCRIPTS = re.compile(f"[{''.join(_SUPERSCRIPT)}]+")
_COMMANDS = {"cdot": "*", "times": "*", "div": "/", "ast": "*", "colon": ":", "lbrace": "{", "rbrace": "}"}
_DROPPED = {"left", "right", "displaystyle", "quad", "qquad", "limits", "big", "Big", "bigl", "bigr", "thinspace"}
_WRAPPERS = re.compile(r"\\(?:boxed|text|mathrm|mathbf|textbf|mathit|operatorname|mbox)\s*\{([^{}]*)\}")
_FRAC_BRACES = re.compile(r"\\[dtc]?frac\s*\{([^{}]{0,60})\}\s*\{([^{}]{0,60})\}")
_FRAC_DIGITS = re.compile(r"\\[dtc]?frac\s*([0-9])\s*([0-9])")
_FRAC_MIXED = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]{0,60})\}\s*([0-9])|([0-9])\s*\{([^{}]{0,60})\})")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_OVER = re.compile(r"\{\s*([^{}]{1,60}?)\s*\\over\s*([^{}]{1,60}?)\s*\}")
_SPACES = re.compile(r" {2,}")


def unicode_plain(text: str) -> str:
    """Every sign in its plain form; digits of any script as ASCII digits. Letters and case stay."""
    text = text.translate(_SIGNS)
    if text.isascii() and OPEN not in text and CLOSE not in text:
        return text  # nearly every answer and every text of a course
    pieces: list[str] = []
    for found in re.split(f"([{''.join(_SUPERSCRIPT)}]+)", text):
        if _SUPERSCRIPTS.fullmatch(found):
            pieces.append("^" + "".join(_SUPERSCRIPT[char] for char in found))
            continue
        for char in found:
            if unicodedata.category(char) == "No":
                compatible = unicodedata.normalize("NFKC", char).translate(_SIGNS)
                pieces.append(f"{OPEN}{compatible}{CLOSE}" if "/" in compatible else compatible)
            elif (digit := unicodedata.decimal(char, None)) is not None:
                pieces.append(str(digit))
            elif char not in (OPEN, CLOSE):
                compatible = unicodedata.normalize("NFKC", char).translate(_SIGNS)
                pieces.append(compatible if len(compatible) <= MAX_EXPANSION else char)
    return unicodedata.normalize("NFC", "".join(pieces))


def mathematics(text: str) -> str:
    """A learner's formula, typed or in LaTeX, as plain signs. Fractions of LaTeX stand between the marks."""
    text = unicode_plain(text).strip()
    for _ in range(3):
        text = _WRAPPERS.sub(r" \1 ", text)
    text = text.replace("{,}", ",")
    text = _OVER.sub(_fraction, text)
    # A row of commands that each turn into little: four passes undo any nesting an answer needs.
    for _ in range(4):
        replaced = _FRAC_BRACES.sub(_fraction, text)
        replaced = _FRAC_DIGITS.sub(_fraction, replaced)
        replaced = _FRAC_MIXED.sub(_fraction, replaced)
        if replaced == text:
            break
        text = replaced
    text = _COMMAND.sub(_command, text)
    text = re.sub(r"\\[,;:! ()\[\]]", " ", text).replace("\\%", "%").replace("\\$", "$")
    text = text.replace("$", " ")
    return _SPACES.sub(" ", text).strip()


def _fraction(found: re.Match[str]) -> str:
    top, bottom = (group.strip() for group in found.groups() if group is not None)
    if OPEN in top or OPEN in bottom:
        top, bottom = (FRACTION.sub(r"(\1)", part) for part in (top, bottom))
    return f"{OPEN}{_grouped(top)}/{_grouped(bottom)}{CLOSE}"


def _grouped(part: str) -> str:
    return part if re.fullmatch(r"[0-9.,]+|-[0-9.,]+", part) else f"({part})"


def _command(found: re.Match[str]) -> str:
    name = found[1]
    if name in _COMMANDS:
        return _COMMANDS[name]
    return " " if name in _DROPPED else found[0]
