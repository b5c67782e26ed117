"""The published documents: AsyncAPI 3 for the WebSocket, OpenAPI 3.1 for HTTP, made from the types in ``frames``.

Served at ``/api/asyncapi.json`` and ``/api/openapi.json``; ``manage.py protocol`` prints them. Tests hold every frame
that they see to them, so that what is published is what is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from sessions_app import frames
from sessions_app.exceptions import STATUS
from tutor.interactions import Visibility

VERSION = "1.0.0"
Json = dict[str, Any]

_TEXT_OR_NULL: Json = {"type": ["string", "null"]}
_LICENCE: Json = {"name": "MIT", "identifier": "MIT"}
_SEEN_BY = {
    Visibility.LEARNER: "Learners see it.",
    Visibility.TEACHER: "Teachers and operators see it.",
    Visibility.OPERATOR: "Operators see it.",
}
#: Bodies of HTTP, beside those of frames.
_HTTP_BODIES = (
    frames.Guest,
    frames.Ticket,
    frames.Listed,
    frames.OwnSession,
    frames.Start,
    frames.Events,
    frames.FileTaken,
    frames.Files,
    frames.Health,
    frames.Ready,
)
#: The form of an upload.
_FORM: Json = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
        "id": {"type": "string", "maxLength": frames.ID_CHARS, "description": "The command's id, to ask again."},
    },
    "required": ["file"],
}


def _ref(kind: type[Any]) -> Json:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _schemas(kinds: Iterable[type[Any]]) -> Json:
    _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return dict(sorted(components.items()))


def _one_of(kinds: tuple[type[Any], ...]) -> Json:
    return _ref(kinds[0]) if len(kinds) == 1 else {"anyOf": [_ref(kind) for kind in kinds]}


def _words(kind: type[Any]) -> str:
    return (kind.__doc__ or "").split("\n\n")[0].replace("\n    ", " ").replace("``", "`").strip()


# --- envelopes ---------------------------------------------------------------------------------------------------


def command_schema(name: str) -> Json:
    """A client's frame."""
    kind = frames.COMMANDS[name]
    return {
        "type": "object",
        "properties": {
            "t": {"const": name},
            "id": {"type": "string", "minLength": 1, "maxLength": frames.ID_CHARS},
            "expect": {"type": ["integer", "null"], "description": "The seq the client believes to be the newest."},
            "d": _ref(kind.body),
        },
        "required": ["t", "id"],
    }


def server_schema(name: str, kinds: tuple[type[Any], ...], *, durable: bool) -> Json:
    """A frame of the server."""
    properties: Json = {
        "t": {"const": name},
        "sid": {**_TEXT_OR_NULL, "description": "The session; null before one is open."},
        "at": {"type": "string", "format": "date-time"},
        "turn": _TEXT_OR_NULL,
        "cause": {**_TEXT_OR_NULL, "description": "Id of the command that this answers or came from."},
        "d": _one_of(kinds),
    }
    if durable:
        properties["seq"] = {"type": "integer", "minimum": 1, "description": "Place in the log; rises, with gaps."}
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def server_frames() -> dict[str, Json]:
    """Type of a server's frame -> its schema."""
    found = {name: server_schema(name, kinds, durable=False) for name, kinds in frames.REPLIES.items()}
    found |= {name: server_schema(name, (kind,), durable=False) for name, kind in frames.MOMENTARY.items()}
    for name, kind in frames.EVENTS.items():
        found[name] = server_schema(name, (kind, frames.Erased), durable=True)
    return found


def _frame_types() -> list[type[Any]]:
    bodies = [kind.body for kind in frames.COMMANDS.values()]
    replies = [kind for kinds in frames.REPLIES.values() for kind in kinds]
    return [*bodies, *replies, *frames.MOMENTARY.values(), *frames.EVENTS.values(), frames.Erased]


# --- AsyncAPI ----------------------------------------------------------------------------------------------------


@cache
def asyncapi() -> Json:
    """The WebSocket protocol."""
    messages: Json = {}
    for name, kind in frames.COMMANDS.items():
        summary = f"{_words(kind.body)} Needs the rights of a {kind.role}."
        messages[name] = {"name": name, "summary": summary, "payload": command_schema(name)}
    kinds: dict[str, tuple[type[Any], ...]] = {
        **frames.REPLIES,
        **{name: (kind,) for name, kind in (*frames.MOMENTARY.items(), *frames.EVENTS.items())},
    }
    for name, schema in server_frames().items():
        fact = frames.EVENTS.get(name)
        seen = "" if fact is None else f" {_SEEN_BY[fact.visibility]}"
        messages[name] = {"name": name, "summary": f"{_words(kinds[name][0])}{seen}".strip(), "payload": schema}
    channel = {"$ref": "#/channels/session"}
    operations: Json = {}
    for name, kind in frames.COMMANDS.items():
        operations[name] = {
            "action": "receive",
            "channel": channel,
            "messages": [_message(name)],
            "reply": {"channel": channel, "messages": [_message(kind.reply[0]), _message("err")]},
        }
    told = [*frames.MOMENTARY, *frames.EVENTS]
    operations["tell"] = {"action": "send", "channel": channel, "messages": [_message(name) for name in told]}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tutor: sessions over a WebSocket",
            "version": VERSION,
            "license": {"name": "MIT"},
            "description": f"Subprotocol `{frames.SUBPROTOCOL}`. One socket is one view of one session.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "session": {
                "address": "/ws/session/",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": operations,
        "components": {"messages": messages, "schemas": _schemas(_frame_types())},
    }


