"""What an operator must put right, told once: a row in the admin, a line in the log and a mail to ``ADMINS``."""

from __future__ import annotations

import logging

from django.core.mail import mail_admins
from django.db import connection

logger = logging.getLogger(__name__)

#: The partial unique constraint makes one of all workers the one who tells.
_TELL = """
INSERT INTO tools_app_operatornotice (tool, reason, error) VALUES (%s, %s, %s)
    ON CONFLICT (tool, reason) WHERE settled_at IS NULL DO NOTHING RETURNING 1
"""


def tell(tool: str, reason: str, error: str) -> bool:
    """Tell the operator unless that has been done. Returns whether it was news."""
    with connection.cursor() as cursor:
        cursor.execute(_TELL, [tool, reason, error])
        news = cursor.fetchone() is not None
    if news:
        logger.critical("action=operator.told tool=%s reason=%s error=%s", tool, reason, error)
        mail_admins(f"The tool {tool} needs you: {reason}", error, fail_silently=True)
    return news
