"""Logs of real sessions as each release wrote them, in ``<release>.jsonl.xz``. Never edited, never removed."""
