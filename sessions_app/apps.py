from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    """The kernel: a session row is a process."""

    name = "sessions_app"
    verbose_name = "Tutoring sessions"

    def ready(self) -> None:
        # Registering is an import's side effect: what there is to know is known before the first session is stepped.
        from sessions_app import ratings, reviews  # noqa: PLC0415 — models are ready only now
        from sessions_app.files import conclusion  # noqa: PLC0415
        from sessions_app.personal_data import own_places  # noqa: PLC0415

        del conclusion, ratings, reviews
        own_places.register_all()
