"""A lesson in a terminal: what happens is printed, what is typed is sent. Over the same protocol as the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.status import Status
from rich.text import Text

from sessions_app.client.connection import TutorClient
from sessions_app.client.errors import ClientError, CommandError
from sessions_app.client.plain_formula import plain_formulas
from sessions_app.client.view import Connection, Event, Live, Output, Resync

#: After this many seconds a turn is not waited for any longer; it goes on all the same.
LONGEST_TURN_S = 90.0

#: Uploads the file whose path follows.
UPLOAD = "/upload"
#: What can be typed → (the command it sends, what it does).
COMMANDS = {
    "/continue": ("continue", "go on (so does an empty line)"),
    "/hint": ("hint.request", "get a hint; it costs nothing"),
    "/skip": ("question.skip", "leave the question for later"),
    "/giveup": ("question.give_up", "see the solution"),
    "/dispute": ("answer.dispute", "say that your answer was right"),
    "/stop": ("turn.cancel", "stop what the tutor is doing"),
    "/pause": ("session.pause", "put the lesson aside"),
    "/resume": ("session.resume", "take it up again"),
}
DOING = {
    "check_answer": "Checking your answer…",
    "check_explanation": "Reading your explanation…",
    "clarify_concept": "Looking for a good explanation…",
    "read_file": "Opening your file…",
}
#: verdict → (sign, words, style).
#: States in which what was asked last is still to be answered.
_ASKING = {"awaiting_answer", "awaiting_tool_result", "remediating_known_error"}

VERDICTS = {
    "correct": ("✓", "Correct", "bold green"),
    "form_issue": ("≈", "Right value, other form", "bold yellow"),
    "partial": ("≈", "Partly right", "bold yellow"),
    "known_error": ("↻", "Not yet", "bold red"),
    "wrong": ("↻", "Not yet", "bold red"),
    "malformed": ("?", "Could not be read, not counted", "bold"),
    "undecided": ("?", "Undecided, not counted", "bold"),
}


class Chat:
    """One lesson at one terminal. ``lines`` is what is typed; ``echo`` says whether typed lines have to be shown."""

    def __init__(self, client: TutorClient, console: Console, lines: AsyncIterator[str], *, echo: bool) -> None:
        self._client = client
        self._console = console
        self._lines = lines
        self._echo = echo
        self._status = Status("", console=console)
        self._is_live = asyncio.Event()
        self._finished: dict[str, asyncio.Event] = {}
        #: Files that were uploaded, until they are read.
        self._files: dict[str, asyncio.Event] = {}
        #: Letter → id of the open question's choices.
        self._choices: dict[str, str] = {}
        self._question: str | None = None
        self._typed: set[str] = set()

    async def run(self) -> None:
        """Until ``/quit``, the end of what is typed, or the end of the session (``SessionEndedError``)."""
        showing = asyncio.create_task(self._show())
        typing = asyncio.create_task(self._take())
        try:
            done, _ = await asyncio.wait({showing, typing}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
        finally:
            for task in (showing, typing):
                task.cancel()
            await asyncio.gather(showing, typing, return_exceptions=True)
            self._status.stop()

    # --- what is typed ---------------------------------------------------------------------------------------------

    async def _take(self) -> None:
        await self._is_live.wait()
        async for line in self._lines:
            text = line.strip()
            if self._echo and text:
                self._say_learner(text)
            if text == "/quit":
                return
            if text.split(maxsplit=1)[:1] == [UPLOAD]:
                await self._upload(text.removeprefix(UPLOAD).strip().strip("'\""))
                continue
            await self._do(text)

    async def _do(self, text: str) -> None:
        command, d = self._command(text)
        if command is None:
            return
        try:
            sending = asyncio.ensure_future(self._client.send(command, d))
            await asyncio.sleep(0)
            self._typed.update(sent.id for sent in self._client.unanswered)
            reply = await sending
        except CommandError as error:
            self._console.print(Text(error.message, style="yellow"))
            return
        if reply.turn is not None and reply.disposition == "started":
            finished = self._finished.setdefault(reply.turn, asyncio.Event())
            try:
                await asyncio.wait_for(finished.wait(), LONGEST_TURN_S)
            except TimeoutError:
                self._console.print(Text("Still working; you can go on writing.", style="dim"))

    async def _upload(self, name: str) -> None:
        path = Path(name).expanduser()
        if not name or not path.is_file():
            self._console.print(Text(f"There is no file {name!r}. Type {UPLOAD} and its path.", style="yellow"))
            return
        self._status.stop()
        columns = (TextColumn("Uploading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        try:
            with RichProgress(*columns, console=self._console, transient=True) as bar:
                task = bar.add_task("", total=path.stat().st_size)
                taken = await self._client.upload(path, progress=lambda sent, _all: bar.update(task, completed=sent))
        except (ClientError, OSError, httpx.HTTPError) as error:
            message = error.message if isinstance(error, CommandError) else str(error)
            self._console.print(Text(f"{path.name} was not uploaded: {message}", style="yellow"))
            return
        ended = self._files.setdefault(taken.file, asyncio.Event())
        try:
            await asyncio.wait_for(ended.wait(), LONGEST_TURN_S)
        except TimeoutError:
            self._console.print(Text("It is still being read; you can go on.", style="dim"))

    def _command(self, text: str) -> tuple[str | None, dict[str, Any]]:
        """The command a typed line stands for, and its body; None for a line that stands for none."""
        if text.startswith("/"):
            known = COMMANDS.get(text.split(maxsplit=1)[0].lower())
            if known is None:
                self._help()
                return None, {}
            return known[0], {}
        if not text:
            return ("continue" if self._client.view.state not in {"awaiting_answer", "paused"} else None), {}
        letters = [part.strip().lower() for part in text.split(",")]
        if self._question is not None and self._choices and all(part in self._choices for part in letters):
            chosen = [self._choices[part] for part in letters]
            return "answer.submit", {"question": self._question, "value": chosen if len(chosen) > 1 else chosen[0]}
        return "message.send", {"text": text}

    def _help(self) -> None:
        lines = [f"  {name:<11}{what}" for name, (_, what) in COMMANDS.items()]
        lines += [f"  {UPLOAD + ' PATH':<11} give the tutor a file of yours to explain from"]
        lines += [f"  {'/quit':<11}leave; everything is kept", "  Anything else goes to the tutor."]
        self._console.print(Text("\n".join(lines), style="dim"))

    # --- what happens ----------------------------------------------------------------------------------------------

    async def _show(self) -> None:
        async for item in self._client:
            match item:
                case Event():
                    self._event(item)
                case Output() if item.text:
                    self._status.update(Text(item.text.splitlines()[-1][-60:], style="dim"))
                    self._status.start()
                case Live():
                    self._is_live.set()
                case Resync():
                    self._console.rule("the lesson, told again", style="dim")
                case Connection(status="waiting") if item.retry_in_s > 0:
                    wait = f"{item.retry_in_s:.1f} s"
                    self._console.print(Text(f"Connection lost ({item.reason}); next try in {wait}.", style="dim"))
                case _:
                    pass

    def _event(self, event: Event) -> None:
        d, turn = event.d, event.frame.turn
        match event.t:
            case "message.accepted" if event.frame.cause not in self._typed:
                self._say_learner(d.get("text", ""))
            case "output.committed" | "observer.said":
                self._status.stop()
                self._print(self._prose(d.get("text")))
            case "question.asked":
                self._status.stop()
                self._ask(d)
            case "hint.given":
                title = "Worked solution" if d.get("bottom_out") else "Hint"
                self._print(Panel(self._prose(d.get("text")), title=title, title_align="left", border_style="yellow"))
            case "answer.checked" if d.get("verdict") in VERDICTS:
                self._status.stop()
                sign, words, style = VERDICTS[d["verdict"]]
                self._print(Text(f"{sign} {words}", style=style))
            case "mastery.changed" if d.get("mastered"):
                self._print(Text(f"★ Skill mastered: {d['skill']}", style="bold green"))
            case "file.uploaded":
                self._console.print(Text(f"↑ {d.get('name')} is there and is being read…", style="dim"))
            case "file.ready" | "file.failed":
                ok = event.t == "file.ready"
                text = f"✓ {d.get('name')} was read." if ok else f"✗ {d.get('name')}: {d.get('message')}"
                self._console.print(Text(text, style="green" if ok else "yellow"))
                self._files.setdefault(str(d.get("file")), asyncio.Event()).set()
            case "tool.requested" if turn is not None:
                self._status.update(Text(DOING.get(d.get("name", ""), "Working on it…"), style="dim"))
                self._status.start()
            case "turn.finished":
                self._status.stop()
                if turn is not None:
                    self._finished.setdefault(turn, asyncio.Event()).set()
            case "state.changed" if d.get("to") not in _ASKING:
                self._choices, self._question = {}, None

    def _ask(self, d: dict[str, Any]) -> None:
        self._question = d["question"]
        self._choices = {}
        parts: list[RenderableType] = [self._prose(d["prompt"])]
        for number, choice in enumerate(d.get("choices") or ()):
            letter = chr(ord("a") + number)
            self._choices[letter] = choice["id"]
            parts.append(Markdown(f"**{letter.upper()}.** {plain_formulas(choice['text'])}"))
        own = d.get("part", "main") == "main"
        title = f"Question {d.get('number', '')}".strip() if own else "A question in between"
        self._print(Panel(Group(*parts), title=title, title_align="left", border_style="cyan"))

    def _say_learner(self, text: str) -> None:
        self._console.print(Text.assemble(("you ▸ ", "bold cyan"), text))

    def _print(self, what: RenderableType) -> None:
        self._console.print(Padding(what, (0, 0, 1, 0)))

    @staticmethod
    def _prose(text: str | None) -> Markdown:
        return Markdown(plain_formulas(text if text is not None else "*This text has been erased.*"))
