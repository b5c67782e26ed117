from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    """The kernel: a session row is a process."""

    name = "sessions_app"
    verbose_name = "Tutoring sessions"

    def ready(self) -> None:
        # Registering is an import's side effect: the dispatch table fills before the first session is stepped.
        from sessions_app import ratings, reviews  # noqa: PLC0415 — models are ready only now

        del ratings, reviews
