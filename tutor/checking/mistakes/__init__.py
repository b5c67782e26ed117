"""Errors of algebra and arithmetic that the project knows by itself, without a word of the course's author.

Each rule turns what the question asks to work on into what its error makes of it; an answer equal to that, and not to
the right answer, shows the error. ``library`` says how each is treated. A new rule is a function in ``rules`` or
``equations`` and an entry in ``library``.
"""

from tutor.checking.mistakes.library import LIBRARY
from tutor.checking.mistakes.recognition import recognised

__all__ = ["LIBRARY", "recognised"]
