from django.apps import AppConfig


class ConfigApp(AppConfig):
    """The composition root; an app so that Django finds its commands and every process has the broker's settings."""

    name = "config"
    verbose_name = "Running the system"

    def ready(self) -> None:
        from config import celery  # noqa: F401, PLC0415 — makes the Celery application the default one
