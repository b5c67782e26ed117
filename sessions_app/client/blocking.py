"""The same client without ``async``: for scripts, notebooks and threads.

    with BlockingTutorClient("http://127.0.0.1:8000", token=token, course="linear-equations") as tutor:
        tutor.say("x = 4")
        for item in tutor:
            if isinstance(item, Event) and item.t == "output.committed":
                print(item.d["text"])
                break

A thread of its own keeps the connection alive, answers beats and resumes, whatever the caller is doing meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sessions_app.client.connection import LEFT, TutorClient, left
from sessions_app.client.errors import SessionEndedError
from sessions_app.client.files import Progress, Uploaded
from sessions_app.client.frames import Command, Frame, Reply
from sessions_app.client.pace import Pace
from sessions_app.client.view import Item, View
from tutor.events import OnBusy

T = TypeVar("T")


class BlockingTutorClient:
    """A learner's connection to one session: a context manager to iterate over. Arguments as of ``TutorClient``.

    Every method may be called from any thread; those that wait take ``timeout_s`` and raise ``TimeoutError``.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        course: str | None = None,
        session: str | None = None,
        view: View | None = None,
        pace: Pace | None = None,
        strict: bool = False,
    ) -> None:
        self._client = TutorClient(
            url, token=token, course=course, session=session, view=view, pace=pace, strict=strict
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tutor-client", daemon=True)
        #: Held while work is given to the loop and while it is told to stop: work given after that would never end.
        self._gate = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait(self._client.__aenter__(), None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave. The session goes on without this view; whoever waits gets ``SessionEndedError``."""
        with self._gate:
            if self._closed or not self._thread.is_alive():
                return
            self._closed = True
            leaving = asyncio.run_coroutine_threadsafe(self._leave(), self._loop)
        leaving.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _leave(self) -> None:
        await self._client.close()
        # Whoever waited for the connection has been told; what else still runs, such as an upload, is broken off.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def __iter__(self) -> Iterator[Item]:
        """What happens. Raises ``SessionEndedError`` when the server ends the view; ends when the client closes."""
        while (item := self.next(None)) is not None:
            yield item

    def next(self, timeout_s: float | None = None) -> Item | None:
        """The next thing that happens; None: the client was closed."""
        try:
            return self._wait(self._next(), timeout_s)
        except SessionEndedError as ended:
            if ended.code == LEFT:
                return None
            raise

    async def _next(self) -> Item | None:
        return await anext(self._client, None)

    def send(
        self,
        command: str,
        d: dict[str, Any] | None = None,
        *,
        command_id: str | None = None,
        expect: int | None = None,
        timeout_s: float | None = None,
    ) -> Reply:
        """Send a command and wait for its answer, across any number of reconnections.

        Raises ``CommandError`` for an ``err`` reply and ``SessionEndedError`` where no answer can come any more. A
        ``TimeoutError`` does not unsend the command.
        """
        return self._wait(self._client.send(command, d, command_id=command_id, expect=expect), timeout_s)

    def say(self, text: str, on_busy: OnBusy | None = None, *, timeout_s: float | None = None) -> Reply:
        """A message of the learner."""
        return self._wait(self._client.say(text, on_busy), timeout_s)

    def answer(self, question: str, value: str | list[str], *, timeout_s: float | None = None) -> Reply:
        """An answer to a question, straight to the checker."""
        return self._wait(self._client.answer(question, value), timeout_s)

    def cancel(self, turn: str | None = None, *, timeout_s: float | None = None) -> Reply:
        """Stop a turn; the one that runs, where none is named."""
        return self._wait(self._client.cancel(turn), timeout_s)

    def upload(
        self,
        path: Path,
        *,
        progress: Progress | None = None,
        command_id: str | None = None,
        timeout_s: float | None = None,
    ) -> Uploaded:
        """A file for this session; ``progress`` is called on the client's own thread."""
        return self._wait(self._client.upload(path, progress=progress, command_id=command_id), timeout_s)

    def history(self, before: int | None = None, limit: int = 100, *, timeout_s: float | None = None) -> list[Frame]:
        """Older events, oldest first."""
        return self._wait(self._client.history(before, limit), timeout_s)

    def reconnect_now(self) -> None:
        """Do not wait for the next try."""
        self._loop.call_soon_threadsafe(self._client.reconnect_now)

    @property
    def view(self) -> View:
        """What this client has of the session; keep it to resume in another one."""
        return self._client.view

    @property
    def unanswered(self) -> list[Command]:
        """Commands that have no answer yet, oldest first."""
        return self._client.unanswered

    def _wait(self, work: Coroutine[Any, Any, T], timeout_s: float | None) -> T:
        with self._gate:
            if self._closed:
                work.close()
                raise left()
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout_s)
        except TimeoutError:
            future.cancel()
            raise
        except CancelledError:
            raise left() from None
