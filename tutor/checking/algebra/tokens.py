r"""From a learner's text to tokens. LaTeX and Unicode signs become plain ones; every other character is an error.

``\frac``, ``\sqrt`` and ``\begin{matrix}`` stay commands for the grammar; braces stay braces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tutor.checking.algebra import limits
from tutor.checking.algebra.language import Language
from tutor.checking.algebra.names import COMMANDS, DROPPED, GREEK, GREEK_SIGNS, RELATIONS
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.normalisation import CLOSE, OPEN, unicode_plain


@dataclass(frozen=True)
class Token:
    """``kind``: number, name, command, relation, sign, or end."""

    kind: str
    text: str
    #: Whether white space stands in front.
    spaced: bool = False


_SIGNS = "+-*/^()[]{}|,;:&!%°±∪∈∅√∛∞'_"
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<dot>\.(?=\s|$))|"
    rf"(?P<relation><=|>=|=<|=>|!=|<>|==|[=<>≤≥≠⩽⩾≦≧])|(?P<word>[A-Za-z]+)|(?P<greek>[{''.join(GREEK_SIGNS)}])|"
    rf"\\(?P<command>[A-Za-z]+)\*?|(?P<break>\\\\)|(?P<gap>\\[,;:! ])|\\(?P<escaped>[{{}}|%])|"
    rf"(?P<sign>[{re.escape(_SIGNS)}{OPEN}{CLOSE}])"
)
_SCIENTIFIC = re.compile(r"(?<![A-Za-z0-9_.])([0-9]+(?:\.[0-9]+)?)[eE]([+-]?[0-9]{1,3})(?![A-Za-z0-9.])")
_THOUSANDS = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:(?:,[0-9]{3})+|(?: [0-9]{3})+)(?![0-9,])")
_DECIMAL_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_PLUS_MINUS = re.compile(r"\+\s?/\s?-|\+-(?=[0-9A-Za-z\\√(])")
_DEGREE = re.compile(r"\^\s*(?:\{\s*)?\\circ\s*\}?|\\degree(?![A-Za-z])")
_WORDS = re.compile(r"\\(?:text|textrm|mathrm|mathbf|mathit|operatorname|mbox|mathbb)\s*\{([^{}]*)\}")
_WRITTEN = str.maketrans(
    {"⟨": "(", "⟩": ")", "〈": "(", "〉": ")", "∣": "|", "｜": "|", "′": "'", "∨": " or ", "∧": " and "}
)


def tokens_of(text: str, language: Language) -> list[Token]:
    """The tokens of ``text``, ended by one of kind ``end``. Raises ``MalformedAnswer``."""
    if len(text) > limits.MAX_CHARS:
        raise MalformedAnswer("too_long", f"That is very long: an answer has at most {limits.MAX_CHARS} characters.")
    plain = _plain(text, language)
    found: list[Token] = []
    at, spaced = 0, False
    while at < len(plain):
        match = _TOKEN.match(plain, at)
        if match is None:
            raise MalformedAnswer(
                "unknown_sign", f"I cannot read the sign {plain[at]!r} here; please write the answer without it."
            )
        at = match.end()
        if match.lastgroup in {"space", "gap", "dot"}:
            spaced = True
            continue
        found += _tokens(match, spaced=spaced)
        spaced = False
        if len(found) > limits.MAX_TOKENS:
            raise MalformedAnswer("too_long", f"That has too many parts: at most {limits.MAX_TOKENS} can be read.")
    return [*found, Token("end", "")]


def _plain(text: str, language: Language) -> str:
    plain = unicode_plain(text).translate(_WRITTEN)
    plain = _WORDS.sub(r" \1 ", plain)
    plain = _DEGREE.sub("°", plain).replace("{,}", ",").replace("$", " ").replace("\\(", " ").replace("\\)", " ")
    plain = plain.replace("\\[", " ").replace("\\]", " ").replace("**", "^").replace("~", " ")
    plain = _PLUS_MINUS.sub("±", plain)
    if language.scientific:
        plain = _SCIENTIFIC.sub(r"\1*10^(\2)", plain)
    if language.comma_in_numbers or (language.semicolon_separates and ";" in plain):
        if not language.decimal_comma:
            plain = _THOUSANDS.sub(lambda found: found[0].replace(",", "").replace(" ", ""), plain)
        plain = _DECIMAL_COMMA.sub(".", plain)
    return plain


def _tokens(match: re.Match[str], *, spaced: bool) -> list[Token]:
    kind, text = match.lastgroup or "", match[match.lastgroup or 0]
    if kind == "number":
        if any(len(side) > limits.MAX_DIGITS for side in text.split(".")):
            raise MalformedAnswer(
                "too_large", f"That number has more than {limits.MAX_DIGITS} digits; please check it."
            )
        return [Token("number", text, spaced)]
    if kind == "relation":
        return [Token("relation", RELATIONS[text], spaced)]
    if kind == "greek":
        return [Token("name", GREEK_SIGNS[text], spaced)]
    if kind == "command":
        return _command(text, spaced=spaced)
    if kind == "break":
        return [Token("sign", ";", spaced)]
    if kind == "escaped":
        return [Token("sign", text, spaced)]
    if kind == "word":
        return [Token("name", text, spaced)]
    if text == "∞":
        return [Token("name", "infinity", spaced)]
    return [Token("sign", text, spaced)]


def _command(name: str, *, spaced: bool) -> list[Token]:
    if name in DROPPED:
        return []
    if name in COMMANDS:
        plain = COMMANDS[name]
        if plain in RELATIONS:
            return [Token("relation", plain, spaced)]
        return [Token("name" if plain.isalpha() else "sign", plain, spaced)]
    if name.removeprefix("var") in GREEK:
        return [Token("name", name.removeprefix("var"), spaced)]
    if name in {"frac", "dfrac", "tfrac", "cfrac"}:
        return [Token("command", "frac", spaced)]
    return [Token("command" if name in {"sqrt", "begin", "end"} else "name", name, spaced)]
