"""The project's settings with a channel layer that loses, doubles and reorders, in every process of a system."""

from __future__ import annotations

from config.settings import *  # noqa: F403
from config.settings import CHANNEL_LAYERS, INSTALLED_APPS

CHANNEL_LAYERS = {
    "default": {**CHANNEL_LAYERS["default"], "BACKEND": "tests.faults.layer.LossyLayer"},
}
INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.apps.Faults"]
