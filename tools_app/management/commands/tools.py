"""``manage.py tools``: which tools there are, and what they take and return."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tools_app import registry
from tools_app.exceptions import UnknownTool
from tools_app.registry import Tool


class Command(BaseCommand):
    help = "List the tools that workers here can run; with a name, everything about one."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="one tool, with its schemas")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        names = registry.names() if options["name"] is None else [options["name"]]
        try:
            found = [about(name) for name in names]
        except UnknownTool as error:
            raise CommandError(str(error)) from None
        if options["json"] or options["name"] is not None:
            self.stdout.write(json.dumps(found if options["name"] is None else found[0], indent=2))
            return
        for one in found:
            self.stdout.write(f"{one['name']:<20} {one['runs']:<9} {one['timeout_s']:>4g} s  {one['about']}")


def about(name: str) -> dict[str, Any]:
    """What there is to know about a tool, as JSON values. Raises ``UnknownTool``."""
    tool, offline = registry.find(name)
    return {**_about(tool), "offline": None if offline is None else _about(offline)}


def _about(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "about": (tool.function.__doc__ or "").strip().partition("\n")[0],
        "module": tool.function.__module__,
        "runs": tool.pool,
        "queue": tool.queue,
        "timeout_s": tool.timeout_s,
        "repeatable": tool.repeatable,
        "attempts": tool.retry.attempts,
        "roles": sorted(tool.roles),
        "resolved_by": tool.resolved_by,
        "argument_bytes": tool.argument_bytes,
        "arguments": tool.schema,
        "result": tool.result_schema,
    }
