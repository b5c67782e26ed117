"""The tools: ``@tool`` on a typed function makes one.

    @tool(timeout_s=5)
    def echo(scope: Scope, text: str) -> dict[str, str]:
        return {"text": text}

The first parameter is the scope; the others are the arguments, checked against their annotations before the function
runs, and what it returns against the return annotation. A coroutine function runs on the worker's event loop, a plain
function on a thread, one that computes for long (``cpu=True``) in a child process that can be killed: each kind has a
queue of its own. A tool may have an offline tool of the same name, which answers where the other cannot. A coroutine
function with a parameter annotated ``Output`` streams (``tools_app.output``); in one annotated ``Repair`` a tool is
told what was wrong with its last output (docs/tools.md).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_type_hints

import msgspec

from tools_app.conf import ARGUMENT_BYTES, RESULT_BYTES
from tools_app.exceptions import BadArguments, BadOutput, UnknownTool
from tools_app.output import Output
from tools_app.retry import DEFAULT, RetryPolicy

F = TypeVar("F", bound=Callable[..., Any])

#: Who may decide about a call in doubt: this role or a higher one.
Role = Literal["learner", "teacher", "operator"]


class Repair(str):
    """What was wrong with the last output of this call, for a tool to put right; empty at the first attempt."""

    __slots__ = ()


#: What runs a tool: the event loop, a thread, or a child process.
Pool = Literal["loop", "threads", "children"]
#: The queue of a tool that names none.
QUEUES: dict[Pool, str] = {"loop": "tools", "threads": "threads", "children": "cpu"}


@dataclass(frozen=True, slots=True)
class Tool:
    """A registered tool."""

    name: str
    function: Callable[..., Any]
    arguments: type[msgspec.Struct]
    is_async: bool
    #: For one attempt.
    timeout_s: float
    #: Whether a second run does no harm: where not, a call whose worker was lost is in doubt.
    repeatable: bool
    queue: str
    #: Says whether it can answer at all here, for example whether a model is configured.
    available: Callable[[], bool]
    #: The parameter that takes the ``Output``, where the tool streams.
    output: str | None = None
    #: Computes for long: runs in a child process.
    cpu: bool = False
    #: Answers where the tool of the same name cannot.
    offline: bool = False
    retry: RetryPolicy = DEFAULT
    #: One of these roles must be in the call's scope; empty: whoever the machine acts for.
    roles: frozenset[str] = frozenset()
    resolved_by: Role = "learner"
    #: What the function says that it returns.
    result: Any = dict[str, Any]
    argument_bytes: int = ARGUMENT_BYTES
    #: The parameter that takes the ``Repair``, where the tool has one.
    repair: str | None = None

    @property
    def pool(self) -> Pool:
        """What runs it."""
        return "children" if self.cpu else "loop" if self.is_async else "threads"

    def bind(self, args: dict[str, Any], repair: str = "") -> dict[str, Any]:
        """The arguments in their types. Raises ``BadArguments``."""
        size = len(msgspec.json.encode(args))
        if size > self.argument_bytes:
            raise BadArguments(f"{self.name}: the arguments have {size} bytes, at most {self.argument_bytes} are taken")
        try:
            bound = msgspec.convert(args, self.arguments)
        except msgspec.ValidationError as error:
            raise BadArguments(f"{self.name}: {error}") from None
        named = {name: getattr(bound, name) for name in self.arguments.__struct_fields__}
        return named if self.repair is None else {**named, self.repair: Repair(repair)}

    def checked(self, result: Any) -> dict[str, Any]:
        """What the function returned, as JSON values. Raises ``BadOutput`` where it is not what the tool promises."""
        try:
            encoded = msgspec.json.encode(result)
            if len(encoded) > RESULT_BYTES:
                raise BadOutput(f"{self.name} returned {len(encoded)} bytes, at most {RESULT_BYTES} are taken")
            plain = msgspec.json.decode(encoded)
            msgspec.convert(plain, self.result)
        except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
            raise BadOutput(f"{self.name} returned something else than it promises: {error}") from None
        if not isinstance(plain, dict):
            raise BadOutput(f"{self.name} must return an object, it returned {type(result).__name__}")
        return plain

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the arguments."""
        return msgspec.json.schema(self.arguments)

    @property
    def result_schema(self) -> dict[str, Any]:
        """JSON schema of the result."""
        return msgspec.json.schema(self.result)


_online: dict[str, Tool] = {}
_offline: dict[str, Tool] = {}


def _output(name: str, function: Callable[..., Any]) -> str | None:
    """The parameter annotated ``Output``, if there is one: the executor fills it, it is no argument."""
    found = [parameter for parameter, annotation in get_type_hints(function).items() if annotation is Output]
    if not found:
        return None
    if len(found) > 1 or not inspect.iscoroutinefunction(function):
        raise TypeError(f"the tool {name!r} may take one Output, and must be a coroutine function to write to it")
    return found[0]


