"""Static files under names that say what is in them, so that an upgrade never mixes old and new ones.

A page names ``page.<hash>.js``, and that module names the others the same way: whoever has the old page gets the old
modules from their cache, or from the folder, which keeps them. They are compressed as well.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from whitenoise.storage import CompressedManifestStaticFilesStorage

#: Says in the folder which files were collected there last.
_STAMP = "collected"


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Also in the import statements of ES modules."""

    support_js_module_import_aggregation = True


def collect(folder: Path) -> None:
    """What ``manage.py collectstatic`` does, in this process; nothing where the folder has these files already."""
    found: dict[str, Any] = {}
    for finder in get_finders():
        for path, storage in finder.list([]):
            found.setdefault(path, storage)
    digest = hashlib.sha256()
    for path in sorted(found):
        digest.update(path.encode() + b"\x00")
        with found[path].open(path) as file:
            digest.update(hashlib.sha256(file.read()).digest())
    stamp = folder / _STAMP
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    target = HashedFiles(location=folder, base_url=settings.STATIC_URL)
    for path, storage in found.items():
        target.delete(path)
        with storage.open(path) as file:
            target.save(path, file)
    for _, _, outcome in target.post_process({path: (storage, path) for path, storage in found.items()}):
        if isinstance(outcome, Exception):
            raise outcome
    # Last: whoever dies before this begins anew.
    stamp.write_text(digest.hexdigest())