def _message(name: str) -> Json:
    return {"$ref": f"#/channels/session/messages/{name}"}


# --- OpenAPI -----------------------------------------------------------------------------------------------------


@cache
def openapi() -> Json:
    """The HTTP API."""
    session = {"name": "session", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    command = {
        "oneOf": [{"$ref": f"#/components/schemas/command.{name}"} for name in _over_http()],
        "discriminator": {
            "propertyName": "t",
            "mapping": {name: f"#/components/schemas/command.{name}" for name in _over_http()},
        },
    }
    after = _query("after", "integer", "Events with a greater seq; 0: from the beginning.")
    wait = _query("wait", "number", "Wait so long for news, in seconds; 30 at most.")
    frame = {"$ref": "#/components/schemas/frame.ok"}
    stream = {"description": "Server-sent events: `id` is the seq, `data` a frame; text comes as output.delta."}
    events = _answer("Events after a seq.", _ref(frames.Events))
    events["content"]["text/event-stream"] = {"schema": {"type": "string", **stream}}
    paths: Json = {
        "/api/guests": {
            "post": _operation(
                "A guest learner, in demo mode.", {"201": _answer("The guest.", _ref(frames.Guest))}, open_to_all=True
            )
        },
        "/api/tickets": {
            "post": _operation("A ticket for one WebSocket.", {"201": _answer("The ticket.", _ref(frames.Ticket))})
        },
        "/api/courses": {
            "get": _operation(
                "The courses.", {"200": _answer("By title.", {"type": "array", "items": _ref(frames.Listed)})}
            )
        },
        "/api/sessions": {
            "get": _operation(
                "The learner's sessions.",
                {"200": _answer("Newest first.", {"type": "array", "items": _ref(frames.OwnSession)})},
            ),
            "post": _operation(
                "Start the learner's session of a course, or find the live one.",
                {
                    "200": _answer("It was there.", _ref(frames.Inspection)),
                    "201": _answer("It is new.", _ref(frames.Inspection)),
                },
                body=_ref(frames.Start),
            ),
        },
        "/api/sessions/{session}": {
            "parameters": [session],
            "get": _operation("What it is doing.", {"200": _answer("In data and words.", _ref(frames.Inspection))}),
        },
        "/api/sessions/{session}/commands": {
            "parameters": [session],
            "post": _operation(
                "A command: the same body as on a socket, the same reply.",
                {"200": _answer("`ok`, after the commit.", frame)},
                body=command,
            ),
        },
        "/api/sessions/{session}/events": {
            "parameters": [session],
            "get": {**_operation("What happened, and happens.", {"200": events}), "parameters": [after, wait]},
        },
        "/api/sessions/{session}/files": {
            "parameters": [session],
            "get": _operation("The session's files.", {"200": _answer("Oldest first.", _ref(frames.Files))}),
            "post": _operation(
                "Upload a file; a worker reads it then.",
                {"201": _answer("It is kept.", _ref(frames.FileTaken))},
                body=_FORM,
                body_type="multipart/form-data",
            ),
        },
        "/api/healthz": {
            "get": _operation("This process answers.", {"200": _answer("Yes.", _ref(frames.Health))}, open_to_all=True)
        },
        "/api/readyz": {
            "get": _operation(
                "Whether a lesson can be taken here.",
                {"200": _answer("Yes.", _ref(frames.Ready)), "503": _answer("Not yet.", _ref(frames.Ready))},
                open_to_all=True,
            )
        },
    }
    schemas = _schemas([*_frame_types(), *_HTTP_BODIES])
    schemas |= {f"command.{name}": command_schema(name) for name in _over_http()}
    schemas |= {f"frame.{name}": server_schema(name, frames.REPLIES[name], durable=False) for name in ("ok", "err")}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tutor: sessions over HTTP", "version": VERSION, "license": _LICENCE},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
            },
        },
        "security": [{"token": []}, {"cookie": []}],
    }


def _over_http() -> list[str]:
    """Commands that make sense without a socket."""
    return [name for name in frames.COMMANDS if name not in {"hello", "ping"}]


def _query(name: str, kind: str, words: str) -> Json:
    return {"name": name, "in": "query", "description": words, "schema": {"type": kind, "default": 0}}


def _answer(words: str, schema: Json) -> Json:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _operation(
    words: str,
    answers: Json,
    *,
    body: Json | None = None,
    body_type: str = "application/json",
    open_to_all: bool = False,
) -> Json:
    error = {"$ref": "#/components/schemas/frame.err"}
    statuses = {*STATUS.values(), 405} | (set() if open_to_all else {401})
    refused = {str(status): _answer("Refused.", error) for status in sorted(statuses) if str(status) not in answers}
    operation: Json = {"summary": words, "responses": {**answers, **refused}}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {body_type: {"schema": body}}}
    if open_to_all:
        operation["security"] = []
    return operation
