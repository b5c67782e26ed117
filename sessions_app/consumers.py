"""The WebSocket: one socket is one view of one session (protocol v1).

The order of a socket's life: hello -> subscribe -> read the database -> ``welcome``, events, ``live`` -> commands and
hints. It subscribes *before* it reads, and drops what it has already sent, so that nothing falls between. Hints only
say "look": rows that travel with one are used where they directly follow what was sent, otherwise the database is read.

Streamed text comes beside them (``sessions_app.output``): its pieces are made into frames at the moment they arrive, on
this loop and without waiting, so that none is sent before its turn has started or after it was committed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
import weakref
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import redis
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.conf import settings
from django.http.request import validate_host

from sessions_app import access, commands, conf, draining, frames, hints, inspection, log, metrics, opening, protocol
from sessions_app.checked_stream import CheckedStream
from sessions_app.exceptions import CommandError, SessionError
from sessions_app.frames import Active, Close, Hello, OutputCursor
from sessions_app.group_commit import group_commit
from sessions_app.heads import heads
from sessions_app.log import Line
from sessions_app.outgoing import Outgoing
from sessions_app.output import buffer, news
from sessions_app.output.buffer import Piece, Written
from sessions_app.output.sent import Sent, committed
from sessions_app.pool import in_database
from sessions_app.rate_limits import address_of, rate_limits
from sessions_app.standing import Standing
from sessions_app.ticker import Ticker
from sessions_app.view import View, open_view

logger = logging.getLogger(__name__)

_LIMITS = frames.Limits(
    text=conf.TEXT_CHARS,
    frame=conf.FRAME_BYTES,
    replay=conf.REPLAY_EVENTS,
    queue=conf.QUEUE_MESSAGES,
    sockets=conf.SOCKETS_PER_USER,
)
#: Open sockets of this process by user.
_sockets: Counter[int] = Counter()
_tickers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker] = weakref.WeakKeyDictionary()
metrics.gauge("tutor_sockets", "Open WebSockets.", draining.open_sockets)


def _ticker() -> Ticker:
    """This event loop's."""
    return _tickers.setdefault(asyncio.get_running_loop(), Ticker(conf.LOOK_S))


