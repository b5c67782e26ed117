"""Which services a ``manage.py`` command needs, and giving them to it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

from config.services.data_folder import DataFolder
from config.services.holding import EmbeddedServices

#: Commands that touch neither database nor broker.
_NEED_NOTHING = {
    "help",
    "version",
    "chat",  # talks to a running server, over the network
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "evaluate",  # courses come from their files
    "findstatic",
    "makemessages",
    "startapp",
    "startproject",
}
#: The same for a part of a command.
_NEED_NOTHING_WHERE = {("course", "check"), ("course", "import")}
#: Names the variables whose servers are embedded, for `run`, which looks after them and its children's environment.
EMBEDDED = "TUTOR_EMBEDDED"


def needs_services(argv: Sequence[str]) -> bool:
    """Whether a command line such as ``["manage.py", "migrate"]`` uses the database or the broker."""
    command, *options = argv[1:] or ["help"]
    if command.startswith("-") or command in _NEED_NOTHING:
        return False
    if {"-h", "--help"} & set(options) or (command, *options[:1]) in _NEED_NOTHING_WHERE:
        return False
    return command != "check" or any(option.startswith("--database") for option in options)


@contextlib.contextmanager
def services_for(argv: Sequence[str]) -> Iterator[None]:
    """Have ``DATABASE_URL`` and ``REDIS_URL`` in the environment while the command runs; start what they do not name.

    Raises ``ServiceError``.
    """
    if not needs_services(argv):
        yield
        return
    starts_system = argv[1] == "run"
    real = bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
    if real and not starts_system:
        yield
        return
    data = DataFolder.of_environment()
    # A command in a second terminal signs and checks what the running system does: they share its key.
    os.environ.setdefault("DJANGO_SECRET_KEY", data.secret("django"))
    if starts_system:
        os.environ.setdefault("TUTOR_DEMO", "1")
    with EmbeddedServices.missing_from(os.environ, data) as services:
        os.environ.update(services.urls)
        os.environ[EMBEDDED] = ",".join(services.urls)
        yield
