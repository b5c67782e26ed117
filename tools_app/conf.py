"""Limits of the tools, each with its unit."""

from __future__ import annotations

#: Attempts a call may have, lost contact included.
MAX_ATTEMPTS = 3
#: How often a worker says that it lives, in seconds, and how old its last word may be before its calls are taken away.
BEAT_S = 0.5
LEASE_S = 3.5
#: A question to the database without an answer for so long, in seconds, that the connection must be dead: the server
#: itself ends every statement after 10 s.
STUCK_S = 30.0
#: A queued call older than this is announced again, in seconds.
ANNOUNCE_AGAIN_S = 1.0
#: A worker looks for work by itself this often, in seconds: a lost hint costs this much.
LOOK_S = 1.0
#: How far the calls of one session are spread in the order of claims, in seconds: each waits behind what others ask
#: for within this time.
SPACING_S = 1.0
#: Calls one worker process runs at once, by the pool that runs them: coroutines on its event loop, plain functions on
#: its threads (some more than there are threads, so that none is idle between two claims), and child processes.
LOOP_SLOTS = 1_200
THREADS = 8
THREAD_SLOTS = 64
#: Child processes of a worker, calls after which one is replaced, and what one may take beyond its start, in MiB.
CHILDREN = 2
CHILD_CALLS = 1_000
CHILD_MEMORY_MB = 512
#: The last of the slots, as a share, are kept for calls in their turn of courses that hold less than half of them.
KEPT = 0.1
#: Calls claimed in one statement.
CLAIM_BATCH = 100
#: How long a stopping worker waits for calls in flight, in seconds; the rest is handed back.
DRAIN_S = 10.0
#: Largest arguments and results of a tool, in bytes of JSON.
ARGUMENT_BYTES = 64 * 1024
RESULT_BYTES = 256 * 1024
#: How long a call's scope outlives its deadline, in seconds: as long as its ending may be on its way.
SCOPE_GRACE_S = 60
#: How long a call in doubt waits for somebody to decide, in seconds; it then ends without a result.
PARKED_S = 86_400
#: Kept of an error text, in characters.
ERROR_CHARS = 500
#: First pause between two attempts, in seconds; doubles, with jitter.
BACKOFF_S = 0.5
#: Longest pause, in seconds.
BACKOFF_MOST_S = 8.0
#: How long after something worth a look observers look, in seconds: what happens meanwhile is seen in the same look.
OBSERVE_AFTER_S = 2.0
#: How long one look at a session may take before somebody else looks; no observer begins in its last third.
OBSERVE_LEASE_S = 120.0
#: Interactions shown to an observer at once, and the most that a view is folded anew from (the newest ones).
OBSERVE_PAGE = 500
OBSERVE_HISTORY = 2_000
#: Largest job for an observer's process, in bytes of JSON.
OBSERVE_BYTES = 8 * 1024 * 1024
#: Pause before an observer that failed looks at the same session again, in seconds; doubles up to the longest.
OBSERVER_REST_S = 5.0
OBSERVER_REST_MOST_S = 300.0
#: Failures in a row after which it leaves that session alone until there is another version of it, and an operator is
#: told; failures in a row, whatever the session, after which a process leaves it alone, and for so many seconds.
OBSERVER_FAILURES = 5
OBSERVER_BREAKER_FAILURES = 3
OBSERVER_BREAKER_S = 60.0
#: How far the processes of observers stand back for others (nice).
OBSERVER_NICENESS = 5
