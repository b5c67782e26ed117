"""The tools: ``@tool`` on a typed function makes one.

    @tool(timeout_s=5)
    def echo(scope: Scope, text: str) -> dict[str, str]:
        return {"text": text}

The first parameter is the scope; the others are the arguments, checked against their annotations before the function
runs. A coroutine function runs on the worker's event loop, a plain function on a thread, one that computes for long
(``cpu=True``) in a child process that can be killed: each kind has a queue of its own. A tool may have an offline tool
of the same name, which answers where the other cannot. A coroutine function with a parameter annotated ``Output``
streams (``tools_app.output``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_type_hints

import msgspec

from tools_app.exceptions import BadArguments, UnknownTool
from tools_app.output import Output

F = TypeVar("F", bound=Callable[..., Any])

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

    @property
    def pool(self) -> Pool:
        """What runs it."""
        return "children" if self.cpu else "loop" if self.is_async else "threads"

    def bind(self, args: dict[str, Any]) -> dict[str, Any]:
        """The arguments in their types. Raises ``BadArguments``."""
        try:
            bound = msgspec.convert(args, self.arguments)
        except msgspec.ValidationError as error:
            raise BadArguments(f"{self.name}: {error}") from None
        return {name: getattr(bound, name) for name in self.arguments.__struct_fields__}

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the arguments."""
        return msgspec.json.schema(self.arguments)


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
        if annotation is Output:
            continue
        plain = parameter.default is inspect.Parameter.empty
        fields.append((parameter.name, annotation) if plain else (parameter.name, annotation, parameter.default))
    return msgspec.defstruct(f"{name}_arguments", fields, frozen=True, kw_only=True, forbid_unknown_fields=True)


def tool(
    *,
    timeout_s: float,
    name: str | None = None,
    repeatable: bool = True,
    queue: str | None = None,
    cpu: bool = False,
    offline: bool = False,
    available: Callable[[], bool] = lambda: True,
) -> Callable[[F], F]:
    """Register a function as a tool. ``offline``: it answers where the tool of the same name cannot.

    ``cpu``: it computes for longer than a few milliseconds. A ``queue`` holds tools of one pool only.
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
