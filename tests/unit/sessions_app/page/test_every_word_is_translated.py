"""The pages speak every language whole: each word of templates and scripts is translated, and compiled as it stands."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

import sessions_app

APP = Path(sessions_app.__file__).parent
TEMPLATES, SCRIPTS = APP / "templates" / "sessions_app", APP / "static" / "sessions_app"
KEYWORDS: dict[str, tuple[int, ...] | None] = {"gettext": None, "gettext_noop": None, "ngettext": (1, 2)}
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
_PLACEHOLDER = re.compile(r"%\(\w+\)s|%s")


def _words(domain: str) -> Iterator[str]:
    files = TEMPLATES.glob("*.html") if domain == "django" else SCRIPTS.glob("*.js")
    for file in files:
        text = file.read_text()
        # Django makes calls out of a template's tags; what is left of it is no language, and this lexer does not mind.
        source = templatize(text, origin=str(file)) if domain == "django" else text
        for _, message, _, _ in extract("javascript", io.BytesIO(source.encode()), KEYWORDS):
            yield message if isinstance(message, str) else message[0]


def _catalogue(language: str, domain: str, suffix: str) -> Catalog:
    path = APP / "locale" / language / "LC_MESSAGES" / f"{domain}.{suffix}"
    with path.open("rb") as file:
        return read_po(file) if suffix == "po" else read_mo(file)


@pytest.mark.parametrize("domain", ["django", "djangojs"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_word_is_in_each_language(language: str, domain: str) -> None:
    written = _catalogue(language, domain, "po")
    used = set(_words(domain))
    untranslated = {word for word in used if (message := written.get(word)) is None or not message.string}

    assert len(used) > 50
    assert untranslated == set(), "run manage.py makemessages in sessions_app, and translate (docs/page.md)"
    assert {message.id for message in written if message.fuzzy and message.id} == set()


@pytest.mark.parametrize("domain", ["django", "djangojs"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_filled_in_stays_in_place(language: str, domain: str) -> None:
    for message in _catalogue(language, domain, "po"):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string or ""] if isinstance(message.string, str | None) else list(message.string)
        for one, translated in zip(ids, strings, strict=True):
            assert sorted(_PLACEHOLDER.findall(one)) == sorted(_PLACEHOLDER.findall(translated)), one


@pytest.mark.parametrize("domain", ["django", "djangojs"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str, domain: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, _catalogue(language, domain, "po"))
    compiled.seek(0)

    def strings(catalogue: Catalog) -> list[str]:
        return sorted(repr((message.id, message.string)) for message in catalogue if message.id)

    kept = _catalogue(language, domain, "mo")
    assert strings(kept) == strings(read_mo(compiled)), "run manage.py compilemessages in sessions_app"
