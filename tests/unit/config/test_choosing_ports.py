from __future__ import annotations

import pytest

from config.services.ports import free_port, is_free, listen


def test_a_free_port_can_be_bound() -> None:
    assert is_free(free_port())


def test_the_preferred_port_is_taken_when_free_and_left_when_not() -> None:
    port = free_port()
    assert free_port(preferred=port) == port

    with listen("127.0.0.1", port, next_free=False):
        assert free_port(preferred=port) != port


def test_the_next_free_port_is_used_only_where_asked() -> None:
    with listen("127.0.0.1", free_port(), next_free=False) as first:
        taken = first.getsockname()[1]

        with listen("127.0.0.1", taken, next_free=True) as second:
            assert taken < second.getsockname()[1] <= taken + 100
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", taken, next_free=False)
