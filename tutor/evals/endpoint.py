"""A chat endpoint with OpenAI's chat completions, asked over httpx: by judges, and for evaluated lessons.

Not the product's own backend (``tools_app.backends``): that one streams, retries and counts against a session's budget;
an evaluation wants one whole answer, or to know that there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import msgspec

from tutor.evals.exceptions import EndpointError

#: Longest answer that is read, in bytes.
MAX_BYTES = 200_000
#: For connecting, and for the whole answer, in seconds.
CONNECT_S = 5.0
TOTAL_S = 60.0


class Prices(msgspec.Struct, frozen=True):
    """Per million tokens, in any currency."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        return round((input_tokens * self.input + output_tokens * self.output) / 1_000_000, 6)


class Answer(msgspec.Struct, frozen=True):
    """A model's answer and what it took, in tokens; an endpoint that does not say what it took says 0."""

    text: str
    input_tokens: int
    output_tokens: int


class Endpoint:
    """Thread-safe; one client, so connections are reused."""

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str = "",
        *,
        prices: Prices | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.model = model
        self.prices = prices
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(
            headers=headers, timeout=httpx.Timeout(TOTAL_S, connect=CONNECT_S), transport=transport
        )

    def ask(self, messages: Sequence[Mapping[str, str]], **more: Any) -> Answer:
        """One chat completion. ``more``: further fields of the request. Raises ``EndpointError``, with its status."""
        response = self._post({"model": self.model, "messages": list(messages), **more})
        if response.status_code != 200:
            raise EndpointError(f"the endpoint of {self.model} answered {response.status_code}", response.status_code)
        return _answer(response.content)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _post(self, body: Mapping[str, Any]) -> httpx.Response:
        try:
            with self._client.stream("POST", self._url, json=body) as response:
                read = bytearray()
                for chunk in response.iter_bytes():
                    read += chunk
                    if len(read) > MAX_BYTES:
                        raise EndpointError(f"the answer of {self.model} is longer than {MAX_BYTES} bytes")
                return httpx.Response(response.status_code, content=bytes(read))
        except httpx.HTTPError as error:
            raise EndpointError(f"{self.model} cannot be asked: {type(error).__name__} {error}") from error


def _answer(raw: bytes) -> Answer:
    try:
        answer: Any = msgspec.json.decode(raw)
        content = answer["choices"][0]["message"]["content"]
        usage = answer.get("usage") or {}
        counts = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
    except (msgspec.DecodeError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise EndpointError(f"the answer is not a chat completion: {type(error).__name__}") from None
    if not isinstance(content, str):
        raise EndpointError("the answer has no text")
    return Answer(content, *counts)


def from_environment(environment: Mapping[str, str], prefix: str) -> Endpoint | None:
    """The endpoint that ``{prefix}_BASE_URL`` and ``{prefix}_MODEL`` name; None where they name none.

    ``{prefix}_API_KEY``, and ``{prefix}_PRICE_INPUT`` and ``{prefix}_PRICE_OUTPUT`` (per million tokens), are optional.
    Raises ``EndpointError`` for prices that are no numbers.
    """
    url, model = environment.get(f"{prefix}_BASE_URL", ""), environment.get(f"{prefix}_MODEL", "")
    if not url or not model:
        return None
    priced = environment.get(f"{prefix}_PRICE_INPUT"), environment.get(f"{prefix}_PRICE_OUTPUT")
    try:
        prices = Prices(float(priced[0]), float(priced[1])) if priced[0] and priced[1] else None
    except ValueError:
        names = f"{prefix}_PRICE_INPUT and {prefix}_PRICE_OUTPUT"
        raise EndpointError(f"{names} are numbers, per million tokens") from None
    return Endpoint(url, model, environment.get(f"{prefix}_API_KEY", ""), prices=prices)
