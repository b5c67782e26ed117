"""``manage.py protocol asyncapi|openapi``: print a published document of the client protocol."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sessions_app import published


class Command(BaseCommand):
    help = "Print the client protocol as an AsyncAPI (WebSocket) or OpenAPI (HTTP) document (docs/protocol.md)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("document", choices=["asyncapi", "openapi"])

    def handle(self, *args: Any, document: str, **options: Any) -> None:
        made = published.asyncapi() if document == "asyncapi" else published.openapi()
        self.stdout.write(json.dumps(made, indent=2, ensure_ascii=False))
