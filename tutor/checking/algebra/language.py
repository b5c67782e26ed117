"""What a formula may name and how its signs are read: from the question, never from the answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """One question's way of reading formulas."""

    #: The unknowns that may occur.
    symbols: frozenset[str] = frozenset()
    #: Any other single letter may occur too: what a course's author writes.
    open: bool = False
    #: A comma between digits is part of a number; otherwise it separates.
    comma_in_numbers: bool = True
    #: A semicolon shows that commas belong to numbers, as in ``(1,5; 2)``; not so where it separates rows.
    semicolon_separates: bool = True
    #: ``1,234`` is 1.234 rather than 1234.
    decimal_comma: bool = False
    #: ``2e3`` is 2000; not so where the question is about the number e.
    scientific: bool = True
    #: What ``log`` without a base means: ``10``, ``e`` or ``2``.
    log_base: str = "10"
    #: ``1/2x`` is 1/(2x) rather than (1/2)x, and ``e^2x`` is e^(2x).
    tight: bool = False

    def allows(self, name: str) -> bool:
        return self.open or name in self.symbols
