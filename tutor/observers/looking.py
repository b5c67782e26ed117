"""One look of one observer: its view and the facts that are new to it become its next view and what it has to say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from tutor.observers.observer import Observer, Seen, shown, visible
from tutor.observers.remark import BadRemark, Remark
from tutor.projections.fact import Fact

#: Remarks of one look; more would bury what they say.
MOST_REMARKS = 20
#: Largest view, in bytes of JSON.
VIEW_BYTES = 32 * 1024
#: A word to the tutor or the learner about something older is not said any more, in milliseconds.
LATE_MS = 120_000


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What a look came to."""

    view: dict[str, Any]
    remarks: tuple[Remark, ...] = ()
    #: When to look again although nothing happens.
    wake_ms: int | None = None


def look(
    observer: type[Observer],
    view: dict[str, Any] | None,
    facts: Sequence[Fact],
    now_ms: int,
    *,
    whole: bool = True,
    seen: int = 0,
    told: Collection[tuple[str, str, int]] = (),
) -> Looked:
    """Show the observer the facts (oldest first) and, where they are the ``whole`` log until now, the time.

    ``view`` None: it is folded anew, and the facts begin where the view begins. What is shown up to the seq ``seen``
    was shown before: it makes the view, and no remark. Neither do the remarks ``told`` (their identities), which stand
    in the log. Raises ``BadRemark`` or whatever the observer raises.
    """
    one = observer() if view is None else msgspec.convert(view, observer)
    known, remarks = set(told), list[Remark]()
    for fact in facts:
        if fact.kind not in observer.reads or not visible(fact):
            continue
        shown_now = shown(fact)
        for remark in _checked(observer, one.see(shown_now), shown_now.seq):
            if fact.seq > seen and not _late(remark, shown_now, now_ms) and remark.identity not in known:
                known.add(remark.identity)
                remarks.append(remark)
    for remark in _checked(observer, one.tick(now_ms) if whole else (), None):
        if remark.identity not in known:
            known.add(remark.identity)
            remarks.append(remark)
    plain: dict[str, Any] = msgspec.to_builtins(one)
    size = len(msgspec.json.encode(plain))
    if size > VIEW_BYTES:
        raise BadRemark(f"the view of {observer.name} has {size} bytes, at most {VIEW_BYTES} are kept: forget more")
    return Looked(view=plain, remarks=tuple(remarks[-MOST_REMARKS:]), wake_ms=one.wake_ms())


def _checked(observer: type[Observer], remarks: Iterable[Remark], seq: int | None) -> Iterator[Remark]:
    """Raises ``BadRemark`` for one that points into the future."""
    for remark in remarks:
        if seq is not None and remark.evidence[-1] > seq:
            raise BadRemark(f"{observer.name} has seen {seq} and names {remark.evidence[-1]} as evidence")
        yield remark


def _late(remark: Remark, at: Seen, now_ms: int) -> bool:
    return remark.audience != "teacher" and now_ms - at.at_ms > LATE_MS
