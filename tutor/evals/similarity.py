"""How alike two texts are: by their terms and by their letters, or by vectors a caller brings along."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from tutor.checking.wording import folded
from tutor.evals.case import Case, Finding
from tutor.evals.exceptions import BadOptions
from tutor.evals.registry import metric
from tutor.terms import terms

#: Turns a text into a vector; the texts of one call are compared with one another only.
Embedder = Callable[[str], Sequence[float]]
_GRAM = 3


def similarity(one: str, other: str) -> float:
    """0 to 1: the mean of the overlap of terms (Sørensen-Dice) and the cosine of three-letter sequences.

    Terms see through word order and endings, letters see through spelling; neither sees a paraphrase in other words.
    """
    left, right = terms(one), terms(other)
    dice = 2 * len(left & right) / (len(left) + len(right)) if left or right else 0.0
    letters = _cosine(_grams(one), _grams(other))
    return round((dice + letters) / 2 if left or right else letters, 4)


def _grams(text: str) -> Counter[str]:
    padded = f" {folded(text)} "
    return Counter(padded[at : at + _GRAM] for at in range(len(padded) - _GRAM + 1))


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(count * other[gram] for gram, count in one.items())
    length = math.sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))
    return shared / length if length else 0.0


@metric("similar", main="to", kind="similarity")
def assert_similar(
    case: Case, to: str | None = None, threshold: float = 0.7, embedder: Embedder | None = None
) -> Finding:
    """The output is like ``to``, or like the expected output."""
    wanted = to if to is not None else case.expected
    if wanted is None:
        raise BadOptions("assert_similar needs a text to compare with: to=… or the case's expected output")
    if embedder is None:
        score = similarity(case.output, wanted)
    else:
        one, other = embedder(case.output), embedder(wanted)
        length = math.sqrt(sum(x * x for x in one) * sum(x * x for x in other))
        score = sum(x * y for x, y in zip(one, other, strict=True)) / length if length else 0.0
    return Finding(
        passed=score >= threshold, score=max(0.0, min(1.0, score)), reason=f"{score:.2f} alike, wanted {threshold}"
    )
