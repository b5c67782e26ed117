"""Limits of the tools, each with its unit."""

from __future__ import annotations

#: Attempts a call may have, lost contact included.
MAX_ATTEMPTS = 3
#: How often a worker says that it lives, in seconds, and how old its last word may be before its calls are taken away.
BEAT_S = 1.0
LEASE_S = 4.0
#: A queued call older than this is announced again, in seconds.
ANNOUNCE_AGAIN_S = 1.0
#: A worker looks for work by itself this often, in seconds: a lost hint costs this much.
LOOK_S = 1.0
#: Calls one worker process runs at once; calls claimed in one statement.
CONCURRENCY = 1_000
CLAIM_BATCH = 100
#: Threads of one worker process for tools that are plain functions.
SYNC_THREADS = 4
#: How long a stopping worker waits for calls in flight, in seconds; the rest is handed back.
DRAIN_S = 10.0
#: Largest arguments and results of a tool, in bytes of JSON.
ARGUMENT_BYTES = 64 * 1024
RESULT_BYTES = 256 * 1024
#: How long a call's scope outlives its deadline, in seconds: as long as its ending may be on its way.
SCOPE_GRACE_S = 60
#: How long a call in doubt waits for somebody to decide, in seconds; it then ends without a result.
PARKED_S = 86_400
#: Members of one group.
GROUP_CALLS = 32
#: Kept of an error text, in characters.
ERROR_CHARS = 500
#: First pause between two attempts, in seconds; doubles, with jitter.
BACKOFF_S = 0.5
#: Longest pause, in seconds.
BACKOFF_MOST_S = 8.0
