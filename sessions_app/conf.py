"""Limits and names of the kernel, read from settings. Each limit has its unit in its name."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from django.conf import settings
from django.utils.module_loading import import_string

from sessions_app.exceptions import MoreToRead, UnknownMachine
from sessions_app.supervisor import Supervision

#: Longest text of a learner's message, in characters.
TEXT_CHARS = 2_000
#: Largest frame the application takes, in bytes; the transport takes 1 MiB and closes above.
FRAME_BYTES = 64 * 1024
#: Visible events replayed at an opening without a cursor.
REPLAY_EVENTS = 1_000
#: Events read from the log in one query.
PAGE_EVENTS = 500
#: Messages that may wait in one session's queue.
QUEUE_MESSAGES = 3
#: Live forks of one session.
LIVE_FORKS = 50
#: Events that may wait in a suspended session, a learner's commands among them; endings of calls come on top.
SUSPENDED_EVENTS = 20
#: Lines that one delivery may add to a trace, and the longest trace of a session, in seconds.
TRACE_LINES = 200
TRACE_MOST_S = 3_600
#: Sockets one user may have open at once, per web process.
SOCKETS_PER_USER = 20
#: How often a client should show that it lives, in seconds; three missed beats close the socket.
BEAT_S: int = settings.TUTOR_BEAT_S
MISSED_BEATS = 3
#: How often it is asked whether a user still has their rights, in seconds: before commands, and on a socket that only
#: beats. Teachers and operators are asked before every command, and while they look.
RIGHTS_S = 5.0
RIGHTS_IDLE_S = 60.0
#: How long the beat of an idle socket may wait for those of others, to be answered by one query, in seconds.
HEADS_WINDOW_S = 0.02
#: Refusals in a row, without a command that was let in, after which a socket that does not slow down is closed.
REFUSALS = 100
#: How long a new socket may take to say hello, in seconds.
HELLO_S = 5
#: How often a socket compares heads while a turn is active, in seconds: the channel layer may lose a hint.
LOOK_S = 5
#: A session whose due time-outs could not be looked at is looked at again after so many seconds.
LOOK_AGAIN_S = 5
#: Sessions that may share one transaction.
BATCH_SESSIONS = 64
#: After so many of them an event loop that plays a batch looks after its other tasks.
BREATH_SESSIONS = 8
#: Threads of one process that commit.
COMMIT_THREADS = 2
#: Whether event loops commit and claim by themselves, each of the two over a connection of its own. Where one failed to
#: open they try again after so many seconds.
COMMIT_ON_LOOPS = settings.DB_CONNECTIONS >= 6
LOOP_RECONNECT_S = 1.0
#: How long a loop that is asked to stop may take to finish its commits, in seconds.
LEAVE_S = 10.0
#: New objects after which Python looks for circular garbage among the youngest, rounds after which it looks among the
#: older ones, and rounds of those after which it looks at all (``garbage``).
GC_THRESHOLDS = (20_000, 20, 20)
#: Rows of a commit travel with the hint up to this many bytes; beyond it sockets read the database.
HINT_BYTES = 32 * 1024
#: Longest time a hint may take to be written, in seconds; hints that may wait for a connection to Redis.
HINT_SEND_S = 0.2
HINTS_WAITING = 1_000
#: Workers are sent at most one Celery message for a queue in so many seconds; the channel layer tells them at once.
WAKES_EVERY_S = 0.1
#: Bytes that may wait for a slow socket before it is closed and has to resume; while reading from the log, and before
#: streamed text is held back to be sent as one larger piece.
BACKLOG_BYTES = 4 * 1024 * 1024
REPLAY_BACKLOG_BYTES = 256 * 1024
OUTPUT_BACKLOG_BYTES = 16 * 1024
#: Longest time a closing socket may take for what still waits, in seconds.
FAREWELL_S = 1.0
#: Streamed text is told to sockets at most this often, in milliseconds; longest text of one turn, in characters.
OUTPUT_EVERY_MS = 50
OUTPUT_CHARS = 100_000
#: How long the text of a turn is kept after its last change, in seconds; longer than any call may take.
OUTPUT_TTL_S = 600
#: Longest wait for Redis where text is written or read, in seconds; pause before subscribing again; connections.
OUTPUT_REDIS_S = 1.0
OUTPUT_RECONNECT_S = 0.5
OUTPUT_CONNECTIONS = 16
#: Files of one session, their bytes together, and files that one learner may upload within an hour.
SESSION_FILES = 20
SESSION_FILE_BYTES = 100 * 1024 * 1024
FILES_PER_HOUR = 40
#: Longest name of a file, in characters; one piece of its bytes in the database; what a form may take beside its file.
FILE_NAME_CHARS = 120
FILE_CHUNK_BYTES = 256 * 1024
FORM_BYTES = 64 * 1024
#: Files that are given whole to whoever explains, in characters of all of them together; of longer ones, the sections
#: in which one of so many terms stands, at most so many.
WHOLE_FILES_CHARS = 12_000
SEARCH_TERMS = 20
SEARCHED_SECTIONS = 200
#: Bytes of a body that is too large which are read and thrown away, so that its sender reads why it was refused.
DISCARDED_BYTES = 256 * 1024 * 1024
#: For reading a file, all attempts together, in milliseconds.
EXTRACTION_DEADLINE_MS = 150_000
#: Bytes of which nobody said what they are for are deleted after so many seconds.
FILE_ABANDONED_S = 3_600
#: Sessions that one sweep of the retention erases at most.
RETENTION_SESSIONS = 100
#: Times an event is decided again after a stale write or a serialisation failure.
DELIVERY_TRIES = 5
#: Machines kept ready per process, and after how many seconds one is made anew.
MACHINES = 256
MACHINE_S = 300.0
#: Teachers' page of live sessions: how many it lists, how long one look at the database is good for everybody in a
#: process, in seconds, and how far back the newest note of an observer is looked for, in interactions.
LIVE_LISTED = 100
LIVE_LOOK_S = 2.0
NOTES_WITHIN = 300
SEARCH_CHARS = 100
#: A session that waits for a tool longer than this, in seconds, is asked why; so many of one look.
LONG_WAIT_S = 5.0
EXPLAINED = 10
#: How long a guest's token is valid, in days; a ticket in seconds.
TOKEN_DAYS = 90
TICKET_S = 60


_sorted = msgspec.json.Encoder(order="sorted")


def supervision(machine_name: str) -> Supervision:
    """How sessions of a machine are supervised: ``settings.TUTOR_SUPERVISION[name]``, else ``["*"]``."""
    table: dict[str, dict[str, Any]] = settings.TUTOR_SUPERVISION
    return msgspec.convert(table.get(machine_name, table.get("*", {})), Supervision)


class _Kept:
    """A machine, and when it was made."""

    def __init__(self, path: str, args: bytes) -> None:
        self.machine = import_string(path)(msgspec.json.decode(args))
        self.made_at = time.monotonic()


_machines: dict[tuple[str, bytes], _Kept] = {}


def machine(name: str, args: dict[str, Any], *, may_read: bool = True) -> Any:
    """The machine called ``name``, made for these arguments: one object per process, for machines are pure.

    It is made anew now and then (``MACHINE_S``): what it is made of may have been learned since, such as how hard
    questions are. Sessions do not notice more than of a new release. Raises ``UnknownMachine``; where it may not read
    the database, ``MoreToRead`` for a machine that would have to be made.
    """
    try:
        path = settings.TUTOR_MACHINES[name]
    except KeyError:
        raise UnknownMachine(f"{name!r} is not in settings.TUTOR_MACHINES; add it or close the session") from None
    key = (path, _sorted.encode(args))
    kept = _machines.get(key)
    if kept is None or time.monotonic() - kept.made_at > MACHINE_S:
        if not may_read:
            raise MoreToRead(f"what {name} is made of")
        # Two threads may both make one: either is right, and the last one stays.
        if len(_machines) >= MACHINES:
            _machines.clear()
        kept = _machines[key] = _Kept(*key)
    return kept.machine
