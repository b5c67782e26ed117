"""Makes the project's own commands (``manage.py run``) known to Django."""

from django.apps import AppConfig


class ConfigApp(AppConfig):
    name = "config"
