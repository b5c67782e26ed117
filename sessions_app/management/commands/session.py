"""``manage.py session``: look into live sessions and take hold of them, from any machine that reaches the database."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import secrets
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import IO, Any, cast

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console, Group, RenderableType
from rich.json import JSON
from rich.table import Table
from rich.text import Text

from sessions_app import branching, commands, compacting, conf, inspection, log, system, tracing
from sessions_app import history as sessions_history
from sessions_app.delivery import Delivered
from sessions_app.exceptions import CommandError as Refused
from sessions_app.exceptions import ControlRefused, UnknownSession
from sessions_app.frames import ClientFrame
from sessions_app.models import Session
from sessions_app.shown import shown
from sessions_app.tracing import Traced
from sessions_app.view import View
from sessions_app.why import Why, why
from tutor import projections

#: How long ``trace`` goes on without ``--for``, in seconds.
TRACE_S = 600
#: Longest text of one cell, in characters.
CELL_CHARS = 100

_ID = "id of the session, the beginning of one, or its name: 7:fractions, ada:fractions"


class Command(BaseCommand):
    """Each action prints a table, or with ``--json`` one JSON value (``trace``: one for each line)."""

    help = "Look into live sessions and take hold of them: list, show, why, state, status, suspend, resume, …"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.HelpFormatter
        actions = parser.add_subparsers(dest="action", required=True)

        def action(name: str, words: str, *, session: bool = True) -> argparse.ArgumentParser:
            added: argparse.ArgumentParser = actions.add_parser(name, help=words, description=words)
            if session:
                added.add_argument("session", metavar="ID", help=_ID)
            added.add_argument("--json", action="store_true", help="print JSON")
            return added

        listing = action("list", "live sessions, the newest first", session=False)
        listing.add_argument("--all", action="store_true", help="closed ones, too")
        listing.add_argument("--suspended", action="store_true", help="suspended ones only")
        listing.add_argument("--stuck", action="store_true", help="those only for which somebody has to act")
        listing.add_argument("--limit", type=_positive, default=50, help="at most so many are looked at (default: 50)")
        action("show", "what a session is, what it waits for, and its newest interactions")
        action("why", "why it does not go on: waiting for what, since when, until when, who holds it, what next")
        action("state", "its state and data, as replace-state takes them")
        action("status", "all that the kernel knows of it")
        action("suspend", "handle nothing from now on; events are accepted and wait")
        action("resume", "handle what has waited, then go on")
        action("restart", "begin again with the original arguments; the log goes on")
        replacing = action("replace-state", "put another state, and other data, in place; not a state change")
        replacing.add_argument("state", help="one of the machine's states")
        replacing.add_argument("--data", help="JSON object, as `state` prints it; @file reads a file (default: keep)")
        resolving = action("resolve", "decide about a call in doubt: run it again, or give it up")
        resolving.add_argument("call", help="the call's ref, as `why` tells it")
        resolving.add_argument("decision", choices=["retry", "skip"])
        tracing_ = action("trace", "follow what the engine does, in whichever process, until Ctrl-C")
        tracing_.add_argument(
            "--for", type=_positive, dest="seconds", metavar="SECONDS", default=TRACE_S,
            help=f"how long (default: {TRACE_S}, at most {conf.TRACE_MOST_S})",
        )  # fmt: skip
        forking = action("fork", "a new session that goes on from what this one was at a seq")
        forking.add_argument("--at", type=_positive, required=True, metavar="SEQ", help="the end of its commit counts")
        rewinding = action(
            "rewind", "go on from an earlier seq; what came after it is taken back, and stays in the log"
        )
        rewinding.add_argument(
            "--to", type=_positive, required=True, metavar="SEQ", help="the end of its commit counts"
        )
        action("compact", "have everything but the last turns summed up for message chains; nothing is deleted")
        chain = action("chain", "what models were shown for a tool call, built again and compared with its digest")
        chain.add_argument("--call", required=True, metavar="REF", help="the call, such as c3")
        projecting = action("project", "a view of it, as its log was at a seq")
        names = sorted({one.name for one in projections.PROJECTIONS} | {sessions_history.STATE})
        projecting.add_argument("--as", dest="view", choices=names, default="transcript", help="(default: transcript)")
        projecting.add_argument("--at", type=_positive, metavar="SEQ", help="default: now")
        history = action("history", "its interaction log")
        history.add_argument("--after", type=int, default=0, metavar="SEQ", help="begin after this seq")
        history.add_argument("--kind", help="this kind only, such as step or turn.finished")
        history.add_argument("--limit", type=_positive, default=100, help="at most so many (default: 100)")

    def handle(self, *_: Any, **options: Any) -> None:
        console = Console(file=cast("IO[str]", self.stdout._out), highlight=False)
        # A pipe has no width to fit into; a person's terminal has.
        if not console.is_terminal:
            console.width = 200
        try:
            if options["action"] == "list":
                answers = _list(options)
            else:
                answers = _ACTIONS[options["action"]](system.find(options["session"]), options)
            for shown in answers:
                if options["json"]:
                    self.stdout.write(json.dumps(shown.plain, default=str))
                    self.stdout.flush()  # a trace is read while it goes on
                else:
                    console.print(shown.table)
        except (UnknownSession, ControlRefused, Refused, ValueError) as error:
            raise CommandError(str(error)) from None


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


class _Shown:
    """One answer, as JSON values and for people."""

    def __init__(self, plain: Any, table: RenderableType) -> None:
        self.plain, self.table = plain, table


def _actor() -> str:
    return f"{getpass.getuser()} (manage.py)"


# --- looking -----------------------------------------------------------------------------------------------------


def _list(options: dict[str, Any]) -> Iterator[_Shown]:
    rows = Session.objects.select_related("learner").order_by("-created_at")
    if not options["all"]:
        rows = rows.filter(live=True)
    if options["suspended"]:
        rows = rows.filter(live=True, status=Session.Status.SUSPENDED)
    table = _table("session", "learner", "course", "machine", "state", "since", "status", "waiting for")
    plain = []
    for row in rows[: options["limit"]]:
        reason = why(row.pk, locks=False)
        if options["stuck"] and not reason.stuck:
            continue
        status = inspection.state_and_status(row.pk)[1]
        waiting = " and ".join(wait.what for wait in reason.waits)
        plain.append(
            {
                "session": str(row.pk),
                "name": row.name,
                "learner": row.learner.get_username(),
                "course": row.course,
                "machine": row.machine,
                "state": row.state,
                "since": row.state_since.isoformat(),
                "status": status,
                "stuck": reason.stuck,
                "waiting_for": waiting,
            }
        )
        table.add_row(
            row.pk.hex[:8], row.learner.get_username(), row.course, row.machine, row.state, _clock(row.state_since),
            status, Text(waiting, style="red" if reason.stuck else ""),
        )  # fmt: skip
    yield _Shown(plain, table if plain else Text("No session."))


def _show(session: uuid.UUID, _options: dict[str, Any]) -> Iterator[_Shown]:
    status, reason = system.get_status(session), why(session)
    entries = _entries(session, after=max(0, status["heads"]["head"] - 15), kind=None, limit=15)
    plain = {"status": status, "why": reason.plain(), "history": [_entry_plain(entry) for entry in entries]}
    yield _Shown(plain, Group(_status_table(status), _why_table(reason), _history_table(entries)))


def _why(session: uuid.UUID, _options: dict[str, Any]) -> Iterator[_Shown]:
    reason = why(session)
    yield _Shown(reason.plain(), _why_table(reason))


def _state(session: uuid.UUID, _options: dict[str, Any]) -> Iterator[_Shown]:
    state, data = system.get_state(session)
    yield _Shown({"state": state, "data": data}, Group(Text(state, style="bold"), JSON.from_data(data)))


def _status(session: uuid.UUID, _options: dict[str, Any]) -> Iterator[_Shown]:
    status = system.get_status(session)
    yield _Shown(status, _status_table(status))


def _history(session: uuid.UUID, options: dict[str, Any]) -> Iterator[_Shown]:
    entries = _entries(session, after=options["after"], kind=options["kind"], limit=options["limit"])
    yield _Shown([_entry_plain(entry) for entry in entries], _history_table(entries))


def _entries(session: uuid.UUID, *, after: int, kind: str | None, limit: int) -> list[log.Entry]:
    found = []
    for entry in log.read(session, after=after):
        if kind is None or entry.kind == kind:
            found.append(entry)
        if len(found) == limit:
            break
    return found


# --- taking hold -------------------------------------------------------------------------------------------------


def _suspend(session: uuid.UUID, _options: dict[str, Any]) -> Iterator[_Shown]:
    done = system.suspend(session, actor=_actor())
    yield _done(done, "Suspended. Events are accepted and wait in the session until `session resume`.")


def _resume(session: uuid.UUID, _options: dict[str, Any]) -> Iterator[_Shown]:
    waited = len(system.get_status(session)["suspended"])
    done = system.resume(session, actor=_actor())
    yield _done(done, f"Resumed; {waited} waiting event(s) were handled. It is in state {done.state}.")


def _restart(session: uuid.UUID, _options: dict[str, Any]) -> Iterator[_Shown]:
    done = system.restart(session, actor=_actor())
    yield _done(done, f"Restarted. It is in state {done.state}.")


def _replace_state(session: uuid.UUID, options: dict[str, Any]) -> Iterator[_Shown]:
    data = None if options["data"] is None else _data(options["data"])
    done = system.replace_state(session, options["state"], data, actor=_actor())
    yield _done(done, f"Replaced. It is in state {done.state}.")


def _resolve(session: uuid.UUID, options: dict[str, Any]) -> Iterator[_Shown]:
    call, decision = options["call"], options["decision"]
    d = {"call": call, "decision": decision}
    frame = ClientFrame(t="tool.resolve", id=f"manage-{secrets.token_hex(8)}", d=d)
    try:
        reply, _ = asyncio.run(commands.handle(frame, View(session, 0, _actor(), "operator")))
    except Refused as refused:
        raise ValueError(refused.message) from None
    words = f"The call {call} runs again." if decision == "retry" else f"The call {call} was given up."
    yield _Shown({"session": str(session), **d, "seq": reply["seq"]}, Text(words, style="green"))


def _data(text: str) -> Any:
    """The JSON of ``--data``. Raises ``CommandError``."""
    try:
        if text.startswith("@"):
            with open(text[1:], encoding="utf-8") as file:
                text = file.read()
        return json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"--data is no JSON: {error}") from None


def _done(done: Delivered, words: str) -> _Shown:
    return _Shown({"session": str(done.session), "seq": done.seq, "state": done.state}, Text(words, style="green"))


def _fork(session: uuid.UUID, options: dict[str, Any]) -> Iterator[_Shown]:
    done = branching.fork(session, options["at"], actor=_actor(), by="operator")
    at = done.reply["at"]
    plain = {"session": str(done.session), "parent": str(session), "at": at, "state": done.state}
    yield _Shown(plain, Text(f"Session {done.session} goes on from seq {at}, in state {done.state}.", style="green"))


def _rewind(session: uuid.UUID, options: dict[str, Any]) -> Iterator[_Shown]:
    done = branching.rewind(session, options["to"], actor=_actor(), by="operator")
    yield _done(done, f"Rewound to seq {done.reply['to']}. It is in state {done.state}.")


def _compact(session: uuid.UUID, _options: dict[str, Any]) -> Iterator[_Shown]:
    done = compacting.request(session, actor=_actor())
    yield _done(done, f"Asked for, as call {done.reply['call']}; compaction.completed will stand in its log.")


def _chain(session: uuid.UUID, options: dict[str, Any]) -> Iterator[_Shown]:
    found = list(shown(session, options["call"]))
    if not found:
        raise ValueError(f"no model was asked for the call {options['call']}")
    for one in found:
        record = one.record
        plain = {
            "seq": one.seq, "record": msgspec.to_builtins(record), "messages": one.messages, "matches": one.matches,
            "why": one.why,
        }  # fmt: skip
        verdict = "these are the bytes that were sent" if one.matches else f"NOT the bytes that were sent: {one.why}"
        heading = (
            f"attempt {record.attempt}, {record.projection} version {record.projection_version}, "
            f"seq {record.first} to {record.upto}, {record.tokens} of {record.budget} tokens, sha256 {record.digest}"
        )
        table = _table("role", "content", title=heading)
        for message in one.messages or ():
            table.add_row(message["role"], Text(message["content"]))
        yield _Shown(plain, Group(table, Text(verdict, style="green" if one.matches else "red")))
        if not one.matches:
            raise ValueError(f"interaction {one.seq}: {one.why}")


def _project(session: uuid.UUID, options: dict[str, Any]) -> Iterator[_Shown]:
    view = json.loads(sessions_history.project(session, options["view"], at=options["at"]))
    yield _Shown(view, JSON.from_data(view))


def _trace(session: uuid.UUID, options: dict[str, Any]) -> Iterator[_Shown]:
    seconds = options["seconds"]
    switched = system.trace(session, seconds, actor=_actor())
    ours = _traced_until(session)
    try:
        for line in tracing.follow(session, after=switched.seq, seconds=seconds):
            yield _Shown({**msgspec.to_builtins(line)}, _trace_line(line))
    except KeyboardInterrupt:
        # Somebody else may have asked for a longer trace meanwhile: that one goes on.
        if _traced_until(session) == ours and Session.objects.filter(pk=session, live=True).exists():
            system.trace(session, 0, actor=_actor())


def _traced_until(session: uuid.UUID) -> int | None:
    kernel = Session.objects.values_list("kernel", flat=True).get(pk=session)
    until: int | None = kernel.get("trace")
    return until


#: What takes one session; ``list`` alone takes none.
_ACTIONS: dict[str, Callable[[uuid.UUID, dict[str, Any]], Iterator[_Shown]]] = {
    "show": _show,
    "why": _why,
    "state": _state,
    "status": _status,
    "suspend": _suspend,
    "resume": _resume,
    "restart": _restart,
    "replace-state": _replace_state,
    "resolve": _resolve,
    "trace": _trace,
    "fork": _fork,
    "rewind": _rewind,
    "compact": _compact,
    "chain": _chain,
    "project": _project,
    "history": _history,
}

# --- tables ------------------------------------------------------------------------------------------------------


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _status_table(status: dict[str, Any]) -> Table:
    table = _table("", "", title=f"Session {status['session']}")
    table.show_header = False
    rest = {key: value for key, value in status.items() if key not in {"session", "log"}}
    for key, value in rest.items():
        if value not in (None, [], {}):
            table.add_row(Text(key.replace("_", " "), style="dim"), _lines(key, value))
    return table


def _lines(key: str, value: Any) -> Text:
    """A value of the status: one line for each of several things."""
    if not isinstance(value, list):
        return _cell(value)
    return Text("\n").join(_cell(_ITEMS[key](one) if key in _ITEMS else one) for one in value)


def _why_table(reason: Why) -> Text:
    return Text("\n").join(Text(reason.sentence(wait), style="red" if wait.trouble else "") for wait in reason.waits)


def _history_table(entries: list[log.Entry]) -> Table:
    table = _table("seq", "at", "kind", "turn", "what")
    for entry in entries:
        at = datetime.fromtimestamp(entry.at_us / 1_000_000, UTC)
        table.add_row(str(entry.seq), _clock(at), entry.kind, entry.turn or "", _cell(_what(entry)))
    return table


def _what(entry: log.Entry) -> str:
    if entry.payload is None:
        return "(erased)"
    if entry.kind != "step":
        return entry.payload
    step = json.loads(entry.payload)
    moved = step["to"] if step["from"] == step["to"] else f"{step['from']} → {step['to']}"
    return f"{step['outcome']}: {_short(step['event'])} in {moved}"


def _entry_plain(entry: log.Entry) -> dict[str, Any]:
    payload = None if entry.payload is None else json.loads(entry.payload)
    return {"seq": entry.seq, "at": log.iso(entry.at_us), "kind": entry.kind, "turn": entry.turn, "payload": payload}


def _trace_line(line: Traced) -> Text:
    arguments = " ".join(_short(argument) for argument in line.arguments)
    if line.word == "start_timer":
        key, due_ms, *content = line.arguments
        due = datetime.fromtimestamp(due_ms / 1_000, UTC)
        arguments = " ".join([key, f"due {due:%H:%M:%S.%f}"[:-3], *map(_short, content)])
    return Text.assemble(
        (f"{line.at.astimezone(UTC):%H:%M:%S.%f}"[:-3], "dim"), f" {line.seq:>5} ", (f"{line.word:<14} ", "bold"),
        arguments,
    )  # fmt: skip


def _short(value: Any) -> str:
    """An event by its type and content, an effect by its name, anything else as it is."""
    if isinstance(value, dict) and "content" in value:
        content = dict(value["content"])
        kind = content.pop("kind", content.pop("note", ""))
        about = f" {json.dumps(content, ensure_ascii=False)}" if content else ""
        return _clipped(f"{{{value['type']}, {kind}{about}}}")
    if isinstance(value, dict) and "effect" in value:
        fields = {key: item for key, item in value.items() if key != "effect"}
        return _clipped(f"{value['effect']} {json.dumps(fields, ensure_ascii=False)}")
    return _clipped(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


#: How one of several things reads.
_ITEMS: dict[str, Callable[[Any], str]] = {
    "time_outs": lambda one: f"{one['time_out']} due {one['due']}",
    "postponed": _short,
    "suspended": lambda one: f"{_short(one['event'])} from the {one['by']}, {one['at']}",
    "quarantined": lambda one: f"{one['id']}: {_short(one['event'])} {one['reason']}",
    "calls": lambda one: (
        f"{one['ref']} {one['tool']} {one['status']}, attempt {one['attempt']} of {one['attempts']}, "
        f"queue {one['queue']}, {one['owner'] or 'no owner'}, deadline {one['deadline_at']}"
    ),
}


def _cell(value: Any) -> Text:
    return Text(_clipped(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)))


def _clipped(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= CELL_CHARS else f"{text[: CELL_CHARS - 1]}…"


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
