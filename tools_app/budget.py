"""What a session may use of a model: looked up before it is asked."""

from __future__ import annotations

import uuid

from django.conf import settings

from tools_app.exceptions import OverBudget
from tools_app.models import SessionUsage


def check(session: uuid.UUID) -> None:
    """Raises ``OverBudget`` where the session's calls have used up ``settings.LLM_SESSION_TOKENS``.

    A call is counted when it ends; as one conversation call runs at a time, the limit may be exceeded by one.
    """
    limit: int = settings.LLM_SESSION_TOKENS
    if not limit:
        return
    usage = SessionUsage.objects.filter(session_id=session).first()
    used = usage.input_tokens + usage.output_tokens if usage is not None else 0
    if used >= limit:
        raise OverBudget(f"the session has used {used} tokens of {limit} (LLM_SESSION_TOKENS)")
