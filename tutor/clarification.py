"""Explaining without a model: the piece of the course's own material that fits the learner's question best."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutor import course as content
from tutor import file_text, wording
from tutor.file_text import NOTHING, FilePart, Library, asked_of, means_file
from tutor.leak_gate import Known, leaks
from tutor.terms import terms

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

#: In words: what is longer is not read.
MAX_WORDS = 120
#: Sentences of a chunk that is said once more.
SHORT_SENTENCES = 3

#: How a sentence begins that leans on the one before it.
_LEANING = re.compile(
    r"(?:So|Then|The (?:left|right|result|answer)|These|This|That|Those|It|They|And|But|On|Both|Only|Now|Such|Here)\b"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z*$-])|\n+")


@dataclass(frozen=True)
class _Chunk:
    topic_id: str
    #: Id of the material; empty: it is a remedy.
    material: str
    text: str
    keys: frozenset[str]
    terms: frozenset[str]
    order: int


#: Numbers and formulas without words: no question, but what somebody thinks who reads "think about it".
_THOUGHT = re.compile(r"(?=.*\d)(?:[\s\d.,;:=+\-−*/·×÷()^$]|(?<![a-z])[a-z](?![a-z]))+", re.IGNORECASE)
#: The same where "think about it" asks whether something is so.
_OPINION = re.compile(
    r"\W*(?:yes|no|yep|yeah|nope|maybe|perhaps|i think so|i don'?t think so|both|neither)\W*", re.IGNORECASE
)
_KEEP_IT = (
    "Keep that thought. Nothing is checked while I explain; a question of your own comes soon, and there I look at "
    "your answer. Go on when you are ready, or ask me about a word or a step."
)


def explain(
    course: content.Course,
    topic_id: str,
    text: str,
    question: QuestionInstance | None,
    shown: Collection[str] = (),
    library: Library = NOTHING,
) -> str:
    """An explanation from the course (Markdown, at most ``MAX_WORDS`` words) that does not give the answer away.

    ``shown``: ids of the material that the learner has read already, which may be said again. ``library``: the
    learner's own files; one is quoted where the learner means it, or where it fits better than the course.
    Where nothing fits it says so and what the learner can do instead.
    """
    meant = bool(library.outlines) and means_file(text, [file.name for file in library.outlines])
    if question is None and not meant and (_THOUGHT.fullmatch(text) or _OPINION.fullmatch(text)):
        return _KEEP_IT
    known = Known(material=_bodies(course, shown), learner=text)
    if meant:
        return _of_files(library, text, question, known) or _nothing(course, topic_id, question)
    ranked = _ranked(course, topic_id, text, question)
    asked = asked_of(text)
    fitting = [one for one in file_text.ranked(library.parts, asked) if file_text.covers(one[1], asked)]
    best = ranked[0][0] if ranked else 0.0
    quoted = _quoted([part for _, part in fitting], asked, question, known)
    if quoted and (library.first or fitting[0][0] > best):
        return quoted
    read = [chunk for chunk in _chunks(course) if chunk.material in shown and chunk.topic_id == topic_id]
    if question is None and read and not terms(text):
        # "What does that mean?": what was read last.
        return _in_short(read[-1], frozenset())
    for _, chunk in ranked:
        said = _within(chunk.text, question, known)
        short = _in_short(chunk, terms(text) | _context(question)) if chunk.material in shown else ""
        if short and (question is None or not leaks(short, question, known)):
            return short
        if said:
            return said
    return quoted or _nothing(course, topic_id, question)


def _bodies(course: content.Course, shown: Collection[str]) -> tuple[str, ...]:
    return tuple(m.body for topic in course.topics for m in topic.materials if m.id in shown and m.body)


def _context(question: QuestionInstance | None) -> frozenset[str]:
    """What its author would look for in an explanation says best what the question is about."""
    return terms(" ".join((question.prompt, *question.explain_keys))) if question is not None else frozenset()


def _ranked(
    course: content.Course, topic_id: str, text: str, question: QuestionInstance | None
) -> list[tuple[float, _Chunk]]:
    """What of the course fits, best first."""
    wanted = terms(text)
    context = _context(question)
    skills = frozenset(question.skills) if question is not None else frozenset()
    ranked = sorted(
        (
            (_score(chunk, topic_id, text.lower(), wanted=wanted, context=context, skills=skills), -chunk.order, chunk)
            for chunk in _chunks(course)
        ),
        key=lambda entry: entry[:2],
        reverse=True,
    )
    return [(score, chunk) for score, _, chunk in ranked if score > 0]


# --- the learner's own files -------------------------------------------------------------------------------------


def _of_files(library: Library, text: str, question: QuestionInstance | None, known: Known) -> str:
    """What the files say of what is asked; without anything that is asked, what they are about."""
    asked = asked_of(text)
    named = [file for file in library.outlines if file_text.names(text, file.name)]
    files = {file.file for file in named or library.outlines}
    parts = [part for part in library.parts if part.file in files]
    if not asked:
        return "\n\n".join(file_text.outline(file) for file in library.outlines if file.file in files)
    quoted = _quoted([part for _, part in file_text.ranked(parts, asked)], asked, question, known)
    if quoted:
        return quoted
    called = [wording.quoted(file_text.as_text(file.name)) for file in library.outlines if file.file in files]
    return wording.not_in_file(wording.joined(called, "or"))


def _quoted(parts: Sequence[FilePart], asked: Collection[str], question: QuestionInstance | None, known: Known) -> str:
    """The first of these parts of which something may be said. A file may know the answer: the gate reads it, too."""
    withheld = None if question is None else (lambda said: leaks(said, question, known))
    return next(filter(None, (file_text.quotation(part, asked, withheld=withheld) for part in parts)), "")


def _in_short(chunk: _Chunk, wanted: frozenset[str]) -> str:
    """What was read already, not all of it once more: the few sentences in a row that say most."""
    sentences = [part.strip() for part in _SENTENCE.split(chunk.text) if part and part.strip()]

    def weight(at: int) -> float:
        own = terms(sentences[at])
        marked = sentences[at].count("**") // 2
        return 2 * len(own & wanted) + len(own & chunk.keys) + 1.5 * marked

    def together(start: int) -> tuple[float, int]:
        # What leans on a sentence before it is no beginning.
        leans = _LEANING.match(sentences[start]) is not None
        return sum(weight(at) for at in range(start, start + few)) - 20 * leans, -start

    few = min(SHORT_SENTENCES, len(sentences))
    start = max(range(len(sentences) - few + 1), key=together)
    return " ".join(sentences[start : start + few])


def _score(
    chunk: _Chunk, topic_id: str, said: str, *, wanted: frozenset[str], context: frozenset[str], skills: frozenset[str]
) -> float:
    """Key terms count three times, words once; the open topic and its question only decide between chunks that fit.

    "Why?" names no term: then the question's own skill and words choose.
    """
    here = chunk.topic_id == topic_id
    if not wanted:
        return (1 + len(chunk.keys & skills) + 0.1 * len(chunk.terms & context)) if here else 0
    fit = 3 * len(chunk.keys & wanted) + len(chunk.terms & wanted)
    # A key of several words that stands there as it is says most.
    fit += 4 * sum(" " in key and key in said for key in chunk.keys)
    if not fit:
        return 0
    return fit / len(wanted) + (0.5 if here else 0) + 0.02 * len(chunk.terms & context)


def _chunks(course: content.Course) -> list[_Chunk]:
    chunks: list[_Chunk] = []
    for topic in course.topics:
        for material in topic.materials:
            if material.body:
                keys = frozenset(material.keys) | frozenset(term for key in material.keys for term in terms(key))
                chunks.append(_Chunk(topic.id, material.id, material.body, keys, terms(material.body), len(chunks)))
        for known in topic.known_errors:
            body = " ".join(known.remedy)
            if body:
                named = terms(known.name)
                chunks.append(_Chunk(topic.id, "", body, named, terms(body) | named, len(chunks)))
    return chunks


def _within(text: str, question: QuestionInstance | None, known: Known) -> str:
    """Whole sentences of ``text`` up to the limit, without those that would tell the answer."""
    sentences = [part.strip() for part in _SENTENCE.split(text) if part and part.strip()]
    kept: list[str] = []
    words = 0
    for sentence in sentences:
        if question is not None and leaks(sentence, question, known):
            continue
        words += len(sentence.split())
        if words > MAX_WORDS:
            break
        kept.append(sentence)
    said = " ".join(kept)
    # Half an explanation is none; and sentences that are safe alone may tell together.
    if len(kept) * 2 < len(sentences) or (question is not None and said and leaks(said, question, known)):
        return ""
    return said


def _nothing(course: content.Course, topic_id: str, question: QuestionInstance | None) -> str:
    title = next((topic.title for topic in course.topics if topic.id == topic_id), course.course.title)
    way_on = (
        "You can ask for a hint, or tell me which word or step of the question is unclear."
        if question is not None
        else "If that was your thought on the question above, keep it in mind; otherwise ask about a word or a step."
    )
    return f"{wording.NO_EXPLANATION}: we are working on “{title}”. {way_on}"
