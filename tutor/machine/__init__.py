"""The pure tutoring machine: what a lesson does next (tutoring §2).

``TutoringMachine`` runs on ``tutor.statem``. The table is declared row by row in the modules of this package, one per
group of states; ``table`` says how a row is found.
"""

from __future__ import annotations

from tutor.machine.machine import TutoringMachine
from tutor.machine.state import State

__all__ = ["State", "TutoringMachine"]
