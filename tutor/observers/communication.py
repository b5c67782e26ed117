"""How the learner talks with the tutor: thoughts elsewhere, impatience, giving up before trying."""

from __future__ import annotations

from collections.abc import Iterator

from tutor.interactions import AnswerChecked, MessageAccepted, StateChanged
from tutor.observers.observer import Observer, Seen
from tutor.observers.registry import observer
from tutor.observers.remark import Remark, to_teacher, to_tutor

#: Messages off the topic, one after the other; give-ups without a try, one after the other.
OFF_TOPIC = 3
GIVE_UPS = 3
#: Messages while the tutor is at work within so many milliseconds that are impatience.
PRESSING = 3
PRESSING_MS = 60_000
_TRIED = {"correct", "form_issue", "partial", "known_error", "wrong", "malformed"}


@observer("communication", on=["answer.checked", "message.accepted", "state.changed"])
class Communication(Observer):
    """The pattern of the conversation, not its content."""

    #: Where the messages off the topic stand, and the give-ups: each is told of when it is full, and begins anew.
    off_topic: list[int] = []
    give_ups: list[int] = []
    #: ``[seq, ms]`` of messages that came while the tutor was at work.
    pressing: list[tuple[int, int]] = []

    def see(self, one: Seen) -> Iterator[Remark]:
        """Counts what comes one after the other."""
        match one.fact:
            case AnswerChecked(verdict="not_an_answer", intent=intent):
                yield from self._said(one.seq, intent or "off_topic")
            case AnswerChecked(verdict=verdict) if verdict in _TRIED:
                self.off_topic, self.give_ups = [], []
            case MessageAccepted(disposition="busy"):
                yield from self._pressed(one)
            case StateChanged(to="reviewing_solution", why="give_up_requested"):
                yield from self._gave_up(one.seq)
            case _:
                pass

    def _said(self, seq: int, intent: str) -> Iterator[Remark]:
        if intent != "off_topic":
            self.off_topic = []
            return
        self.off_topic.append(seq)
        if len(self.off_topic) == OFF_TOPIC:
            text = f"{OFF_TOPIC} messages in a row had nothing to do with the question."
            yield to_teacher("off_topic", text, *self.off_topic)
            self.off_topic = []

    def _gave_up(self, seq: int) -> Iterator[Remark]:
        self.give_ups.append(seq)
        if len(self.give_ups) == GIVE_UPS:
            text = f"{GIVE_UPS} questions in a row given up without a try."
            yield to_teacher("giving_up", text, *self.give_ups)
            advice = "The learner gives up before trying. Ask for the first small step only, and praise the try."
            yield to_tutor("giving_up", advice, *self.give_ups)
            self.give_ups = []

    def _pressed(self, one: Seen) -> Iterator[Remark]:
        recent = [(seq, at) for seq, at in self.pressing if one.at_ms - at < PRESSING_MS]
        self.pressing = [*recent, (one.seq, one.at_ms)]
        if len(self.pressing) == PRESSING:
            text = f"{PRESSING} messages within a minute while the tutor was at work: waiting is hard just now."
            yield to_teacher("impatience", text, *(seq for seq, _ in self.pressing))
            self.pressing = []
