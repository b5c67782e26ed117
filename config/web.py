"""``python -m config.web``: the web server process.

uvicorn with the fastest WebSocket implementation it has, and one thing it lacks: on SIGTERM the application first tells
its sockets to move (``bye``, close code 1001), spread over time; only then the server stops listening and closes what
is left. So clients do not return all at once.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable

import uvicorn

from config import environment as env
from config.services.ports import listen

logger = logging.getLogger(__name__)

#: The application has this long to say goodbye to its sockets.
DRAIN_LIMIT_S = 10.0
#: Requests and sockets still open after the drain have this long to end.
SHUTDOWN_LIMIT_S = 15
#: Above this a frame closes the socket with 1009; the application refuses far shorter ones politely.
FRAME_LIMIT_BYTES = 1024 * 1024
#: Frames of one socket waiting to be read; then its sender has to wait.
FRAMES_WAITING = 16
PING_EVERY_S = 20.0
PING_ANSWER_LIMIT_S = 20.0

Drain = Callable[[], Awaitable[object]]


class DrainingServer(uvicorn.Server):
    """A server that awaits ``drain`` between the signal and its own shutdown. A second signal ends the waiting."""

    def __init__(self, config: uvicorn.Config, drain: Drain) -> None:
        super().__init__(config)
        self._drain = drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._say_goodbye()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: object) -> None:
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    async def _say_goodbye(self) -> None:
        goodbye = asyncio.ensure_future(self._drain())
        deadline = asyncio.get_running_loop().time() + DRAIN_LIMIT_S
        while not goodbye.done() and not self.force_exit and asyncio.get_running_loop().time() < deadline:
            await asyncio.wait([goodbye], timeout=0.1)
        if not goodbye.done():
            goodbye.cancel()
            logger.warning("Draining was cut short; the remaining sockets are closed without a goodbye")
        elif error := goodbye.exception():
            logger.error("Draining failed; the sockets are closed without a goodbye", exc_info=error)


def serve(application: object, listener: socket.socket, drain: Drain) -> None:
    """Serve until SIGTERM or SIGINT; returns after a clean shutdown."""
    server(application, drain).run(sockets=[listener])


def server(application: object, drain: Drain) -> DrainingServer:
    """The server, not yet running."""
    config = uvicorn.Config(
        application,  # type: ignore[arg-type]
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=FRAME_LIMIT_BYTES,
        ws_max_queue=FRAMES_WAITING,
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PING_ANSWER_LIMIT_S,
        ws_per_message_deflate=False,
        lifespan="off",
        timeout_graceful_shutdown=SHUTDOWN_LIMIT_S,
        access_log=env.flag("ACCESS_LOG"),
        # Django's LOGGING is in force.
        log_config=None,
        server_header=False,
    )
    return DrainingServer(config, drain)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.web", description="Serve pages, the API and WebSockets.")
    parser.add_argument("--fd", type=int, help="a listening socket inherited from the supervisor")
    arguments = parser.parse_args()

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # After the parser and the variable above: --help needs no settings, and importing the application reads them.
    from config.asgi import application  # noqa: PLC0415
    from sessions_app.draining import drain  # noqa: PLC0415
    from sessions_app.garbage import collect_seldom  # noqa: PLC0415

    if arguments.fd is None:
        listener = listen(env.text("HOST", "127.0.0.1"), env.integer("PORT", 8000), next_free=False)
    else:
        listener = socket.socket(fileno=arguments.fd)
    collect_seldom()
    serve(application, listener, drain)


if __name__ == "__main__":
    main()
