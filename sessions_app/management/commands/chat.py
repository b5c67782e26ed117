"""``manage.py chat``: take a lesson in the terminal, over the same WebSocket as the page."""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string
from rich.console import Console
from rich.text import Text

from sessions_app.client import LoginError, SessionEndedError, TutorClient, courses, new_guest
from sessions_app.client.terminal import COMMANDS, UPLOAD, Chat

PROMPT = "you ▸ "


class Command(BaseCommand):
    help = "Take a lesson in the terminal. Reads lines from standard input; without a terminal, one line per turn."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.HelpFormatter
        parser.add_argument("--url", help="address of the server (default: the system running on this machine)")
        parser.add_argument("--course", help="slug of the course (default: asks, or takes the only one)")
        parser.add_argument("--token", help="who you are (default: a new guest)")

    def handle(self, *_: Any, **options: Any) -> None:
        url = options["url"] or import_string(settings.TUTOR_RUNNING_URL)()
        if not url:
            raise CommandError(
                "No system is running here. Start one with `manage.py run`, or name a server with --url."
            )
        try:
            asyncio.run(self._chat(url.rstrip("/"), options["course"], options["token"]))
        except (LoginError, SessionEndedError) as error:
            raise CommandError(str(error)) from None
        except httpx.HTTPError as error:
            raise CommandError(f"The server at {url} does not answer: {error}") from None
        except KeyboardInterrupt:
            self.stdout.write("\nGoodbye; everything is kept.")

    async def _chat(self, url: str, course: str | None, token: str | None) -> None:
        console = Console(highlight=False)
        interactive = sys.stdin.isatty()
        if token is None:
            guest = await new_guest(url)
            token = guest.token
            welcome = Text(f"You are {guest.user}. To come back as the same: --token {token}", style="dim")
            console.print(welcome, soft_wrap=True)
        lines = typed_lines(PROMPT if interactive else "")
        slug = course or await self._pick(console, await courses(url, token), lines)
        console.print(Text(f"{' '.join(COMMANDS)} {UPLOAD} PATH /quit", style="dim"))
        async with TutorClient(url, token=token, course=slug) as client:
            await Chat(client, console, lines, echo=not interactive).run()
        console.print(Text("Goodbye; everything is kept.", style="dim"))

    async def _pick(self, console: Console, found: list[dict[str, Any]], lines: AsyncIterator[str]) -> str:
        """The slug of the only course, or of the one whose number is typed. Raises ``LoginError`` without courses."""
        if not found:
            raise LoginError("This server has no courses yet. Load one with `manage.py course load --demo`.")
        if len(found) == 1:
            return str(found[0]["slug"])
        for number, course in enumerate(found, 1):
            console.print(f"  {number}. [bold]{course['title']}[/bold]")
        async for line in lines:
            if line.strip().isdecimal() and 1 <= int(line) <= len(found):
                return str(found[int(line) - 1]["slug"])
            console.print(f"Type a number from 1 to {len(found)}.")
        raise LoginError("No course was chosen.")


async def typed_lines(prompt: str) -> AsyncIterator[str]:
    """Lines of standard input as they are typed, read by a thread that does not keep the program alive."""
    loop = asyncio.get_running_loop()
    while True:
        typed: asyncio.Future[str | None] = loop.create_future()
        threading.Thread(target=_read_line, args=(loop, typed, prompt), daemon=True).start()
        line = await typed
        if line is None:
            return
        yield line


def _read_line(loop: asyncio.AbstractEventLoop, typed: asyncio.Future[str | None], prompt: str) -> None:
    if prompt:
        sys.stdout.write(prompt)
        sys.stdout.flush()
    line = sys.stdin.readline()

    def settle() -> None:
        if not typed.done():
            typed.set_result(line.rstrip("\n") if line else None)

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)
