"""What a server of child processes loads before it forks the first one (``tools_app.children``)."""

from __future__ import annotations

import django

django.setup()
