"""The channel layer, as Channels and its consumers know it, with one more way to send: from any thread, at once.

``group_send`` needs an event loop and waits for Redis to answer each message. After a commit a thread has messages for
the sockets of many sessions, wants none of this, and may lose them: ``tell`` writes them all into one socket.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from channels_redis.utils import _consistent_hash, decode_hosts

from sessions_app.hint_socket import HintSocket, packed


class HintLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """One object a process. ``hosts`` are ``{"address": url, …}``: several share the groups by their names."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._prefix: str = options.get("prefix", "asgi")
        self._sockets = [HintSocket(host) for host in decode_hosts(options.get("hosts"))]
        os.register_at_fork(after_in_child=self._renew)

    def tell(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Send messages to groups, in order. Never waits and never raises: what cannot be sent is forgotten."""
        commands: defaultdict[int, list[bytes]] = defaultdict(list)
        for group, message in messages:
            channel = f"{self._prefix}__group__{group}"
            shard = _consistent_hash(channel, len(self._sockets))
            commands[shard].append(packed(channel, self.serialize(message)))
        for shard, packed_commands in commands.items():
            self._sockets[shard].send(b"".join(packed_commands))

    def hang_up(self) -> None:
        """Close what ``tell`` has opened; its next use opens it again."""
        for socket in self._sockets:
            socket.close()

    def _renew(self) -> None:
        for socket in self._sockets:
            socket.renew()


def hint_layer() -> HintLayer:
    """This process's. Raises ``TypeError`` where settings name another channel layer."""
    layer = get_channel_layer()
    if not isinstance(layer, HintLayer):
        raise TypeError('settings.CHANNEL_LAYERS["default"]["BACKEND"] must be sessions_app.hint_layer.HintLayer')
    return layer
