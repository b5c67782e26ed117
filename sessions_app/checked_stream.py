"""The grammar checker at work in the server, for debugging: what a socket is sent is checked, and nothing else happens.

On by ``settings.TUTOR_CHECK_STREAMS``. A violation is logged and counted (``tutor_stream_violations_total``); it never
breaks a socket, and the socket is not checked any further, for one broken rule breaks others.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

import msgspec

from sessions_app import frames, metrics
from sessions_app.stream_grammar import GrammarError, SocketGrammar, Stream
from tutor.interactions import Visibility

logger = logging.getLogger(__name__)


class CheckedStream:
    """The checker of one socket, from its ``welcome`` on."""

    def __init__(self, conn: str, visibility: Visibility, states: Collection[str] | None) -> None:
        self._conn = conn
        stream = Stream(whole=False, machine_states=states, kinds=frames.events_for(visibility), keep=False)
        self._grammar: SocketGrammar | None = SocketGrammar(stream)

    def asked(self, command_id: str | None) -> None:
        """A command has come, and will be answered."""
        if self._grammar is not None:
            self._grammar.sent(command_id)

    def told(self, frame: str) -> None:
        """A frame is sent."""
        if self._grammar is None:
            return
        try:
            self._grammar.received(msgspec.json.decode(frame))
        except GrammarError as error:
            self._grammar = None
            metrics.VIOLATIONS.add()
            logger.error("action=stream.violated conn=%s %s", self._conn, error)
