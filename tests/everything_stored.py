"""Looks for a word wherever anything is stored: every column of every table, and every key of Redis."""

from __future__ import annotations

from typing import Any

import redis
from django.conf import settings
from django.db import connection

_COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
 WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'bytea',
       'ARRAY', 'USER-DEFINED', 'xml', 'tsvector')
 ORDER BY table_name, column_name
"""


def in_database(word: str) -> dict[str, int]:
    """Where it stands: ``table.column`` -> number of rows. Upper and lower case are the same."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for table, column, kind in cursor.fetchall():
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE position(%s in lower({text})) > 0', [word.lower()])
            (rows,) = cursor.fetchone()
            if rows:
                found[f"{table}.{column}"] = rows
    return found


def in_redis(word: str) -> list[str]:
    """Keys of the broker's and the layer's databases whose name or value has it."""
    found = []
    for url in (settings.BROKER_URL, settings.LAYER_URL):
        with redis.Redis.from_url(url) as client:
            found += [key.decode() for key in client.scan_iter() if _has(word, key, client)]
    return found


def _has(word: str, key: bytes, client: Any) -> bool:
    kind = client.type(key)
    read: dict[bytes, Any] = {
        b"string": lambda: [client.get(key)],
        b"hash": lambda: [part for item in client.hgetall(key).items() for part in item],
        b"list": lambda: client.lrange(key, 0, -1),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"stream": lambda: [repr(client.xrange(key)).encode()],
    }
    values = [key, *(value for value in (read[kind]() if kind in read else []) if value is not None)]
    # Streamed text is stored as UTF-32 (``sessions_app.output.buffer``).
    words = (word.encode(), word.encode("utf-32-le"))
    return any(one in value for value in values for one in words)