class SessionConsumer(AsyncWebsocketConsumer):
    """Protocol v1 on one socket. Frames are handled one after the other: each commit before the next frame."""

    view: View | None = None
    user: Any = None
    live = False

    def __init__(self) -> None:
        super().__init__()
        #: One frame, hint or look at a time: their events must not mix.
        self.handling = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """As in Channels, with two tasks for the two sources of messages, instead of a new task for every message."""
        self.scope, self.base_send = scope, send
        self.channel_layer = get_channel_layer(self.channel_layer_alias)
        self.channel_name = await self.channel_layer.new_channel()
        hearing = asyncio.get_running_loop().create_task(self._hear())
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass  # the socket is closed
        finally:
            hearing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await hearing

    async def _hear(self) -> None:
        """Take what comes through the channel layer."""
        while True:
            message = await self.channel_layer.receive(self.channel_name)
            try:
                await self.dispatch(message)
            except Exception as error:
                # What this socket has been sent is not known any more: only another one can go on.
                await self._error(internal(error), None)
                await self._bye(Close.INTERNAL, "News could not be read; please come again.", reconnect=True)
                return

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As in Channels, but without closing database connections around every message: none is held here.

        Upstream does that on the one thread that all sockets of the process would then wait for.
        """
        async with self.handling:
            await getattr(self, message["type"].replace(".", "_"))(message)

    # --- connection ----------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        self.conn = uuid.uuid4().hex[:12]
        #: seq up to which this socket has looked, and the newest it was sent.
        self.looked = 0
        self.sent = 0
        self.log_id = ""
        self.text = Sent()
        self.outgoing = Outgoing(self._transmit, self._emptied, conf.BACKLOG_BYTES)
        #: Text is to be read from the buffer, and whether that is under way.
        self.output_missing = False
        self.output_reading: asyncio.Task[None] | None = None
        self.closed = False
        self.address = address_of((self.scope.get("client") or [None])[0])
        #: Who looks, how that is known, and when it was asked last.
        self.standing: Standing | None = None
        self.asked_at = 0.0
        self.refusals = 0
        self.checked: CheckedStream | None = None
        self.looking: asyncio.Task[None] | None = None
        offered = self.scope.get("subprotocols") or []
        if offered and frames.SUBPROTOCOL not in offered:
            await self.accept()
            await self._bye(Close.VERSION, f"This server speaks {frames.SUBPROTOCOL}.", reconnect=False)
            return
        await self.accept(frames.SUBPROTOCOL if offered else None)
        group_commit.join()
        draining.opened(self)
        if draining.is_draining():
            await self.drain(1_000)
            return
        try:
            await rate_limits.spend("sockets", "address", self.address)
        except CommandError as error:
            await self._too_many(error)
            return
        _ticker().add(self._tick)

    async def disconnect(self, code: int) -> None:
        """Free what this process holds. A disconnect never changes the session."""
        self.closed = True
        draining.closed(self)
        _ticker().remove(self._tick)
        if self.looking is not None:
            self.looking.cancel()
        self._uncount()
        self.outgoing.clear()
        if self.output_reading is not None:
            self.output_reading.cancel()
        if self.view is not None:
            news.listener().unsubscribe(self.view.session, self._output_arrived)
            await self.channel_layer.group_discard(hints.group(self.view.session), self.channel_name)

    def _tick(self, now: float) -> None:
        """Silence ends a socket; while a turn is active the heads are compared, for the layer may lose a hint."""
        if self.closed or (self.looking is not None and not self.looking.done()):
            return
        if self.view is None:
            self._farewell(Close.SILENT, f"No hello within {conf.HELLO_S} s.")
        elif now - self.heard_at > conf.BEAT_S * conf.MISSED_BEATS:
            self._farewell(Close.SILENT, f"Nothing was heard for {conf.MISSED_BEATS} beats.")
        elif self.text.turn is not None or self.view.role != "learner":
            self.looking = asyncio.get_running_loop().create_task(self._look_around())

    async def _look_around(self) -> None:
        assert self.view is not None  # noqa: S101 — checked by the caller
        try:
            if self.view.role != "learner" and not await self._still_allowed(conf.RIGHTS_S):
                return
            if self.text.turn is not None:
                await self._look()
                self._read_output()
        except Exception:
            # The database or the layer is away for a moment: the next tick looks again.
            logger.warning("action=look.failed conn=%s", self.conn, exc_info=True)

    async def _still_allowed(self, every_s: float) -> bool:
        """Whether the user still has what opened this view; asked at most so often. If not, the socket is closed."""
        now = asyncio.get_running_loop().time()
        if self.standing is None or self.view is None or now - self.asked_at < every_s:
            return True
        try:
            view = await in_database(_view_again, self.standing, self.view)
        except CommandError as error:
            await self._bye(Close.NOT_FOUND, error.message, reconnect=False)
            return False
        if view is None:
            await self._bye(Close.NOT_AUTHENTICATED, "You are not logged in any more.", reconnect=False)
            return False
        if view.role != self.view.role:
            # What it was shown so far is another view's: it begins again as what it is now.
            await self._bye(Close.NOT_FOUND, "Your rights have changed; open the session again.", reconnect=False)
            return False
        self.asked_at = now
        return True

    async def _look(self) -> None:
        """Compare heads without the channel layer, which may be what is gone, and never beside a frame.

        News that no hint brought may mean that a Redis without memory forgot this socket: it joins its group again.
        """
        assert self.view is not None  # noqa: S101 — checked by the caller
        async with self.handling:
            before = self.looked
            await self._compare()
        if self.looked > before and not self.closed:
            await self.channel_layer.group_add(hints.group(self.view.session), self.channel_name)

    async def _bye(self, code: int, reason: str, *, reconnect: bool, after_ms: int = 0) -> None:
        if self.closed:
            return
        sid = str(self.view.session) if self.view else None
        d = frames.Bye(code=code, reason=reason, reconnect=reconnect, after_ms=after_ms)
        self._send(protocol.server_frame("bye", sid, d))
        self.closed = True
        metrics.CLOSED.add(code=str(code))
        with contextlib.suppress(TimeoutError):
            # A client that does not read would hold a drain up; it finds out by the code.
            await asyncio.wait_for(self.outgoing.room(1), conf.FAREWELL_S)
        await self.close(code=code)

    def _farewell(self, code: int, reason: str) -> None:
        """Say goodbye, without waiting. The task is held: the loop itself keeps only a weak reference."""
        self.farewell = asyncio.get_running_loop().create_task(self._bye(code, reason, reconnect=True))

    async def _too_many(self, error: CommandError) -> None:
        await self._bye(Close.TOO_MANY, error.message, reconnect=True, after_ms=error.after_ms or 0)

    def _send(self, frame: str) -> None:
        """Send unless the socket was closed meanwhile: a drain does not wait for the command that is under way."""
        if self.closed:
            return
        if self.checked is not None:
            self.checked.told(frame)
        if not self.outgoing.put(frame):
            # Resuming from its cursor is cheaper than what waits here.
            self.outgoing.clear()
            self._farewell(Close.FELL_BEHIND, "Too much waits for this socket; resume now.")

    async def _transmit(self, frame: str) -> None:
        await self.base_send({"type": "websocket.send", "text": frame})

    async def drain(self, after_ms: int) -> None:
        """Tell the client to come back, to whichever process takes it then."""
        await self._bye(Close.DRAINING, "The server is restarting.", reconnect=True, after_ms=after_ms)

    # --- frames --------------------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        if self.closed:
            return
        cause: str | None = None
        try:
            await self._let_in(len(text_data or bytes_data or ""))
            if text_data is None:
                raise CommandError("bad_frame", "Frames are JSON text, not bytes.")
            if len(text_data) > conf.FRAME_BYTES or len(text_data.encode(errors="replace")) > conf.FRAME_BYTES:
                raise CommandError(
                    "too_large", f"A frame has at most {conf.FRAME_BYTES} bytes.", detail={"limit": conf.FRAME_BYTES}
                )
            frame = protocol.parse(text_data)
            cause = frame.id
            if self.checked is not None:
                self.checked.asked(cause)
            await self._handle(frame)
        except CommandError as error:
            await self._error(error, cause or protocol.readable_id(text_data))
        except Exception as error:
            await self._error(internal(error), cause)

    async def _let_in(self, size: int) -> None:
        """A frame counts by its number and its bytes, for the address and for the user. Raises ``rate_limited``."""
        await rate_limits.spend("commands", "address", self.address)
        await rate_limits.spend("bytes", "address", self.address, size)
        if self.standing is not None:
            await rate_limits.spend("commands", "user", str(self.standing.user_id))
            await rate_limits.spend("bytes", "user", str(self.standing.user_id), size)
        self.refusals = 0

    async def _error(self, error: CommandError, cause: str | None) -> None:
        if self.closed:
            return
        metrics.COMMANDS.add(result=error.code)
        if self.checked is not None:
            self.checked.asked(cause)
        if error.code == "rate_limited":
            self.refusals += 1
            if self.refusals > conf.REFUSALS:
                await self._too_many(error)
                return
        self._send(protocol.error_frame(str(self.view.session) if self.view else None, error, cause))
        if self.view is None and error.code in _OPENING_FAILED:
            code = _OPENING_FAILED[error.code]
            await self._bye(code, error.message, reconnect=code == Close.INTERNAL)

    async def _handle(self, frame: frames.ClientFrame) -> None:
        if frame.t == "hello":
            if self.view is not None:
                raise CommandError("bad_request", "This socket has said hello already; open another one.")
            await self._hello(frame)
            return
        if self.view is None:
            raise CommandError("bad_frame", "The first frame must be hello.")
        if not await self._still_allowed(conf.RIGHTS_IDLE_S if frame.t == "ping" else self._rights_s()):
            return
        if frame.t == "ping":
            await self._ping(frame)
            return
        if draining.is_draining():
            raise CommandError(
                "draining", "The server is restarting; your command will be taken after it.", after_ms=1_000
            )
        d, delivered = await commands.handle(frame, self.view)
        if delivered is not None and delivered.entries:
            first = delivered.entries[0].seq - 1
            await self._take_rows(first, [log.line(entry) for entry in delivered.entries])
        elif delivered is not None:
            await self._read()
        metrics.COMMANDS.add(result="ok")
        self._send(protocol.server_frame("ok", str(self.view.session), d, cause=frame.id))
        if delivered is not None and not delivered.live and not delivered.duplicate:
            await self._bye(Close.SESSION_CLOSED, "The session is closed.", reconnect=False)

    def _rights_s(self) -> float:
        return conf.RIGHTS_S if self.view is not None and self.view.role == "learner" else 0.0

    async def _ping(self, frame: frames.ClientFrame) -> None:
        assert self.view is not None  # noqa: S101 — checked by the caller
        await self._compare()
        await self._catch_up_output()
        d = frames.Pong(head=self.sent, off=self.text.off, at=protocol.now())
        self._send(protocol.server_frame("pong", str(self.view.session), d, cause=frame.id))

    # --- opening -------------------------------------------------------------------------------------------------

    async def _authenticate(self, hello: Hello) -> tuple[Any, Standing] | None:
        """The user behind a token, a ticket or a login cookie. None: nobody."""
        headers = dict(self.scope["headers"])
        bearer = headers.get(b"authorization", b"").decode("latin1")
        if bearer.startswith("Bearer "):
            token = bearer.removeprefix("Bearer ").strip()
            user = await in_database(access.user_of_token, token)
            return None if user is None else (user, Standing(user.pk, token=token))
        if hello.ticket is not None:
            user = await in_database(access.redeem_ticket, hello.ticket)
            return None if user is None else (user, Standing(user.pk))
        user = self.scope.get("user")
        # A cookie is sent by the browser for whoever asks: the page that asks must be ours.
        origin, host = (headers.get(name, b"").decode("latin1") for name in (b"origin", b"host"))
        if user is not None and user.is_authenticated and same_origin(origin, host):
            return user, Standing(user.pk, cookie=self.scope["session"].session_key)
        return None

    async def _hello(self, frame: frames.ClientFrame) -> None:
        hello = protocol.body(frame.d, Hello)
        known = await self._authenticate(hello)
        if known is None:
            await self._bye(Close.NOT_AUTHENTICATED, "Log in first, or send a valid token or ticket.", reconnect=False)
            return
        user, standing = known
        try:
            await rate_limits.spend("sockets", "user", str(user.pk))
        except CommandError as error:
            await self._too_many(error)
            return
        if _sockets[user.pk] >= conf.SOCKETS_PER_USER:
            await self._bye(Close.TOO_MANY, f"At most {conf.SOCKETS_PER_USER} sockets a user.", reconnect=False)
            return
        # Counted before anything is awaited: sockets that are opened together count each other.
        self._count(user)
        try:
            session_id = await in_database(opening.session_for, user, hello)
            await self._join(session_id)
            opened = await in_database(opening.open_session, user, session_id, hello)
            if settings.TUTOR_CHECK_STREAMS:
                # The first socket of a process makes the machine, and may have to read its course.
                machine = await in_database(conf.machine, opened.session.machine, opened.session.machine_args)
                self.checked = CheckedStream(self.conn, opened.view.visibility, machine.states)
                self.checked.asked(frame.id)
        except BaseException:
            self._uncount()  # another hello may follow
            raise
        self.view, self.standing, self.asked_at = opened.view, standing, asyncio.get_running_loop().time()
        try:
            await self._welcome(frame, opened)
        except Exception as error:
            # Half an opening is none: what was sent of it is not known any more, so only another socket can go on.
            await self._error(internal(error), frame.id)
            await self._bye(Close.INTERNAL, "The session could not be opened; please come again.", reconnect=True)

    def _count(self, user: Any) -> None:
        self.user = user
        _sockets[user.pk] += 1

    def _uncount(self) -> None:
        user, self.user = self.user, None
        if user is not None:
            _sockets[user.pk] -= 1
            if not _sockets[user.pk]:
                del _sockets[user.pk]

    async def _join(self, session_id: uuid.UUID) -> None:
        """Subscribe to hints. Without Redis the socket lives by looking; news found so make it join again."""
        try:
            await self.channel_layer.group_add(hints.group(session_id), self.channel_name)
        except Exception:
            logger.warning("action=join.failed conn=%s", self.conn, exc_info=True)

    async def _welcome(self, frame: frames.ClientFrame, opened: opening.Opened) -> None:
        session = opened.session
        sid = str(session.pk)
        self.log_id = session.log_id
        active = opened.active
        text = await self._written(session.pk, active.turn) if active else None
        if active and text:
            active = frames.Active(turn=active.turn, attempt=text.attempt, off=len(text.text), phase="streaming")
        d = frames.Welcome(
            conn=self.conn,
            session=sid,
            log_id=session.log_id,
            head=opened.head,
            floor=0,
            first=opened.first,
            state=session.state,
            active=active,
            queue=inspection.queue(session),
            deadline=inspection.next_deadline(session),
            policy=session.on_busy,
            course=session.course,
            live=session.live,
            role=opened.view.role,
            read_only=opened.view.read_only,
            limits=_LIMITS,
            beat_s=conf.BEAT_S,
        )
        self._send(protocol.server_frame("welcome", sid, d, cause=frame.id))
        if opened.resync:
            resync = frames.Resync(log_id=d.log_id, head=d.head, first=d.first, state=d.state)
            self._send(protocol.server_frame("resync", sid, resync, cause=frame.id))
        self.sent = opened.after
        self._resume_output(active, opened.out)
        for line in opened.lines:
            self._send_line(line)
            await self.outgoing.room(conf.REPLAY_BACKLOG_BYTES)
        self.looked = opened.read_upto
        if opened.read_upto < session.head:
            await self._read()
        self.sent = max(self.sent, opened.head)
        # From here on pieces are taken as they come; what came before them is read.
        news.listener().subscribe(session.pk, self._output_arrived)
        await self._catch_up_output()
        self._send(protocol.server_frame("live", sid, frames.Live(head=self.sent), cause=frame.id))
        if not session.live:
            await self._bye(Close.SESSION_CLOSED, "The session is closed; its history stays readable.", reconnect=False)
            return

    # --- delivery of log rows ------------------------------------------------------------------------------------

    async def session_look(self, message: dict[str, Any]) -> None:
        """A hint arrived: rows that directly follow are taken from it, otherwise the database is asked."""
        if self.view is None or self.closed or 0 <= message["head"] <= self.looked:
            return
        if message["rows"] is not None and message["prev"] <= self.looked:
            await self._take_rows(message["prev"], [Line(*row) for row in message["rows"]])
        else:
            await self._read()

    async def _take_rows(self, prev: int, lines: Sequence[Line]) -> None:
        """Rows of one commit, which begins after ``prev``."""
        if prev > self.looked:
            await self._read()  # something before them was missed
            return
        for line in lines:
            if line.seq > self.looked:
                self._send_line(line)
        self.looked = max(self.looked, lines[-1].seq if lines else prev)

    async def _compare(self) -> None:
        """Catch up with the database where it has more than this socket has looked at."""
        assert self.view is not None  # noqa: S101 — callers have a view
        head = await heads().of(self.view.session)
        if head is None or head > self.looked:
            await self._read()

    async def _read(self) -> None:
        """Catch up with the database."""
        assert self.view is not None  # noqa: S101 — callers have a view
        start = self.looked
        while True:
            lines, head = await in_database(opening.catch_up, self.view, start)
            for line in lines:
                self._send_line(line)
                await self.outgoing.room(conf.REPLAY_BACKLOG_BYTES)
            if len(lines) < conf.PAGE_EVENTS:
                self.looked = max(self.looked, head)
                return
            start = lines[-1].seq

    def _send_line(self, line: Line) -> None:
        assert self.view is not None  # noqa: S101 — callers have a view
        if line.visibility > self.view.visibility or line.seq <= self.sent or self.closed:
            return
        self.sent = line.seq
        if line.kind == "output.committed" and line.turn is not None and line.turn == self.text.turn:
            self._finish_output(line)
        self._send(protocol.event_frame(str(self.view.session), line))
        if line.kind == "turn.started" and line.turn != self.text.turn:
            self.text.begin(line.turn)
            if self.output_missing:
                self._read_output()  # a piece was faster than its turn
        elif line.kind == "turn.finished" and line.turn == self.text.turn:
            self.text.begin(None)
        elif line.kind == "session.closed" and self.view.role == "learner":
            self.farewell = asyncio.get_running_loop().create_task(self._closed_soon())

    # --- streamed text -------------------------------------------------------------------------------------------

    async def _written(self, session: uuid.UUID, turn: str, attempt: int = 0, off: int = 0) -> Written | None:
        """Text from the buffer. Without Redis there is none; it will come with its commit."""
        try:
            return await buffer.read(session, turn, attempt, off)
        except redis.RedisError as error:
            logger.warning("action=output.not_read conn=%s error=%s", self.conn, error)
            return None

    def _resume_output(self, active: Active | None, out: OutputCursor | None) -> None:
        """What the client says it has of the running turn's text counts as sent."""
        turn = active.turn if active else None
        if out is not None and out.turn == turn:
            self.text.begin(turn, out.attempt, out.off)
        else:
            self.text.begin(turn)

    def _output_arrived(self, piece: Piece | None) -> None:
        """A worker has written something (None: perhaps). Nothing here waits: what is missing is read beside it."""
        if self.closed:
            return
        if piece is None or piece.turn != self.text.turn or self.outgoing.backlog > conf.OUTPUT_BACKLOG_BYTES:
            # Of a turn that is not known yet, or for a client that reads slowly: one larger piece later.
            self.output_missing = True
            if piece is None:
                self._read_output()
        else:
            self._tell_output(piece.attempt, piece.off, piece.text)

    def _tell_output(self, attempt: int, off: int, text: str) -> None:
        assert self.view is not None  # noqa: S101 — there is no output without a view
        turn = self.text.turn
        if turn is None:
            return
        told = self.text.take(turn, attempt, off, text)
        for kind, d in told.frames:
            self._send(protocol.server_frame(kind, str(self.view.session), d, turn=turn))
        if told.gap:
            self._read_output()

    def _finish_output(self, line: Line) -> None:
        """The text of a stream is about to be sent as committed: what is missing of it goes before, as text."""
        text, attempt = committed(line.payload)
        if attempt is not None:
            if self.text.off:
                self._tell_output(attempt, 0, text)
            self.text.commit(attempt)

    def _emptied(self) -> None:
        """The client has read everything: text that was held back meanwhile can go."""
        if self.output_missing and not self.closed:
            self._read_output()

    def _read_output(self) -> None:
        self.output_missing = True
        if self.output_reading is None and not self.closed:
            self.output_reading = asyncio.get_running_loop().create_task(self._catch_up_output())
            self.output_reading.add_done_callback(self._output_read)

    def _output_read(self, task: asyncio.Task[None]) -> None:
        self.output_reading = None
        if self.output_missing and not task.cancelled():
            self._read_output()  # more was missed while it was read

    async def _catch_up_output(self) -> None:
        """Read from the buffer what this socket has not been sent."""
        assert self.view is not None  # noqa: S101 — there is no output without a view
        self.output_missing = False
        turn = self.text.turn
        if turn is None:
            return
        found = await self._written(self.view.session, turn, self.text.attempt, self.text.off)
        if found is not None and turn == self.text.turn and not self.closed:
            # Pieces may have come meanwhile: what overlaps is dropped, like everywhere.
            self._tell_output(found.attempt, found.off, found.text)

    async def _closed_soon(self) -> None:
        """Sockets that did not close the session themselves learn of it after its last event."""
        await asyncio.sleep(1)
        await self._bye(Close.SESSION_CLOSED, "The session is closed.", reconnect=False)


