"""Fixtures of all tests."""

from __future__ import annotations

import hypothesis
import pytest
import redis

# No test is timed: machines are shared and noisy. A failure prints what replays it.
hypothesis.settings.register_profile("tutor", deadline=None, print_blob=True)
hypothesis.settings.load_profile("tutor")


@pytest.fixture
def redis_url() -> str:
    """The address of the broker's Redis database of this test process; the database is empty before the test."""
    from django.conf import settings

    with redis.Redis.from_url(settings.BROKER_URL) as broker, redis.Redis.from_url(settings.LAYER_URL) as layer:
        broker.flushdb()
        layer.flushdb()
    return settings.BROKER_URL
