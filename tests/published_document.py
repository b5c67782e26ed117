"""Frames and HTTP answers of the real server, held to the published documents, strictly: nothing more than they say."""

from __future__ import annotations

import copy
import re
from functools import cache
from typing import Any

import httpx
import jsonschema
from jsonschema.protocols import Validator

from sessions_app import published

Json = dict[str, Any]
#: Traces of an internal error that no client may ever see.
INTERNALS = ("Traceback", 'File "', "psycopg", "django.", "site-packages")


def check_frame(frame: Json) -> None:
    """Raises AssertionError where a frame of the server is not as AsyncAPI says."""
    assert not any(text in str(frame) for text in INTERNALS), f"no internals reach a client\n{frame}"
    _hold(_frame_validator(str(frame.get("t"))), frame)
    if frame["t"] == "ok" and "events" in frame["d"]:
        for event in frame["d"]["events"]:
            check_frame(event)


def check_answer(answer: httpx.Response) -> None:
    """Raises AssertionError where an HTTP answer of the API is not as OpenAPI says. For an httpx event hook."""
    path = answer.request.url.path
    if not path.startswith("/api/") or path.endswith(".json"):
        return
    kind = answer.headers["content-type"].split(";")[0]
    _, operation = _operation(path, answer.request.method.lower())
    described = operation.get("responses", {}).get(str(answer.status_code))
    assert described is not None, f"{answer.request.method} {path} may not answer {answer.status_code}"
    assert kind in described["content"], f"{path} may not answer with {kind}"
    if kind == "application/json":
        answer.read()
        value = answer.json()
        assert not any(text in answer.text for text in INTERNALS), answer.text
        _hold(_validator(_strict(published.openapi(), described["content"][kind]["schema"])), value)
        if isinstance(value, dict) and "events" in value:
            for event in value["events"]:
                check_frame(event)


def _operation(path: str, method: str) -> tuple[str, Json]:
    for template, item in published.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            # Another method is refused by every path alike.
            return template, item.get(method) or {"responses": {"405": next(iter(item.values()))["responses"]["405"]}}
    raise AssertionError(f"the document has no path for {path}")


def _hold(validator: Validator, value: Any) -> None:
    problem = jsonschema.exceptions.best_match(validator.iter_errors(value))
    if problem is not None:
        raise AssertionError(f"not as published: {problem.json_path}: {problem.message}\n{value}")


@cache
def _frame_validator(name: str) -> Validator:
    document = published.asyncapi()
    found = document["components"]["messages"].get(name)
    assert found is not None, f"no frame {name!r} is published"
    return _validator(_strict(document, found["payload"]))


def _validator(schema: Json) -> Validator:
    return jsonschema.Draft202012Validator(schema)


def _strict(document: Json, schema: Json) -> Json:
    """The schema with everything it refers to, closed: an object has no other fields than those that are named."""
    whole = {**copy.deepcopy(schema), "components": {"schemas": copy.deepcopy(document["components"]["schemas"])}}
    _close(whole)
    return whole


def _close(value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            _close(one)
    elif isinstance(value, dict):
        if value.get("type") == "object" and "properties" in value:
            value.setdefault("additionalProperties", False)
        for one in value.values():
            _close(one)
