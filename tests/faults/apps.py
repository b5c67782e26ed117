"""News of streamed text do not go through the channel layer: they are made as lossy here."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import AppConfig


class Faults(AppConfig):
    name = "tests.faults"
    label = "faults"

    def ready(self) -> None:
        from sessions_app.output import news
        from sessions_app.output.buffer import Piece
        from tests.faults.layer import chances

        publish = news.publish

        async def lossy(pieces: Sequence[Piece]) -> None:
            await chances.play(lambda: publish(pieces))

        setattr(news, "publish", lossy)  # noqa: B010 — for mypy, it is a function
