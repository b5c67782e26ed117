"""What learners' files say: which part of one fits a question, and how it is quoted. Pure; every word of it is data.

A quotation says where it is from and stands in a block of its own, so that nobody takes it for the tutor's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from tutor import wording
from tutor.terms import terms

#: In words: what is longer is not read.
QUOTED_WORDS = 120
#: Of what is asked, at least this share has to stand in a part before it is taken unasked.
FITS = 0.5
#: Headings that are named when somebody asks what a file is about.
HEADINGS = 12

_CALLED = r"(?:file|note|document|pdf|handout|worksheet|slide|upload|attachment|text ?book|paper|script|page|book)s?"
_MEANT = re.compile(
    rf"\bmy (?:\w+ ){{0,2}}{_CALLED}\b|\b(?:the|this|that) (?:uploaded |attached )?(?:file|document|pdf|handout|"
    r"worksheet|upload|attachment)s?\b|\bi (?:have |just )?(?:uploaded|attached|sent you)\b",
    re.IGNORECASE,
)
_ABOUT_FILES = terms(
    "file notes document pdf handout worksheet slides upload uploaded attachment attached sent according"
)
_WANTED_PART = re.compile(
    r"\b(?:show|read|open|what(?:'s| is| does it say| stands)?|quote|look at|go to)\b[^.?!]*?"
    r"\b(section|part|chapter|page) (?:number |no\.? )?(\d{1,4})\b",
    re.IGNORECASE,
)
_PIECE = re.compile(r"\S[^\n]*?(?:[.!?]+(?=\s|$)|(?=\n)|$)\s*")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#$|~])")


@dataclass(frozen=True, slots=True)
class FilePart:
    """A section of a file."""

    file: str
    #: The file's.
    name: str
    #: From 1.
    section: int
    heading: str
    #: None where the format has no pages.
    page: int | None
    text: str
    #: The text is Markdown; else every sign in it means itself.
    marked_up: bool


@dataclass(frozen=True, slots=True)
class FileOutline:
    """What a file is, without what stands in it."""

    file: str
    name: str
    sections: int
    pages: int | None
    #: The first ones, each once.
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """The files that a learner lets the tutor use."""

    outlines: tuple[FileOutline, ...] = ()
    #: Those of their sections that may fit, file by file in order.
    parts: tuple[FilePart, ...] = ()
    #: The learner wants them to be looked at first.
    first: bool = False


NOTHING = Library()


def means_file(text: str, called: Iterable[str]) -> bool:
    """Whether a learner speaks of a file of theirs."""
    return bool(_MEANT.search(text)) or any(names(text, one) for one in called)


def names(text: str, name: str) -> bool:
    """Whether a text mentions a file by its name; without its ending only where that cannot be a mere word."""
    stem = name.rpartition(".")[0] or name
    known_as = (name, stem) if re.search(r"[\W\d_]", stem) else (name,)
    return any(one.casefold() in text.casefold() for one in known_as)


def wanted_part(text: str) -> tuple[str, int] | None:
    """``("page", 3)`` or ``("section", 2)`` where a learner wants to see just that; None where not."""
    found = _WANTED_PART.search(text)
    if found is None:
        return None
    return ("page" if found[1].lower() == "page" else "section"), int(found[2])


def asked_of(text: str) -> frozenset[str]:
    """The terms that a question to a file is about."""
    return terms(text) - _ABOUT_FILES


def ranked(parts: Sequence[FilePart], wanted: Collection[str]) -> list[tuple[float, FilePart]]:
    """The parts in which anything of what is wanted stands, best first: a term in a heading counts three times."""
    found: list[tuple[float, int, FilePart]] = []
    for order, part in enumerate(parts):
        heading, body = terms(part.heading) & set(wanted), terms(part.text) & set(wanted)
        if heading or body:
            score = (2 * len(heading) + len(heading | body)) / len(set(wanted))
            found.append((score, -order, part))
    return [(score, part) for score, _, part in sorted(found, key=lambda one: one[:2], reverse=True)]


def best_first(library: Library, text: str) -> Library:
    """The same files with those parts first that fit what is asked; the others follow in their order."""
    fitting = [part for _, part in ranked(library.parts, asked_of(text))]
    others = [part for part in library.parts if part not in fitting]
    return replace(library, parts=(*fitting, *others))


def covers(part: FilePart, wanted: Collection[str]) -> bool:
    """Whether enough of what is asked stands in a part."""
    return len(terms(f"{part.heading}\n{part.text}") & set(wanted)) >= FITS * len(set(wanted))


def quotation(
    part: FilePart,
    wanted: Collection[str] = (),
    *,
    withheld: Callable[[str], bool] | None = None,
    words: int = QUOTED_WORDS,
) -> str:
    """What a part says of what is wanted, with its source (Markdown); empty where nothing of it may be said.

    It begins with the sentence in which most of it stands. ``withheld`` says which text would tell too much.
    """
    pieces = [piece for piece in _PIECE.findall(part.text) if piece.strip()]
    if not pieces:
        return ""
    first = max(range(len(pieces)), key=lambda at: (len(terms(pieces[at]) & set(wanted)), -at))
    kept: list[str] = []
    spent, left_out = 0, first > 0
    for piece in pieces[first:]:
        if withheld is not None and withheld(piece):
            left_out = True
            continue
        spent += len(piece.split())
        if spent > words and kept:
            left_out = True
            break
        kept.append(piece)
    said = _cut("".join(kept).strip(), words)
    if not said or (withheld is not None and withheld(said)):
        return ""
    source = wording.from_file(as_text(part.name), part.page, as_text(part.heading), part.section)
    return f"{source}\n\n{_block(part, said, left_out=left_out)}"


def outline(file: FileOutline) -> str:
    """What a file is about, as far as its headings tell (Markdown)."""
    return wording.file_outline(as_text(file.name), file.sections, file.pages, [as_text(one) for one in file.headings])


def as_text(text: str) -> str:
    """Any text as Markdown that shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def _block(part: FilePart, said: str, *, left_out: bool) -> str:
    shown = said if part.marked_up else as_text(said)
    if shown.count("```") % 2:
        shown += "\n```"
    if left_out:
        shown += "\n\n…" if part.marked_up and shown.endswith("```") else " …"
    return "\n".join(f"> {line}".rstrip() for line in shown.split("\n"))


def _cut(text: str, words: int) -> str:
    """A single sentence may be as long as a page."""
    found = list(re.finditer(r"\S+", text))
    return text if len(found) <= 2 * words else text[: found[2 * words - 1].end()]
