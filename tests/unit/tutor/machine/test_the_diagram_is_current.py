"""The picture in the documentation is the table."""

from __future__ import annotations

from tests.unit.tutor.machine.lesson import MACHINE
from tutor.machine import State, diagram
from tutor.management.commands.diagram import PAGE, drawn


def test_the_page_shows_the_table_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert drawn(page) == page, "run make diagram"


def test_every_state_and_every_arrow_is_drawn() -> None:
    drawing = diagram.mermaid(MACHINE) + diagram.anywhere(MACHINE)

    assert all(str(state) in drawing for state in State)
    assert {row for row, _, _ in MACHINE.arrows()} <= set(
        drawing.replace(",", " ").replace("*", " ").replace(":", " ").split()
    )
