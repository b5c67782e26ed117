#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL and REDIS_URL it finds, or starts, the embedded services."""

import os
import sys

from django.core.management import execute_from_command_line

from config.services import ServiceError
from config.services.for_command import services_for


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        # Before Django reads the settings: they take the addresses from the environment.
        with services_for(sys.argv):
            execute_from_command_line(sys.argv)
    except ServiceError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
