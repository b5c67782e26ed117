"""Finding tools and observers: the modules and packages that the settings name, and all modules in the packages."""

from __future__ import annotations

import importlib
import pkgutil

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tutor.observers import registry as observers


def load() -> None:
    """Import every module that has tools. Raises ``ImproperlyConfigured`` where one cannot be imported.

    A tool that is missing would fail call by call in front of learners; a worker that does not start is noticed.
    """
    for name in settings.TUTOR_TOOLS:
        try:
            module = importlib.import_module(name)
            for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
                importlib.import_module(found.name)
        except (ImportError, TypeError) as error:
            raise ImproperlyConfigured(f"settings.TUTOR_TOOLS: {name} has no usable tools: {error}") from error


def load_observers() -> None:
    """Import every module that has observers. Raises ``ImproperlyConfigured`` as ``load`` does, and for a name in
    ``settings.TUTOR_OBSERVERS_ON`` that no observer has."""
    try:
        observers.load(settings.TUTOR_OBSERVERS)
        for name in settings.TUTOR_OBSERVERS_ON or ():
            observers.find(name)
    except (ImportError, TypeError, LookupError) as error:
        raise ImproperlyConfigured(f"settings.TUTOR_OBSERVERS: {error}") from error
