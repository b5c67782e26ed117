"""A database clock that tests set: ``clock_timestamp()`` of a schema of its own, found before the real one.

Whatever the kernel asks the database for the time, in whichever process or thread, it gets this clock. It goes on by
itself for at most 0.4 s, so that a slow machine changes nothing; the rest is ``pass_s``, in whole seconds. So a time
that ends on half a second is never reached "just now".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_INSTALL = """
CREATE SCHEMA model;
CREATE TABLE model.clock (at timestamptz, since timestamptz);
INSERT INTO model.clock VALUES (date_trunc('second', pg_catalog.clock_timestamp()) + interval '1 day',
                                pg_catalog.clock_timestamp());
CREATE FUNCTION model.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT at + least(pg_catalog.clock_timestamp() - since, interval '0.4 s') FROM model.clock
$$;
"""


class DatabaseClock:
    """The clock, in whole seconds since it was installed."""

    def __init__(self) -> None:
        self.now_s = 0

    def pass_s(self, seconds: int) -> None:
        """Let time pass."""
        self.now_s += seconds
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE model.clock SET at = at + make_interval(secs => %s), since = pg_catalog.clock_timestamp()",
                [seconds],
            )


@contextmanager
def database_clock() -> Iterator[DatabaseClock]:
    """Install the clock in the test's database, for every connection made from now on."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(_INSTALL)
        cursor.execute(f'ALTER DATABASE "{name}" SET search_path = model, pg_catalog, public')
    _reconnect()
    try:
        yield DatabaseClock()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" RESET search_path')
            cursor.execute("DROP SCHEMA model CASCADE")
        _reconnect()


def _reconnect() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
