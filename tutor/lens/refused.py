"""What a lens says to operations that do not fit its object."""

from __future__ import annotations


class Refused(ValueError):
    """The operations are not applied, none of them; the message says why, so that a model can put it right."""
