"""Bounds on what is read and computed for one answer. Checked before the work, never after it."""

from __future__ import annotations

from typing import Final

#: In characters.
MAX_CHARS: Final = 300
MAX_TOKENS: Final = 160
#: Brackets, functions, exponents and signs inside one another.
MAX_DEPTH: Final = 30
#: Of a whole number, and of each side of a decimal point.
MAX_DIGITS: Final = 30
#: Exponents of numbers, either sign.
MAX_EXPONENT: Final = 200
#: Of a power of numbers, above or below the fraction bar.
MAX_MAGNITUDE: Final = 10**60
#: Of a formula in all its unknowns together.
MAX_DEGREE: Final = 60
MAX_MATRIX_SIDE: Final = 6
#: Items of a list or set, and pieces of a solution set.
MAX_ITEMS: Final = 20
#: Bits of an exact value at one sample point; what grows beyond counts as undefined there.
MAX_EXACT_BITS: Final = 20_000
#: Binary exponent of an inexact value, either sign.
MAX_BINARY_EXPONENT: Final = 2_000
