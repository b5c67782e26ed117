"""Whether a text tries to give orders to whoever reads it, instead of answering: rules, no model.

Read plain and, inside this detector only, decoded: base64, hexadecimal, rot13, turned round, letters spelled apart,
letters written as digits. A hit decides no verdict. It keeps the text from models and tells the teacher.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tutor.checking.normalisation import unicode_plain
from tutor.hidden_text import decoded

#: In characters: more is not read, and no message is longer.
_MAX_CHARS = 2_000
#: Sentences, for what is stripped.
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*|\n")

_ORDERS = r"(?:instructions?|rules?|prompts?|guidelines?|directions?|filters?|constraints?|orders?|limits?)"
_GRADED = r"(?:correct|right|true|full (?:marks|points|score|credit)|100 ?%|10/10|passed?|complete|solved)"
_HIT = re.compile(
    "|".join(
        (
            rf"\b(?:ignore|disregard|forget|override|bypass|skip|drop|void)\b.{{0,40}}\b{_ORDERS}\b",
            rf"\b{_ORDERS}\b.{{0,30}}\b(?:are|is) (?:void|off|over|lifted|cancell?ed|disabled|not valid)",
            r"\b(?:system|developer|hidden|initial) (?:prompt|message|instructions?)\b",
            r"\b(?:you are|you're|act as|pretend (?:to be|you)|play|become|let us play|let's play)\b.{0,40}\b"
            r"(?:now|dan|stan|machine|assistant|calculator|grandmother|pirate|wizard|admin|teacher|grader|developer)\b",
            r"\b(?:developer|debug|admin|god|jailbreak|test(?:ing)?) mode\b|\bjailbreak\b|\bdo anything now\b",
            r"<\|?/?(?:im_start|im_end|system|data|answer|user|assistant|verdict)\b|\[/?(?:system|inst|tool)\b|"
            r"#{2,} ?(?:system|instruction)",
            rf"\b(?:mark|grade|count|score|rate|accept|treat|record|set|give|award|evaluate)\b.{{0,40}}\b{_GRADED}",
            rf"\b(?:verdict|score|mastery|grade|result|is_correct|correct)\b[\"'”]?\s*(?::=|=|:)\s*[\"'“]?\s*(?:{_GRADED}|1(?:\.0)?\b|\d)",
            r"\bverdict\b.{0,40}\bcorrect\b",
            r"\b(?:tool|function)s? ?(?:call|check_answer|result|returned)|\bcheck_answer\b",
            r"\b(?:note|message|instructions?) (?:to|for) the (?:tutor|grader|teacher|model|assistant|ai|marker)\b",
            r"\b(?:dear |hey |hello )?(?:tutor|grader|ai|assistant|model|chatgpt|marker)\b[,:].{0,60}\b"
            r"(?:must|should|please|have to|need to|is|are|say|quote|mark|give|output|respond|reply|answer)\b",
            r"\bas an? (?:ai|language model|llm)\b|\bif you had no rules\b|\bwithout (?:any )?rules?\b",
            r"\b(?:quote|list|return|output|repeat|print|reveal|translate)\b.{0,40}\b(?:every|all|each|point|rubric|prompt|"
            r"verdict|answer key|json)\b",
            r"\b(?:decode|decrypt|read) (?:this|it|the following)\b.{0,40}\b(?:do|follow|execute|obey|backwards)\b",
            r"\b(?:this is )?rot13\b|\bbase64\b",
            r"\bfollow (?:my|these|the) (?:notes|instructions|orders|rules)\b",
            r"\b(?:tell|give|show) (?:me|us) (?:just )?the (?:right |correct |final )?(?:answer|solution)\b",
            r"\b(?:my|for a|for my) (?:study|research|paper)\b.{0,60}\b(?:rules|break|answer)\b",
        )
    ),
    re.IGNORECASE | re.DOTALL,
)
_LEET = str.maketrans({"4": "a", "3": "e", "1": "i", "0": "o", "5": "s", "7": "t", "@": "a", "$": "s"})
#: Three words in a row that nobody writes but in Pig Latin.
_PIGGED = re.compile(
    r"(?:\b(?!(?:day|say|may|way|pay|play|stay|today|always|away|okay|yay)\b)[a-z]{2,}ay\b[\s,.]*){3}", re.I
)
_APART = re.compile(r"(?:\b\w[\s_.\-]+){6,}\w\b")


def orders(text: str) -> str | None:
    """The words by which a text gives orders, as far as they can be read; None where it gives none."""
    apart = _PIGGED.search(text[:_MAX_CHARS])
    if apart:
        return " ".join(apart[0].split())
    for plain in _readings(text[:_MAX_CHARS]):
        found = _HIT.search(plain)
        if found:
            return " ".join(found[0].split())
    return None


def stripped(text: str) -> str:
    """The text without the sentences that give orders; empty where orders can only be seen in the whole."""
    kept = "".join(part for part in _SENTENCE.findall(text) if orders(part) is None).strip()
    return "" if orders(kept) is not None else kept


def _readings(text: str) -> Iterator[str]:
    plain = unicode_plain(text)[:_MAX_CHARS]
    yield plain
    yield plain[::-1]
    yield plain.translate(_LEET)
    for _, hidden in decoded(plain):
        yield hidden
    for apart in _APART.finditer(plain):
        yield _together(apart[0])
    for head in (1, 2):
        yield _unpigged(plain, head)


def _together(apart: str) -> str:
    """Letters spelled apart as words: a wider gap stands between words where there is one."""
    words = re.split(r"[_\s.\-]{2,}", apart)
    return " ".join(re.sub(r"[\s_.\-]", "", word) for word in words)


def _unpigged(text: str, head: int) -> str:
    """Pig Latin as it was, for words whose moved head has so many letters: "arkmay" is "mark"."""
    return re.sub(r"\b([A-Za-z]+)ay\b", lambda found: found[1][-head:] + found[1][:-head], text)