def _view_again(standing: Standing, view: View) -> View | None:
    """The view that a user has now; None: the user has nothing any more. Raises ``CommandError``."""
    user = standing.again()
    if user is None or view.role == "learner":
        return None if user is None else view  # a session is its learner's for ever
    return open_view(user, view.session)[0]


#: Errors of the opening that end the socket.
_OPENING_FAILED: dict[str, int] = {
    "not_found": Close.NOT_FOUND,
    "bad_frame": Close.BAD_FRAME,
    "internal": Close.INTERNAL,
}


def same_origin(origin: str, host: str) -> bool:
    """Whether a browser's page of this origin may use a login cookie here: ours, or one of CSRF_TRUSTED_ORIGINS."""
    parts = urlsplit(origin)
    if not parts.hostname or not validate_host(parts.hostname, settings.ALLOWED_HOSTS):
        return origin in settings.CSRF_TRUSTED_ORIGINS
    return parts.netloc.lower() == host.lower() or origin in settings.CSRF_TRUSTED_ORIGINS


def internal(error: Exception) -> CommandError:
    """An error of ours: details go to the log under a reference, not to the client."""
    reference = uuid.uuid4().hex[:12]
    logger.error("action=command.failed ref=%s", reference, exc_info=error)
    if isinstance(error, SessionError):
        return CommandError(
            "unavailable", "The session cannot take this right now. Please try again.", detail={"ref": reference}
        )
    return CommandError("internal", "Something went wrong on our side. Please try again.", detail={"ref": reference})
