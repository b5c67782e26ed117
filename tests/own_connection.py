"""A connection to the test's database beside those of what is tested: it may be broken, and may break others."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection

_KEPT = ("host", "port", "dbname", "user", "password", "context")


def own_connection() -> psycopg.Connection[Any]:
    """A new one, where every statement commits by itself; values are adapted as on Django's. Close it."""
    known = connection.get_connection_params()
    return psycopg.connect(**{key: known[key] for key in _KEPT if known.get(key)}, autocommit=True)
