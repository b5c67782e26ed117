"""A page names its scripts by what is in them, and they name each other so: an upgrade never mixes old and new."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import httpx
import pytest

from tests.acceptance.live_system import LiveSystem

pytestmark = pytest.mark.acceptance

_NAMED = re.compile(r"\.[0-9a-f]{12}\.(js|css|svg)$")


def test_every_module_is_named_by_its_content(shared_live_system: LiveSystem) -> None:
    with httpx.Client(base_url=shared_live_system.url, timeout=20) as client:
        page = client.get("/").text
        waiting = re.findall(r'(?:src|href)="([^"]*/static/[^"]*|/static/[^"]*)"', page)
        seen: set[str] = set()
        while waiting:
            address = waiting.pop()
            if address in seen:
                continue
            seen.add(address)
            file = client.get(address)
            assert file.status_code == 200, address
            assert _NAMED.search(address), address
            assert "immutable" in file.headers["Cache-Control"], address
            imported = re.findall(r'from "(\./[^"]+)"', file.text) if address.endswith(".js") else []
            waiting += [urljoin(address, name) for name in imported]

        names = {re.sub(r"\.[0-9a-f]{12}", "", address) for address in seen}
        assert {"/static/sessions_app/landing.js", "/static/sessions_app/words.js"} <= names
        compressed = client.get(next(one for one in seen if one.endswith(".css")), headers={"Accept-Encoding": "gzip"})
        assert compressed.headers["Content-Encoding"] == "gzip"