def _arguments(name: str, function: Callable[..., Any]) -> type[msgspec.Struct]:
    hints = get_type_hints(function)
    fields: list[Any] = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.name not in hints:
            raise TypeError(f"the tool {name!r} must annotate its parameter {parameter.name!r}")
        annotation = hints[parameter.name]
        if annotation in {Output, Repair}:
            continue
        plain = parameter.default is inspect.Parameter.empty
        fields.append((parameter.name, annotation) if plain else (parameter.name, annotation, parameter.default))
    return msgspec.defstruct(f"{name}_arguments", fields, frozen=True, kw_only=True, forbid_unknown_fields=True)


def _repair(name: str, function: Callable[..., Any]) -> str | None:
    found = [parameter for parameter, annotation in get_type_hints(function).items() if annotation is Repair]
    if len(found) > 1:
        raise TypeError(f"the tool {name!r} may take one Repair, not {len(found)}")
    return found[0] if found else None


def _result(name: str, function: Callable[..., Any]) -> Any:
    """The return annotation. Raises ``TypeError`` where it is missing, or says something that is no JSON object."""
    annotation = get_type_hints(function).get("return")
    try:
        schema = msgspec.json.schema(annotation)
    except TypeError as error:
        raise TypeError(f"the tool {name!r} must say what it returns, as a type with a JSON schema: {error}") from None
    if "$ref" in schema:
        schema = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    if schema.get("type") != "object":
        raise TypeError(f"the tool {name!r} must return an object: a dict, a TypedDict, a dataclass or a Struct")
    return annotation


def tool(
    *,
    timeout_s: float,
    name: str | None = None,
    repeatable: bool = True,
    retry: RetryPolicy = DEFAULT,
    roles: Collection[str] = (),
    resolved_by: Role = "learner",
    argument_bytes: int = ARGUMENT_BYTES,
    queue: str | None = None,
    cpu: bool = False,
    offline: bool = False,
    available: Callable[[], bool] = lambda: True,
) -> Callable[[F], F]:
    """Register a function as a tool. ``offline``: it answers where the tool of the same name cannot.

    ``cpu``: it computes for longer than a few milliseconds. A ``queue`` holds tools of one pool only. ``repeatable``: a
    second run does no harm; where it does, a call whose worker was lost is in doubt, and somebody of the role
    ``resolved_by``, or a higher one, decides. ``roles``: one of them must be among those of the call's scope. Raises
    ``TypeError`` where the function is no tool.
    """

    def register(function: F) -> F:
        tool_name = name or function.__name__
        is_async = inspect.iscoroutinefunction(function)
        if cpu and is_async:
            raise TypeError(f"the tool {tool_name!r} computes, so it must be a plain function")
        pool: Pool = "children" if cpu else "loop" if is_async else "threads"
        served = queue or QUEUES[pool]
        made = Tool(
            tool_name,
            function,
            _arguments(tool_name, function),
            is_async,
            timeout_s,
            repeatable,
            served,
            available,
            _output(tool_name, function),
            cpu,
            offline,
            retry,
            frozenset(roles),
            resolved_by,
            _result(tool_name, function),
            argument_bytes,
            _repair(tool_name, function),
        )
        if pool_of(served) not in {None, pool}:
            raise TypeError(f"the queue {served!r} has tools for {pool_of(served)!r}; {tool_name!r} needs {pool!r}")
        table = _offline if offline else _online
        if tool_name in table and table[tool_name].function is not function:
            raise TypeError(f"two tools are called {tool_name!r}")
        table[tool_name] = made
        return function

    return register


def names() -> list[str]:
    """The names of all tools, sorted."""
    return sorted(_online.keys() | _offline.keys())


def registered(name: str, *, offline: bool) -> Tool:
    """The tool of that name, or the offline one, whether or not it is available. Raises ``UnknownTool``."""
    found = (_offline if offline else _online).get(name)
    if found is None:
        raise UnknownTool(f"no {'offline ' if offline else ''}tool is called {name!r}; known are {', '.join(names())}")
    return found


def pool_of(queue: str) -> Pool | None:
    """What runs the tools of a queue; None where no tool names it."""
    pools = (known.pool for known in (*_online.values(), *_offline.values()) if known.queue == queue)
    return next(pools, None) or next((pool for pool, named in QUEUES.items() if named == queue), None)


def queues() -> list[str]:
    """The queues that tools name, sorted: what a worker that serves everything listens to."""
    return sorted({known.queue for known in (*_online.values(), *_offline.values())} | set(QUEUES.values()))


def find(name: str) -> tuple[Tool, Tool | None]:
    """The tool of that name and the offline one behind it. Raises ``UnknownTool``.

    Where the first is not available here, the offline one is the tool.
    """
    online, offline = _online.get(name), _offline.get(name)
    if online is not None and (offline is None or online.available()):
        return online, offline
    if offline is not None:
        return offline, None
    raise UnknownTool(f"no tool is called {name!r}; known are {', '.join(names())}")
