"""A circuit breaker: who cannot be reached is left alone for a while, then tried by one request.

Pure: a state and an event give the next state; the clock is the caller's.

    closed --failures in a row--> open --after a while--> half open --success--> closed
                                    ^-------failure----------'
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of one endpoint. Times are seconds of any steady clock."""

    #: Failures since the last success.
    failures: int = 0
    #: Until when nothing is asked; None: closed.
    open_until: float | None = None
    #: Half open: the one request that tries has this long to say how it went.
    probing_until: float | None = None


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a circuit opens, and for how long."""

    #: Failures in a row.
    threshold: int
    #: Seconds. A request that tries a half-open circuit has as long.
    open_s: float

    def admit(self, circuit: Circuit, now: float) -> tuple[bool, Circuit]:
        """Whether a request may be made, and the state after that decision."""
        if circuit.open_until is None:
            return True, circuit
        if now < circuit.open_until:
            return False, circuit
        if circuit.probing_until is not None and now < circuit.probing_until:
            return False, circuit
        # The one before may have been cancelled without a word: its time is bounded.
        return True, replace(circuit, probing_until=now + self.open_s)

    def succeeded(self, _circuit: Circuit) -> Circuit:
        """The endpoint answered."""
        return Circuit()

    def failed(self, circuit: Circuit, now: float) -> Circuit:
        """It could not be reached."""
        failures = circuit.failures + 1
        if circuit.open_until is not None and circuit.probing_until is None:
            return replace(circuit, failures=failures)  # asked before it opened: says nothing new
        if failures >= self.threshold:
            return Circuit(failures, now + self.open_s)
        return Circuit(failures)

    def opens_in(self, circuit: Circuit, now: float) -> float:
        """Seconds until the next request is admitted."""
        return max(0.0, max(circuit.open_until or now, circuit.probing_until or now) - now)
