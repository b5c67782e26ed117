from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    """The kernel: a session row is a process."""

    name = "sessions_app"
    verbose_name = "Tutoring sessions"
