"""The turn benchmark: our turn beside floors that do only the turn's own work. ``python -m tests.bench --help``."""
