"""What a model was shown for a call, as told by whoever asks models. The kernel itself knows no model."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from tutor.interactions import ChainBuilt
from tutor.prompts import ChatMessage


@dataclass(frozen=True, slots=True)
class Shown:
    """One ``chain.built`` and the chain, built again."""

    seq: int
    record: ChainBuilt
    #: None where they cannot be built again; ``why`` says why not.
    messages: Sequence[ChatMessage] | None
    #: The bytes have the recorded digest.
    matches: bool
    why: str = ""


def shown(session: uuid.UUID, call: str) -> Iterable[Shown]:
    """What models were shown for a call, in order, from ``settings.TUTOR_SHOWN``."""
    told: Callable[[uuid.UUID, str], Iterable[Shown]] = import_string(settings.TUTOR_SHOWN)
    return told(session, call)
