"""The kernel on a real database against a small reference model, under anything that may happen to it.

Several sessions; learners who repeat themselves, workers that are lost, results that come late or twice, hints that are
lost, processes that die just before or just after a commit, a clock that jumps. After every rule each session is what
its log says, the stream keeps its grammar, a name has one live session, and the session is what the model says.

``TUTOR_MODEL_EXAMPLES=500 TUTOR_MODEL_STEPS=80`` makes it longer. A failure prints how to play it again.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sessions_app import commit, hints, opening, registry, server, timers, verification
from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.exceptions import CommandError, StaleWrite
from sessions_app.group_commit import group_commit
from sessions_app.models import Interaction, Session
from sessions_app.protocol import event
from sessions_app.stream_grammar import ENDINGS, Stream
from sessions_app.view import View
from sessions_app.wire import Dialogue
from tests.database_clock import DatabaseClock, database_clock
from tests.patient_machine import IDLE, WORKING
from tests.reference_model import Call, ReferenceSession, Refused, Reply
from tools_app import calls, monitor
from tools_app.calls import Claimed
from tools_app.models import ToolCall, Worker
from tutor import events
from tutor.events import OnBusy
from tutor.interactions import PolicyChanged
from tutor.statem import EventType

#: Longer runs play something else each time; the suite's own is the same every time.
LONGER = "TUTOR_MODEL_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("TUTOR_MODEL_EXAMPLES", "18"))
STEPS = int(os.environ.get("TUTOR_MODEL_STEPS", "35"))
LEARNERS = 3
#: Rests after a restore go by the clock; here every crash is skipped.
SUPERVISION = {"*": {"restart": "transient", "max_restarts": 1_000_000}}

who = st.integers(0, LEARNERS - 1)
texts = st.sampled_from(["one", "two", "three", "crash"])
policies = st.sampled_from([None, "reject", "queue", "interrupt"])
owners = st.sampled_from(["ada", "bob", "eve"])


class Died(BaseException):
    """This process dies here."""


class CommitDies:
    """Lets the process die at its next commit, just before it or just after."""

    def __init__(self) -> None:
        self.at: str | None = None

    def instead_of(self, write: Callable[[Any], Dialogue[None]]) -> Callable[[Any], Dialogue[None]]:
        """The same write in a process that may die."""

        def dying(writes: Any) -> Dialogue[None]:
            rows = list(writes)
            # A look under the lock that writes nothing (a turn's text is to be fenced first) is not the commit meant.
            if self.at == "before" and rows:
                raise Died
            yield from write(rows)
            if self.at == "after" and rows:
                raise Died

        return dying


@dataclass
class Played:
    """A session of the kernel beside its model."""

    id: uuid.UUID
    view: View
    model: ReferenceSession = field(default_factory=ReferenceSession)
    stream: Stream = field(default_factory=lambda: Stream(machine_states={IDLE, WORKING}))
    #: command id -> seq of its first reply.
    seqs: dict[str, int] = field(default_factory=dict)
    #: Something may have happened to it since it was compared.
    touched: bool = True


@dataclass(frozen=True)
class Sent:
    """A command as it can be sent again."""

    id: str
    delivery: Delivery
    #: What the model makes of it; raises ``Refused``.
    decide: Callable[[ReferenceSession, float], Reply]

    @property
    def digest(self) -> bytes:
        assert self.delivery.command is not None
        return self.delivery.command.digest


class Kernel(RuleBasedStateMachine):
    """Everything that may happen."""

    clock: DatabaseClock
    dies: CommitDies
    #: How often what matters most has happened, over all examples.
    happened: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[Played] = []
        self.closed: list[Played] = []
        #: Every attempt that a worker ever claimed, also those that have ended or were taken away.
        self.claimed: list[tuple[Played, Call, Claimed]] = []
        self.sent: list[tuple[Played, Sent]] = []
        self.number = 0

    @initialize()
    def start(self) -> None:
        _empty()
        self.clock.pass_s(1)
        users = [get_user_model()._default_manager.create_user(f"learner-{n}") for n in range(LEARNERS)]
        self.sessions = [self._opened(user) for user in users]
        for who in range(LEARNERS):
            self.a_learner_writes(who, "one", None)
        self.a_worker_claims("ada")

    def _opened(self, user: Any) -> Played:
        id_, is_new = registry.start_or_find(user.pk, "patient", "patient", {})
        assert is_new
        return Played(id_, View(id_, user.pk, user.username, "learner"))

    def teardown(self) -> None:
        self.dies.at = None
        group_commit.stop()
        super().teardown()

    # --- learners ------------------------------------------------------------------------------------------------

    @rule(who=who, text=texts, policy=policies)
    def a_learner_writes(self, who: int, text: str, policy: OnBusy | None) -> None:
        one = self.sessions[who]
        self._send(one, self._message(one, text, policy))

    @rule(orders=st.lists(st.tuples(who, st.tuples(texts, policies)), min_size=2, max_size=6))
    def several_write_at_once(self, orders: list[tuple[int, tuple[str, OnBusy | None]]]) -> None:
        """Through group commit: sessions share transactions, those of one session keep their order."""
        self._pass()
        sent = [(self.sessions[who], self._message(self.sessions[who], *order)) for who, order in orders]
        futures = [group_commit.submit(command.delivery) for _, command in sent]
        for (one, command), future in zip(sent, futures, strict=True):
            self._compare(one, command, future.result)

    @rule(orders=st.dictionaries(who, st.tuples(texts, policies), min_size=2))
    def a_batch_of_sessions_shares_a_transaction(self, orders: dict[int, tuple[str, OnBusy | None]]) -> None:
        self._pass()
        sent = [(self.sessions[who], self._message(self.sessions[who], *order)) for who, order in orders.items()]
        answers = server.deliver_batch([command.delivery for _, command in sent])
        for (one, command), answer in zip(sent, answers, strict=True):
            self._compare(one, command, lambda answer=answer: _raised(answer))  # type: ignore[misc]

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def the_same_command_comes_again(self, data: st.DataObject) -> None:
        one, command = data.draw(st.sampled_from(self.sent))
        self._send(one, command)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def an_id_is_used_for_another_command(self, data: st.DataObject) -> None:
        one, before = data.draw(st.sampled_from(self.sent))
        self._send(one, self._message(one, "another text", None, id=before.id))

    @rule(who=who, behind=st.integers(0, 2), text=texts)
    def a_learner_expects_a_head(self, who: int, behind: int, text: str) -> None:
        one = self.sessions[who]
        head = Session.objects.values_list("learner_head", flat=True).get(pk=one.id)
        self._send(one, self._message(one, text, None, expect=head - behind), stale=behind > 0)

    @rule(who=who)
    def a_learner_cancels(self, who: int) -> None:
        one = self.sessions[who]
        command = self._command("turn.cancel", b"")
        delivery = Delivery(
            one.id, events.CancelRequested(), by="learner", command=command, cancels="", opens_turn=False
        )
        self._send(one, Sent(command.id, delivery, lambda model, now: model.cancel(command.id, b"", now)))

    @rule(who=who, policy=st.sampled_from(["reject", "queue", "interrupt"]))
    def a_learner_sets_the_policy(self, who: int, policy: OnBusy) -> None:
        one = self.sessions[who]
        digest = policy.encode()
        command = self._command("policy.set", digest)
        facts = [PolicyChanged(on_busy=policy)]
        delivery = Delivery(one.id, None, by="learner", type=EventType.CAST, command=command, facts=facts)
        self._send(one, Sent(command.id, delivery, lambda model, _now: model.set_policy(command.id, digest, policy)))

    @rule(who=who)
    def a_session_ends_and_the_next_of_its_name_starts(self, who: int) -> None:
        one = self.sessions[who]
        command = self._command("session.close", b"")
        delivery = Delivery(one.id, events.EndRequested(), by="operator", command=command)
        self._send(one, Sent(command.id, delivery, lambda model, _now: model.end(command.id, b"")))
        self.closed.append(one)
        self.sessions[who] = self._opened(get_user_model()._default_manager.get(pk=one.view.user_id))
        assert registry.start_or_find(one.view.user_id, "patient", "patient", {}) == (self.sessions[who].id, False)

    @rule(who=who, text=texts, policy=policies, at=st.sampled_from(["before", "after"]))
    def the_process_dies_at_the_commit_of_a_message(self, who: int, text: str, policy: OnBusy | None, at: str) -> None:
        """The client knows nothing and sends the same again, to another process."""
        one = self.sessions[who]
        command = self._message(one, text, policy)
        self._pass()
        self._die(at, command.delivery)
        if at == "after":
            self._compare(one, command, None)
        self._send(one, command)

    # --- workers -------------------------------------------------------------------------------------------------

    @rule(owner=owners)
    def a_worker_claims(self, owner: str) -> None:
        self._pass()
        taken = {(claimed.session, claimed.ref): claimed for claimed in calls.claim(owner, ["tools"], 100)}
        queued = {
            (one.id, call.ref): (one, call)
            for one in self.sessions
            if (call := one.model.pending) is not None and call.owner is None
        }
        assert taken.keys() == queued.keys()
        Worker.objects.get_or_create(owner=owner, defaults={"host": "h", "process": 1, "queues": "tools"})
        _beat(owner, "9000-01-01T00:00Z")
        for key, claimed in taken.items():
            one, call = queued[key]
            call.owner, call.attempt = owner, call.attempt + 1
            assert claimed.attempt == call.attempt
            self.claimed.append((one, call, claimed))

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), succeeds=st.booleans(), dies=st.sampled_from([None, None, "before", "after"]))
    def a_worker_reports(self, data: st.DataObject, succeeds: bool, dies: str | None) -> None:
        """Any attempt that was ever claimed: now, late, once more, after its place was taken."""
        one, call, claimed = data.draw(st.sampled_from(self.claimed))
        self._pass()
        if succeeds:
            delivery = calls.succeeded(claimed, {"text": f"{call.text}!"}, fallback=False, facts=[])
            ending, text = "finished", f"{call.text}!"
        else:
            delivery = calls.failed(claimed, "error", "as the dice say")
            ending, text = "failed", "It failed: error."
        applies = call.ending is None and call.attempt == claimed.attempt and call.owner is not None
        if dies and applies:
            self._die(dies, delivery)
            if dies == "after":
                assert one.model.result(call, claimed.attempt, ending, text, self.clock.now_s)
        one.touched = True
        late = call.ending is not None
        self.happened["a late result" if late else "a result" if applies else "a superseded result"] += 1
        try:
            server.deliver(delivery)
        except StaleWrite:
            assert not one.model.result(call, claimed.attempt, ending, text, self.clock.now_s)
            server.deliver(calls.superseded(claimed))
            one.model.superseded()
        else:
            assert one.model.result(call, claimed.attempt, ending, text, self.clock.now_s)

    @rule(owner=owners)
    def a_worker_dies(self, owner: str) -> None:
        """Nobody notices before the monitor looks."""
        _beat(owner, _LONG_AGO)
        ToolCall.objects.filter(owner=owner).update(started_at=_LONG_AGO)

    @rule(dies=st.sampled_from([None, None, None, "before", "after"]))
    def the_monitor_looks(self, dies: str | None) -> None:
        self._pass()
        if dies:
            self.dies.at = dies
            try:
                monitor.sweep()
            except Died:
                pass
            finally:
                self.dies.at = None
        monitor.sweep()
        dead = set(Worker.objects.filter(beat_at__lt="2000-01-01T00:00Z").values_list("owner", flat=True))
        pending = [(one, call) for one in self.sessions if (call := one.model.pending) is not None]
        for one, call in pending:
            if call.owner in dead:
                self.happened["a lost worker"] += 1
                one.model.lose(call, self.clock.now_s)
        for one, call in pending:
            if call.ending is None:
                one.model.overdue(call, self.clock.now_s)
                self.happened["a call past its deadline"] += call.ending is not None
        self._touch_all()

    @rule(owner=owners)
    def a_worker_is_lost_with_all_it_runs(self, owner: str) -> None:
        self.a_worker_claims(owner)
        self.a_worker_dies(owner)
        self.the_monitor_looks(None)

    @rule()
    def deadlines_pass(self) -> None:
        self.time_passes_and_nobody_looks(62)
        self.the_monitor_looks(None)

    # --- time ----------------------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([1, 7, 21, 31, 62, 124]))
    def time_passes_and_nobody_looks(self, minutes: int) -> None:
        self.clock.pass_s(60 * minutes)

    @rule()
    def the_timer_service_looks(self) -> None:
        self._pass()
        timers.sweep()
        for one in self.sessions:
            self.happened["a time-out"] += any(due <= self.clock.now_s for due in one.model.due_s.values())
            one.model.look(self.clock.now_s)
        self._touch_all()

    @rule(minutes=st.sampled_from([21, 31, 124]))
    def time_outs_fall_due(self, minutes: int) -> None:
        self.time_passes_and_nobody_looks(minutes)
        self.the_timer_service_looks()

    @rule()
    def timer_rows_are_due_too_early(self) -> None:
        """A look finds what is due by the session's own row; nothing else is delivered."""
        with connection.cursor() as cursor:
            cursor.execute("UPDATE sessions_app_timer SET due_at = least(due_at, clock_timestamp())")
        self.the_timer_service_looks()

    # --- what holds after every rule -----------------------------------------------------------------------------

    @invariant()
    def each_session_is_what_its_log_and_the_model_say(self) -> None:
        touched = [one for one in [*self.sessions, *self.closed] if one.touched]
        found = verification.verify([one.id for one in touched]) if touched else iter(())
        assert [str(divergence) for result in found for divergence in result.divergences] == []
        for one in touched:
            _agrees(one)
            one.touched = False

    @invariant()
    def a_name_has_one_live_session(self) -> None:
        names = Counter(Session.objects.filter(live=True).values_list("name", flat=True))
        assert sorted(names.values()) == [1] * len(self.sessions)

    # --- how commands are sent -----------------------------------------------------------------------------------

    def _pass(self) -> None:
        self.clock.pass_s(1)

    def _touch_all(self) -> None:
        for one in self.sessions:
            one.touched = True

    def _command(self, name: str, digest: bytes, id: str | None = None) -> CommandId:
        self.number += 1
        return CommandId(id or f"command {self.number}", name, digest)

    def _message(self, one: Played, text: str, policy: OnBusy | None, **more: Any) -> Sent:
        digest = f"{text} {policy}".encode()
        command = self._command("message.send", digest, more.get("id"))
        delivery = Delivery(
            one.id,
            events.UserMessage(text=text, on_busy=policy or "reject"),
            by="learner",
            command=command,
            text=text,
            default_policy=policy is None,
            expect=more.get("expect"),
        )
        return Sent(command.id, delivery, lambda model, now: model.message(command.id, digest, text, policy, now))

    def _send(self, one: Played, command: Sent, *, stale: bool = False) -> None:
        self._pass()
        self._compare(one, command, lambda: server.deliver(command.delivery), stale=stale)

    def _compare(
        self, one: Played, command: Sent, answered: Callable[[], Delivered] | None, *, stale: bool = False
    ) -> None:
        """The kernel's answer beside the model's. ``answered`` None: the answer was lost."""
        model = one.model
        one.touched = True
        refusal = None
        try:
            before = model.known(command.id, command.digest)
            expect = command.delivery.expect
            if before is None and expect is not None and (stale or expect != one.stream.last_seq):
                raise Refused("stale")
            reply = before or command.decide(model, self.clock.now_s)
        except Refused as refused:
            refusal = str(refused)
        if refusal is not None:
            self.happened[refusal] += 1
            if answered is not None:
                with pytest.raises(CommandError) as error:
                    answered()
                assert error.value.code == refusal
            return
        self.sent.append((one, command))
        if answered is None:
            return
        delivered = answered()
        self.happened["a duplicate" if before else f"a message {reply.disposition}"] += 1
        assert delivered.disposition == reply.disposition
        assert delivered.duplicate is (before is not None)
        assert one.seqs.setdefault(command.id, delivered.seq) == delivered.seq

    def _die(self, at: str, delivery: Delivery) -> None:
        self.dies.at = at
        try:
            server.deliver(delivery)
        except (Died, CommandError):
            pass
        finally:
            self.dies.at = None


