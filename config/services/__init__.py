"""Embedded Postgres and Valkey: one machine needs nothing installed but Python.

Each service has its own small *keeper* process (``keeper.py``). Whoever needs the service holds a shared lock on a file
in the data folder; the keeper stops the service when nobody holds that lock any more. So a command that overlaps with
another finds the service running, the last one to end takes it along, and a holder that is killed holds nothing.
``DATABASE_URL`` and ``REDIS_URL`` name real servers instead; then nothing is started.
"""

from config.services.data_folder import DataFolder
from config.services.exceptions import ServerNotFoundError, ServiceError, StartError
from config.services.holding import EmbeddedServices

__all__ = ["DataFolder", "EmbeddedServices", "ServerNotFoundError", "ServiceError", "StartError"]
