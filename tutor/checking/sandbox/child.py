"""The process in which a learner's function runs. A script of its own: it imports nothing of the project.

Reads ``{"source", "function", "calls": ["[2, 3]", …]}`` and its limits from standard input and writes
``{"problem": …}`` or ``{"results": [{"value": …} | {"error": …}, …]}`` to standard output.
"""

# ruff: noqa: S102 — running the learner's text is what this process is locked up for
import bisect
import collections
import copy
import ctypes
import decimal
import fractions
import functools
import heapq
import io
import itertools
import json
import math
import operator
import os
import random
import re
import resource
import string
import struct
import sys
import typing

#: What an answer may import: nothing else can be loaded once no file can be opened.
_LOADED = (bisect, collections, copy, decimal, fractions, functools, heapq, itertools, math, operator, random, re)
_ALSO_LOADED = (string, typing)

#: Audit architecture and the numbers of the allowed system calls: read, write, close, fstat, lseek, mmap, mprotect,
#: munmap, brk, rt_sigaction, rt_sigprocmask, rt_sigreturn, mremap, madvise, exit, gettimeofday, sigaltstack, futex,
#: clock_gettime, exit_group, getrandom, sched_yield.
_CALLS = {
    "x86_64": (0xC000003E, (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 25, 28, 60, 96, 131, 202, 228, 231, 318, 24)),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 216, 233, 93, 169, 132, 98, 113, 94, 278, 124),
    ),
}
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_KILL, _REFUSE, _ALLOW = 0x80000000, 0x00050001, 0x7FFF0000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
#: Characters of one result; what is longer is no result of an exercise.
_MAX_RESULT = 20_000


def main() -> None:
    request = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (request["cpu_s"], request["cpu_s"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (request["output"], request["output"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout
    sys.stdout = sys.stderr = io.StringIO()
    try:
        lock()
    except (OSError, KeyError, AttributeError):
        os._exit(request["unavailable"])
    out.write(json.dumps(answer(request)))
    out.flush()
    os._exit(0)


def lock() -> None:
    """From here on only the listed system calls; every other one fails with EPERM. Raises ``OSError``, ``KeyError``."""
    architecture, calls = _CALLS[os.uname().machine]
    code = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    # Calls of the x32 interface have other numbers: none is allowed.
    code += [(_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    for number in calls:
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    code.append((_RETURN, 0, 0, _REFUSE))
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in code)
    buffer = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(_SET_SECCOMP, _FILTER, header, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def answer(request: dict[str, typing.Any]) -> dict[str, typing.Any]:
    """What became of the learner's text: a problem with it, or one result per call."""
    names: dict[str, typing.Any] = {"__name__": "answer"}
    try:
        exec(compile(request["source"], "answer", "exec"), names)
    except SyntaxError as error:
        return {"problem": "syntax", "line": error.lineno, "message": str(error.msg)}
    except BaseException as error:
        return {"problem": "raised", "message": type(error).__name__}
    function = names.get(request["function"])
    if not callable(function):
        return {"problem": "no_function"}
    return {"results": [result(function, call) for call in request["calls"]]}


def result(function: typing.Callable[..., object], call: str) -> dict[str, typing.Any]:
    """The value of one call, or the name of what it raised."""
    try:
        value = function(*json.loads(call))
        text = json.dumps(value)
        return {"value": value} if len(text) <= _MAX_RESULT else {"error": "a result that is far too long"}
    except BaseException as error:
        return {"error": type(error).__name__}


if __name__ == "__main__":
    main()
