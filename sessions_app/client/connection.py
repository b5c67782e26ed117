"""The client itself: a socket that comes back, a view that resumes, commands that are answered once.

One task owns the socket. It connects, says hello with the view's cursor, reads frames into the view, and when the
connection ends decides by the closing code whether and when to come back. A command is kept until it is answered; after
a reconnect it is sent again with the same id, so the server does it once however often it arrives.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from sessions_app.client.errors import BrokenProtocolError, ClientError, CommandError, SessionEndedError
from sessions_app.client.files import Progress, Uploaded, upload
from sessions_app.client.frames import FRAME_LIMIT, SUBPROTOCOL, Command, Frame, Reply, decode, encode
from sessions_app.client.http import socket_url
from sessions_app.client.pace import Pace
from sessions_app.client.view import Connection, GapError, Item, Live, View, Welcome
from sessions_app.stream_grammar import GrammarError, SocketGrammar, Stream
from tutor.events import OnBusy

logger = logging.getLogger(__name__)

#: Items that wait for whoever iterates; when it is full the client stops reading and the server coalesces.
QUEUE = 10_000
#: The close code of a view that its own client left.
LEFT = 1000
#: Close codes after which coming back would not help (protocol §9).
FINAL_CODES = frozenset({LEFT, 4400, 4401, 4404, 4410, 4426})
#: HTTP statuses of a refused handshake that will not change by asking again.
FINAL_STATUSES = frozenset({400, 401, 403, 404, 426})


class _Pending:
    """A command without an answer yet."""

    def __init__(self, command: Command, answer: asyncio.Future[Reply]) -> None:
        self.command = command
        self.answer = answer
        self.tries = 0


class _ResumeError(Exception):
    """Leave this socket and resume on a new one, at once."""


class _HelloError(Exception):
    """The server would not open the view; ``wait_s`` is None where the usual pace applies."""

    def __init__(self, reason: str, wait_s: float | None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


def left() -> SessionEndedError:
    """For whoever waits in a client that was closed."""
    return SessionEndedError(LEFT, "This client was closed.")


class TutorClient:
    """A learner's connection to one session: an async context manager to iterate over for what happens.

    ``url`` is that of the server (``http://…``) or of its socket (``ws://…``). ``course`` starts the learner's session
    of that course or finds the live one; ``session`` names one. A ``view`` kept from an earlier client resumes where it
    was. ``strict`` checks every frame against the protocol's grammar and ends with ``BrokenProtocolError`` at the first
    that breaks it: for tests of servers.
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
        if (course is None) == (session is None):
            raise ValueError("give either a course or a session")
        self.url = socket_url(url)
        self.view = view or View(session=session)
        if session is not None:
            self.view.session = session
        self._course = course
        self._token = token
        self._pace = pace or Pace()
        self._pending: dict[str, _Pending] = {}
        #: What is checked: the view's stream, and the present socket of it.
        self._stream = Stream(whole=view is None, machine_states=None, keep=False) if strict else None
        self._grammar: SocketGrammar | None = None
        self._items: asyncio.Queue[Item | None] = asyncio.Queue(QUEUE)
        self._socket: ClientConnection | None = None
        self._live = False
        self._failures = 0
        #: What is to happen a little later on this connection; it ends with the connection.
        self._chores: set[asyncio.Task[None]] = set()
        self._hello_id = ""
        self._bye: dict[str, Any] | None = None
        self._beat_s = 20.0
        #: The highest head a pong told, and the one we have already resumed for.
        self._head = 0
        self._fetched = 0
        self._end: SessionEndedError | None = None
        self._ended = asyncio.Event()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="tutor-client")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave. The session goes on without this view; unanswered commands raise ``SessionEndedError``."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        self._finish(left())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        """What happens. Raises ``SessionEndedError`` when the server ends the view; ends when the client closes.

        Whoever waits here may be cancelled, as by a time-out, and wait again: nothing is lost by it.
        """
        if not (self._ended.is_set() and self._items.empty()):
            item = await self._items.get()
            if item is not None:
                return item
        if self._end is not None and self._end.code != LEFT:
            raise self._end
        raise StopAsyncIteration

    async def send(
        self, command: str, d: dict[str, Any] | None = None, *, command_id: str | None = None, expect: int | None = None
    ) -> Reply:
        """Send a command and wait for its answer, across any number of reconnections.

        Raises ``CommandError`` for an ``err`` reply and ``SessionEndedError`` where no answer can come any more.
        Cancelling the wait does not unsend the command.
        """
        if self._end is not None:
            raise self._end
        made = Command(t=command, id=command_id or secrets.token_urlsafe(12), expect=expect, d=d or {})
        pending = _Pending(made, asyncio.get_running_loop().create_future())
        self._pending[made.id] = pending
        if self._live:
            await self._write(made)
        try:
            return await pending.answer
        finally:
            self._pending.pop(made.id, None)

    async def say(self, text: str, on_busy: OnBusy | None = None) -> Reply:
        """A message of the learner. Raises as ``send`` does."""
        return await self.send("message.send", {"text": text} | ({} if on_busy is None else {"on_busy": on_busy}))

    async def answer(self, question: str, value: str | list[str]) -> Reply:
        """An answer to a question, straight to the checker. Raises as ``send`` does."""
        return await self.send("answer.submit", {"question": question, "value": value})

    async def cancel(self, turn: str | None = None) -> Reply:
        """Stop a turn; the one that runs, where none is named. Raises as ``send`` does."""
        return await self.send("turn.cancel", {} if turn is None else {"turn": turn})

    async def history(self, before: int | None = None, limit: int = 100) -> list[Frame]:
        """Older events, oldest first: those before a seq, or the newest. Raises as ``send`` does."""
        d = {"limit": limit} if before is None else {"before": before, "limit": limit}
        return msgspec.convert((await self.send("history.get", d)).d["events"], list[Frame])

    async def upload(self, path: Path, *, progress: Progress | None = None, command_id: str | None = None) -> Uploaded:
        """Upload a file to this session, once it is known (after ``Welcome``). Raises as ``files.upload`` does.

        ``progress`` is called with the bytes sent so far and all of them. What becomes of the file comes as events.
        """
        if self.view.session is None:
            raise ClientError("The session is not open yet; wait for Welcome.")
        session = self.view.session
        return await upload(
            self.url, self._token, session, path, progress=progress, command_id=command_id, pace=self._pace
        )

    def reconnect_now(self) -> None:
        """Do not wait for the next try (the network is back, the learner is back)."""
        self._hurry.set()

    @property
    def unanswered(self) -> list[Command]:
        """Commands that have no answer yet, oldest first."""
        return [pending.command for pending in self._pending.values()]

    # --- the life of the connection ------------------------------------------------------------------------------

    async def _run(self) -> None:
        while self._end is None:
            await self._tell(Connection("connecting"))
            wait_s, reason = await self._connect_once()
            self._live = False
            self._socket = None
            for chore in self._chores:
                chore.cancel()
            if self._end is None:
                await self._tell(Connection("waiting", retry_in_s=wait_s, reason=reason))
                await self._wait(wait_s)
        await self._tell(Connection("closed", reason=self._end.reason))
        self._finish(self._end)

    async def _connect_once(self) -> tuple[float, str]:
        """One connection from handshake to end. Returns (seconds to wait before the next, why it ended)."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        self._bye = None
        try:
            async with connect(
                self.url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                additional_headers=headers,
                max_size=FRAME_LIMIT,
                open_timeout=self._pace.opening_s,
                close_timeout=1,
                ping_interval=None,  # the protocol's own beats do this, and browsers have no others
                proxy=None,
            ) as socket:
                self._socket = socket
                self._grammar = None if self._stream is None else SocketGrammar(self._stream)
                await self._converse(socket)
        except _ResumeError:
            return 0.0, "resuming"
        except _HelloError as refused:
            wait_s, reason = self._failed(str(refused))
            return (wait_s if refused.wait_s is None else refused.wait_s), reason
        except ConnectionClosed as closed:
            return self._closed(closed)
        except InvalidStatus as answer:
            status = answer.response.status_code
            if status in FINAL_STATUSES:
                self._end = SessionEndedError(
                    status, "The server refused the connection: check the token and the address."
                )
            return self._failed(f"the server answered with HTTP {status}")
        except InvalidURI as error:
            self._end = SessionEndedError(4400, str(error))
            return 0.0, str(error)
        except (OSError, InvalidHandshake) as error:
            return self._failed(str(error) or type(error).__name__)
        return self._failed("the connection ended")

    def _failed(self, reason: str) -> tuple[float, str]:
        self._failures += 1
        return self._pace.after_failure(self._failures), reason

    def _closed(self, closed: ConnectionClosed) -> tuple[float, str]:
        """What a closing code asks for."""
        bye = self._bye or {}
        code = int(bye.get("code") or (closed.rcvd.code if closed.rcvd else 1006))
        reason = str(bye.get("reason") or (closed.rcvd.reason if closed.rcvd else "") or "the connection was lost")
        if not bye.get("reconnect", code not in FINAL_CODES):
            self._end = SessionEndedError(code, reason)
            return 0.0, reason
        after_ms = bye.get("after_ms")
        if after_ms is not None:
            # The server knows when it will be back; a failure then counts from the first.
            self._failures = 0
            return self._pace.asked_for(int(after_ms)), reason
        if code == 4440:
            return 0.0, reason
        return self._failed(reason)

    async def _converse(self, socket: ClientConnection) -> None:
        """Hello, then frames until the connection ends. Leaves only by an exception of its own or of the socket."""
        self._hello_id = secrets.token_urlsafe(12)
        who = {"session": self.view.session} if self.view.session else {"course": self._course}
        if self._grammar is not None:
            self._grammar.sent(self._hello_id)
        await socket.send(encode(Command(t="hello", id=self._hello_id, d={**who, "resume": self.view.cursor()})))
        opened_by = asyncio.get_running_loop().time() + self._pace.opening_s
        try:
            while True:
                if self._live:
                    silence_s = self._beat_s + self._pace.silence_s
                else:
                    silence_s = max(0.0, opened_by - asyncio.get_running_loop().time())
                async with asyncio.timeout(silence_s):
                    text = await socket.recv()
                await self._take(text)
        except TimeoutError:
            # A half-open socket: closing it properly would wait for the other side.
            socket.transport.abort()
            raise TimeoutError("the server has gone silent") from None

    async def _take(self, text: str | bytes) -> None:
        self._check(text)
        try:
            frame = decode(text)
        except msgspec.MsgspecError:
            logger.warning("a frame could not be read and was ignored: %.200r", text)
            return
        match frame.t:
            case "ok":
                self._answered(frame)
            case "err":
                await self._refused(frame)
            case "pong":
                self._ponged(frame)
            case "bye":
                self._bye = frame.d
            case _:
                try:
                    item = self.view.apply(frame)
                except GapError:
                    raise _ResumeError from None
                if item is not None:
                    await self._tell(item)
                if isinstance(item, Welcome):
                    self._beat_s = float(item.d.get("beat_s", self._beat_s))
                    self._later(self._beat_s, self._beat)
                elif isinstance(item, Live):
                    await self._went_live()

    def _check(self, text: str | bytes) -> None:
        if self._grammar is None:
            return
        try:
            self._grammar.received(msgspec.json.decode(text))
        except (GrammarError, msgspec.MsgspecError) as broken:
            self._end = BrokenProtocolError(str(broken))
            raise _ResumeError from None

    async def _went_live(self) -> None:
        self._live = True
        self._failures = 0
        await self._tell(Connection("connected"))
        for command in self.unanswered:
            await self._write(command)

    async def _beat(self) -> None:
        await self._write(Command(t="ping", id=secrets.token_urlsafe(12)))
        self._later(self._beat_s, self._beat)

    def _ponged(self, frame: Frame) -> None:
        """A head above ours means a lost push, unless it is just under way: give it a moment, then resume."""
        self._head = int(frame.d.get("head", 0))
        if self._head > max(self.view.seq, self._fetched):
            self._later(self._pace.behind_s, self._catch_up)

    async def _catch_up(self) -> None:
        if self._head > max(self.view.seq, self._fetched) and self._socket is not None:
            # Once per head: should the server count what we cannot see, we must not resume for ever.
            self._fetched = self._head
            self._bye = {"code": 4440, "reason": "a push was lost", "reconnect": True, "after_ms": 0}
            await self._socket.close(LEFT, "fetching what was missed")

    # --- answers -------------------------------------------------------------------------------------------------

    def _answered(self, frame: Frame) -> None:
        pending = self._pending.get(frame.cause or "")
        if pending is not None and not pending.answer.done():
            pending.answer.set_result(Reply.of(frame))

    async def _refused(self, frame: Frame) -> None:
        d = frame.d
        error = CommandError(
            str(d.get("code", "internal")),
            str(d.get("message", "")),
            retry=str(d.get("retry", "never")),
            after_ms=d.get("after_ms"),
            detail=d.get("detail"),
        )
        if frame.cause == self._hello_id:
            if error.retry == "never":
                code = 4404 if error.code in ("not_found", "forbidden") else 4400
                self._end = SessionEndedError(code, error.message)
            raise _HelloError(error.message, None if error.after_ms is None else self._pace.asked_for(error.after_ms))
        pending = self._pending.get(frame.cause or "")
        if pending is None:
            logger.warning("the server refused something: %s", error)
            return
        pending.tries += 1
        if error.retry == "same_id" and pending.tries < self._pace.same_id_tries:
            wait_s = (
                self._pace.asked_for(error.after_ms)
                if error.after_ms is not None
                else self._pace.after_failure(pending.tries)
            )
            self._later(wait_s, lambda: self._resend(pending))
        elif not pending.answer.done():
            pending.answer.set_exception(error)

    async def _resend(self, pending: _Pending) -> None:
        if self._live and pending.command.id in self._pending:
            await self._write(pending.command)

    # --- small things --------------------------------------------------------------------------------------------

    async def _write(self, command: Command) -> None:
        """Send on the present socket; if it breaks now, the command goes again after the reconnect."""
        if self._socket is not None:
            if self._grammar is not None:
                self._grammar.sent(command.id)
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(encode(command))

    async def _tell(self, item: Item) -> None:
        await self._items.put(item)

    def _later(self, wait_s: float, chore: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await asyncio.sleep(wait_s)
            await chore()

        task = asyncio.create_task(run())
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _wait(self, wait_s: float) -> None:
        self._hurry.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), wait_s)

    def _finish(self, end: SessionEndedError) -> None:
        self._end = self._end or end
        self._ended.set()
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(self._end)
        with contextlib.suppress(asyncio.QueueFull):
            # Whoever waits for an item waits on an empty queue, so this reaches them.
            self._items.put_nowait(None)
