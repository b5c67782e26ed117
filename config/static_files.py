"""Static files under names that say what is in them, so that an upgrade never mixes old and new ones.

A page names ``page.<hash>.js``, and that module names the others the same way: whoever has the old page gets the old
modules from their cache, or from the folder, which keeps them. ``collectstatic`` writes them, compressed as well.
"""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Also in the import statements of ES modules."""

    support_js_module_import_aggregation = True
