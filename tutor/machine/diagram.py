"""The table as a picture: the states and every way between them, in Mermaid's language."""

from __future__ import annotations

import re

from tutor.machine.machine import TutoringMachine
from tutor.machine.state import State

#: Rows of these ids may happen nearly everywhere; drawn from each state they would hide all others.
_ANYWHERE = {"A1", "A2", "A4", "A6", "39", "40", "42"}


def mermaid(machine: TutoringMachine) -> str:
    """A state diagram: one arrow for each pair of states, with the rows that lead along it."""
    ways: dict[tuple[str, str], set[str]] = {}
    for row, source, target in machine.arrows():
        if row not in _ANYWHERE:
            ways.setdefault((source, target), set()).add(row)
    order = {str(state): at for at, state in enumerate(State)}
    lines = ["stateDiagram-v2", f"    [*] --> {State.CREATED}"]
    for (source, target), rows in sorted(ways.items(), key=lambda way: (order[way[0][0]], order[way[0][1]])):
        lines.append(f"    {source} --> {target}: {', '.join(sorted(rows, key=_natural))}")
    lines.append(f"    {State.COMPLETED} --> [*]")
    return "\n".join(lines) + "\n"


def anywhere(machine: TutoringMachine) -> str:
    """The rows that the picture leaves out, as lines of Markdown: where they lead from and to."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for row, source, target in machine.arrows():
        if row in _ANYWHERE:
            sources, targets = found.setdefault(row, (set(), set()))
            sources.add(source)
            targets.add(target)
    order = {str(state): at for at, state in enumerate(State)}

    def named(states: set[str]) -> str:
        return ", ".join(f"`{state}`" for state in sorted(states, key=order.__getitem__))

    return "".join(
        f"- **{row}**: from {named(sources)} to {named(targets)}\n"
        for row, (sources, targets) in sorted(found.items(), key=lambda one: _natural(one[0]))
    )


def _natural(row: str) -> tuple[str, int]:
    letters, digits = re.fullmatch(r"([A-Z]*)(\d+)", row).groups()  # type: ignore[union-attr]
    return letters, int(digits)
