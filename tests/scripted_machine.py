"""A machine that does what a message says: for tests of the kernel.

Words of the text, in order: ``go:<state>``, ``say:<word>``, ``call``, ``slow``, ``background``, ``timer:<ms>``,
``quiet:<ms>`` (the event time-out), ``named:<name>:<ms>``, ``overdue:<ms>`` (gives the call up), ``cancel:<name>``,
``postpone``, ``next:<text with _ for spaces>``, ``crash``, ``spin``, ``refuse``, ``stop``, ``stop:<reason>``,
``sleep``, ``reply``, ``reply:twice``, ``keep`` (the caller) and ``reply:kept``.
"""

from __future__ import annotations

from typing import Any

from tutor import events, statem
from tutor.effects import CallTool, CancelCall, Refuse, say


class ScriptedMachine:
    """States a, b, c and waiting; data counts calls and remembers what it saw."""

    states = frozenset({"a", "b", "c", "waiting"})
    state_enter = True

    def initial(self, _seed: int, _context: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "a", {"calls": 0, "seen": []}

    def dump(self, data: dict[str, Any]) -> dict[str, Any]:
        return data

    def load(self, plain: dict[str, Any]) -> dict[str, Any]:
        return plain

    def handle(self, event: statem.Event, state: str, data: dict[str, Any]) -> statem.Result:
        match event.content:
            case events.UserMessage(text=text):
                return self._script(text, event, state, {**data, "seen": [*data["seen"], text]})
            case events.Tick(note="overdue"):
                return statem.NextState("a", data, (CancelCall(f"c{data['calls']}"), say("overdue")))
            case events.Tick(note=note):
                return statem.KeepState({**data, "seen": [*data["seen"], f"tick {note}"]}, (say(f"tick {note}"),))
            case events.ToolSucceeded(ref=ref) | events.ToolFailed(ref=ref) as ended:
                seen = [*data["seen"], f"{ref} {getattr(ended, 'reason', 'ok')}"]
                return statem.NextState("a", {**data, "seen": seen}, (say(seen[-1]),))
            case events.CancelRequested() if state == "waiting":
                return statem.NextState("a", data, (CancelCall(f"c{data['calls']}"), say("cancelled")))
            case events.EndRequested():
                return statem.Stop("ended")
            case _:
                return statem.KeepState()

    def _script(self, text: str, event: statem.Event, state: str, data: dict[str, Any]) -> statem.Result:
        actions: list[statem.Action] = []
        target, calls = state, data["calls"]
        for word in text.split():
            verb, _, rest = word.partition(":")
            match verb:
                case "go":
                    target = rest
                case "say":
                    actions.append(say(rest))
                case "call" | "slow":
                    calls += 1
                    target = "waiting"
                    delay = {"delay_s": 30.0} if verb == "slow" else {}
                    actions.append(CallTool(f"c{calls}", "echo", {"text": text, **delay}))
                case "background":
                    calls += 1
                    actions.append(CallTool(f"c{calls}", "echo", {"text": text}, background=True))
                case "timer":
                    actions.append(statem.state_timeout(int(rest), events.Tick(note="state")))
                case "quiet":
                    actions.append(statem.event_timeout(int(rest), events.Tick(note="quiet")))
                case "overdue":
                    actions.append(statem.named_timeout("overdue", int(rest), events.Tick(note="overdue")))
                case "named":
                    name, _, ms = rest.partition(":")
                    actions.append(statem.named_timeout(name, int(ms), events.Tick(note=name)))
                case "cancel":
                    actions.append(statem.named_timeout(rest, None))
                case "postpone" if state == "a":
                    actions.append(statem.Postpone())
                case "next":
                    following = events.UserMessage(text=rest.replace("_", " "))
                    actions.append(statem.NextEvent(statem.EventType.CAST, following))
                case "spin":
                    actions.append(statem.NextEvent(event.type, event.content))
                case "crash":
                    raise ZeroDivisionError("as the script says")
                case "stop":
                    return statem.Stop(rest or "normal", data)
                case "reply":
                    caller = event.caller
                    if rest == "kept":
                        caller, *left = data["callers"]
                        data = {**data, "callers": left}
                    actions += [statem.Reply(str(caller), text)] * (2 if rest == "twice" else 1)
                case "keep" if event.caller is not None:
                    data = {**data, "callers": [*data.get("callers", []), event.caller]}
                case "sleep":
                    actions.append(statem.Hibernate())
                case "refuse":
                    actions.append(Refuse("Not now.", ("message.send",)))
        return statem.NextState(target, {**data, "calls": calls}, tuple(actions))


def load(_args: dict[str, Any]) -> ScriptedMachine:
    """The machine; it needs no arguments."""
    return ScriptedMachine()


class BrokenMachine(ScriptedMachine):
    """Cannot even be started."""

    def initial(self, _seed: int, _context: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        raise ZeroDivisionError("the machine cannot be started")


def broken(_args: dict[str, Any]) -> BrokenMachine:
    """A machine whose first start fails."""
    return BrokenMachine()
