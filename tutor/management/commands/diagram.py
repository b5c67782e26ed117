"""``manage.py diagram``: draw the state machine for the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tutor.course_format import read
from tutor.machine import TutoringMachine, diagram
from tutor.management.commands.course import COURSES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "machine.md"
_BEGIN, _END = "<!-- drawn from the table by `make diagram` -->\n", "<!-- end of what is drawn -->\n"


def drawn(page: str) -> str:
    """The page with its picture drawn anew."""
    machine = TutoringMachine(read(COURSES / "linear-equations").course)
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    picture = f"```mermaid\n{diagram.mermaid(machine)}```\n\nPossible in many states:\n\n{diagram.anywhere(machine)}"
    return f"{before}{_BEGIN}\n{picture}\n{_END}{after}"


class Command(BaseCommand):
    help = "Draw the state machine in docs/machine.md from its table."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail where the page is not current; write nothing")

    def handle(self, *_args: Any, check: bool, **_options: Any) -> None:
        page = PAGE.read_text(encoding="utf-8")
        current = drawn(page)
        if check and current != page:
            self.stderr.write("docs/machine.md is not current: run make diagram")
            raise SystemExit(1)
        PAGE.write_text(current, encoding="utf-8")
