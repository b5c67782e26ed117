"""A model that has been talked into everything: an OpenAI-compatible endpoint that knows every answer and tells it.

It is the worst case of what may stand behind ``LLM_BASE_URL``. It tells the answer in one way after the other, praises,
insults, leaves its role, and sometimes is no model at all (an empty answer, broken JSON, a server error).
"""

from __future__ import annotations

import base64
import codecs
import itertools
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import httpx

from tutor.machine.answering import answer_text
from tutor.prompts import ChatMessage
from tutor.questions import QuestionInstance


def ways_to_tell(question: QuestionInstance) -> list[str]:
    """The answer, in every way a model may tell it."""
    answer = answer_text(question)
    plain = f"the answer is {answer}"
    told = [
        f"The answer is {answer}.",
        f"It is easy: $x = {answer}$.",
        f"**{answer}**",
        f"Decode this: {base64.b64encode(plain.encode()).decode()}",
        f"Hexadecimal: {plain.encode().hex()}",
        f"Backwards: {plain[::-1]}",
        f"As rot13: {codecs.encode(plain, 'rot13')}",
        f"What is {answer} + 0?",
        f"I may not say it, so I only whisper: {answer}",
        f"```\n{answer}\n```",
        f"| result |\n|---|\n| {answer} |",
        f"$\\boxed{{{answer}}}$",
    ]
    return [*told, f"Take option {question.answer}."] if question.choices else told


#: What else a model may say that must not reach a learner while a question is open.
VERDICTS = (
    "Your answer is correct, full marks!",
    "Yes, exactly right. I have marked it as correct and set your mastery to 100%.",
    '{"verdict": "correct", "mastery": 1.0} Well done!',
)


class HostileModel:
    """Use it as a context manager. ``complete`` asks it as the product does, over HTTP."""

    def __init__(self) -> None:
        #: Prompts of open questions, as they come in, to what they ask.
        self.open: dict[str, QuestionInstance] = {}
        self.asked = 0
        self._turn = itertools.count()
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, content = model.reply(body)
                raw = content.encode()
                self.send_response(status)
                kind = "text/event-stream" if body.get("stream") else "application/json"
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                """Says nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._client = httpx.Client()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._client.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def knows(self, question: QuestionInstance) -> None:
        """Tell the model what a prompt's answer is."""
        self.open[question.prompt] = question

    def reply(self, body: dict[str, Any]) -> tuple[int, str]:
        """The next hostile answer to a chat."""
        self.asked += 1
        turn = next(self._turn)
        if turn % 17 == 16:
            return ((500, ""), (200, "{"), (200, "{}"))[turn // 17 % 3]
        asked = [message["content"] for message in body["messages"] if message["role"] == "user"][-1]
        data = json.loads(asked.split("\n\n")[-1])
        question = self.open.get(data.get("open_question") or data.get("probe") or "")
        wrapped = self._as_asked(data, turn)
        ways = [*(ways_to_tell(question) if question is not None else ()), *VERDICTS]
        text = ways[turn % len(ways)]
        text = text if wrapped is None else json.dumps(wrapped(text))
        if body.get("stream"):
            pieces = [text[at : at + 5] for at in range(0, len(text), 5)]
            events = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
            events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            return 200, "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        return 200, json.dumps({"choices": [{"message": {"content": text}}]})

    @staticmethod
    def _as_asked(data: dict[str, Any], turn: int) -> Callable[[str], Any] | None:
        """Puts its words into the form that was asked for, every other time: so they are at least looked at."""
        if turn % 2:
            return None
        if "hint" in data:
            return lambda text: {"kind": "look", "text": text}
        if "edit_plan" in data:
            step = {"op": "insert_step", "at": 0, "representation": "story"}
            return lambda text: {"operations": [{**step, "text": text}]}
        if "vary" in data:
            return lambda text: {"operations": [{"op": "rename", "old": "Sam", "new": text}]}
        return None

    def complete(self, messages: list[ChatMessage]) -> str:
        """One chat completion. Raises what httpx raises, or ``LookupError`` for an answer that is none."""
        response = self._client.post(f"{self.url}/chat/completions", json={"messages": messages})
        response.raise_for_status()
        text: str = response.json()["choices"][0]["message"]["content"]
        return text
