from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    """The kernel: a session row is a process."""

    name = "sessions_app"
    verbose_name = "Tutoring sessions"

    def ready(self) -> None:
        from sessions_app.personal_data import own_places  # noqa: PLC0415 — models are ready only now

        own_places.register_all()