#: A run in which one of these never happened proves less than it says.
MUST_HAPPEN = {
    "a result", "a late result", "a superseded result", "a lost worker", "a call past its deadline", "a time-out",
    "a duplicate", "a message started", "a message busy", "a message queued", "a message noop",
    "id_reused", "stale", "queue_full",
}  # fmt: skip


def _raised(answer: Delivered | BaseException) -> Delivered:
    if isinstance(answer, BaseException):
        raise answer
    return answer


_LONG_AGO = "1000-01-01T00:00Z"


def _beat(owner: str, at: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tools_app_worker SET beat_at = %s WHERE owner = %s", [at, owner])


def _empty() -> None:
    """The next example begins with nothing. Only test databases let themselves be emptied."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE sessions_app_session, tools_app_toolcall, tools_app_worker, auth_user CASCADE")


def _agrees(one: Played) -> None:
    """The log, as the learner sees it, keeps the grammar and tells what the model decided."""
    model, stream = one.model, one.stream
    lines, _head = opening.catch_up(one.view, stream.last_seq)
    for line in lines:
        stream.append(event(str(one.id), line))
    row = Session.objects.get(pk=one.id)
    assert row.live == model.live
    assert row.state == model.state or not model.live
    assert row.on_busy == model.policy
    assert [frame["d"]["text"] for frame in stream.of("output.committed")] == model.said
    assert [(f["cause"], f["d"]["disposition"]) for f in stream.of("message.accepted")] == model.accepted
    assert [frame["d"]["command"] for frame in stream.of("message.removed")] == model.removed
    assert [e["mark"] for e in row.kernel.get("postponed", [])] == [command for command, _ in model.queue]
    discarded = Interaction.objects.filter(session_id=one.id, kind="tool.result_discarded").count()
    assert discarded == model.discarded
    outcomes = {frame["turn"]: frame["d"]["outcome"] for frame in stream.of("turn.finished")}
    turns = [(frame["cause"], outcomes.get(frame["turn"])) for frame in stream.of("turn.started")]
    assert turns == [(turn.cause, turn.outcome) for turn in model.turns]
    endings = [(f["d"]["call"], f["t"].removeprefix("tool.")) for f in stream.events if f["t"] in ENDINGS]
    assert endings == [(call.ref, call.ending) for call in model.calls if call.ending is not None]
    assert [frame["d"]["call"] for frame in stream.of("tool.requested")] == [call.ref for call in model.calls]
    _every_message_is_answered(stream)
    if model.turn is None:
        stream.demand_quiet()


def _every_message_is_answered(stream: Stream) -> None:
    """Each accepted message has its turn and at least one reply, unless it still waits, was told to, or was removed."""
    removed = {frame["d"]["command"] for frame in stream.of("message.removed")}
    finished = {frame["turn"]: frame["d"]["outcome"] for frame in stream.of("turn.finished")}
    started = Counter(frame["cause"] for frame in stream.of("turn.started"))
    spoken = {frame["cause"] for frame in stream.of("output.committed")}
    for frame in stream.of("message.accepted"):
        command = frame["cause"]
        if frame["d"]["disposition"] == "busy":
            assert command in spoken
            assert started[command] == 0
            continue
        turn = next((one["turn"] for one in stream.of("turn.started") if one["cause"] == command), None)
        assert started[command] <= 1
        if turn is not None and finished.get(turn) not in {None, "interrupted"}:
            closed = bool(stream.of("session.closed"))
            assert closed or any(one["turn"] == turn for one in stream.of("output.committed"))
        assert turn is not None or frame["d"]["disposition"] == "queued"
        assert not (turn is not None and command in removed)


@contextmanager
def _dying_commits(monkeypatch: pytest.MonkeyPatch) -> Iterator[CommitDies]:
    dies = CommitDies()
    monkeypatch.setattr(commit, "write", dies.instead_of(commit.write))
    yield dies


@pytest.mark.timeout(3_600)
def test_the_kernel_against_a_model(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "patient": "tests.patient_machine.load"}
    settings.TUTOR_SUPERVISION = SUPERVISION
    # No rule needs a hint: all are lost.
    monkeypatch.setattr(hints, "after_commit", lambda _played: None)
    Kernel.happened = Counter()
    with database_clock() as Kernel.clock, _dying_commits(monkeypatch) as Kernel.dies:
        run_state_machine_as_test(
            Kernel,
            settings=hypothesis(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=not LONGER,
                database=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate, Phase.shrink],
            ),
        )
    assert (+Kernel.happened).keys() >= MUST_HAPPEN, MUST_HAPPEN - (+Kernel.happened).keys()
