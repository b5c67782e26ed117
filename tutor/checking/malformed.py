"""An answer that cannot be read: never wrong, only not readable."""

from __future__ import annotations


class MalformedAnswer(ValueError):
    """The answer is not in the format's language. ``message`` is for the learner: plain words and an example."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
