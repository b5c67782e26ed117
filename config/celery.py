"""The Celery application of the worker fleet."""

from __future__ import annotations

import os
import warnings

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# The warning is about pickled messages, which could run code as root; ours are JSON ids without authority.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("tutor")
app.set_default()  # threads that publish hints have no app of their own
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
