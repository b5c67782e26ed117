"""What a session may use of a model: set aside before it is asked, so that no request goes beyond it.

What a request may cost at most is reserved on its call's row; the reservation goes with the commit that settles the
call, or puts it back for another attempt, and charges what it really cost. Between both, others count it as used. What
a worker that was lost had reserved stays counted until its call has ended; what it really spent nobody can know.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import connection, transaction

from tools_app.exceptions import OverBudget, Refused

#: One session's reservations, one after the other; ends with the transaction.
_IN_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_USED = """
SELECT coalesce((SELECT u.input_tokens + u.output_tokens FROM tools_app_sessionusage u WHERE u.session_id = %s), 0)
     + coalesce((SELECT sum(c.reserved) FROM tools_app_toolcall c WHERE c.session_id = %s AND c.status <> 'ended'), 0)
"""
_RESERVE = """
UPDATE tools_app_toolcall SET reserved = reserved + %s
 WHERE session_id = %s AND ref = %s AND attempt = %s AND status = 'running'
"""


def reserve(session: uuid.UUID, call: str, attempt: int, tokens: int) -> None:
    """Set ``tokens`` aside for a request of a running call, at most what it may cost.

    Raises ``OverBudget`` where the session's calls would go beyond ``settings.LLM_SESSION_TOKENS``, and ``Refused``
    where the call runs elsewhere by now.
    """
    limit: int = settings.LLM_SESSION_TOKENS
    if not limit:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_IN_TURN, [f"tokens:{session}"])
        cursor.execute(_USED, [session, session])
        used = int((cursor.fetchone() or (0,))[0])
        if used + tokens > limit:
            raise OverBudget(
                f"the session has used {used} tokens of {limit} (LLM_SESSION_TOKENS), this request may cost {tokens}"
            )
        cursor.execute(_RESERVE, [tokens, session, call, attempt])
        if cursor.rowcount != 1:
            raise Refused(f"attempt {attempt} of {call} does not run here any more: it may not ask a model")
