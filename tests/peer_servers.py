"""Servers that speak OpenAI's protocol and that nobody here wrote: aimock (npm) and LiteLLM's proxy (pip)."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.services.ports import free_port

PEERS = Path(__file__).parent / "peers"
#: The variable that says where LiteLLM's proxy is; without it that peer is not asked (`make test-peers` sets it).
LITELLM = "LITELLM"
_START_LIMIT_S = 90.0


@dataclass(frozen=True)
class Peer:
    """Where a server is, and what to say to it."""

    url: str
    key: str
    model: str


@contextmanager
def _running(command: list[str], health: str, env: Mapping[str, str], log: Path) -> Iterator[None]:
    # Addresses of the test run's own services are none of its business.
    own = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env={**own, **env}, stdout=output, stderr=subprocess.STDOUT)
    try:
        ends = time.monotonic() + _START_LIMIT_S
        while not _answers(health):
            assert process.poll() is None, log.read_text(errors="replace")[-3000:]
            assert time.monotonic() < ends, log.read_text(errors="replace")[-3000:]
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait(5)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 — our own address
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@contextmanager
def aimock(folder: Path) -> Iterator[Peer]:
    """The mock of CopilotKit, as ``make test`` installs it."""
    program = PEERS / "node_modules" / ".bin" / "llmock"
    assert program.exists(), "aimock is missing: make test installs it"
    port = free_port()
    command = [str(program), "--port", str(port), "--fixtures", str(PEERS / "fixtures.json"), "--strict"]
    # Node.js is where this Python is (requirements-dev.txt).
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with _running(command, f"http://127.0.0.1:{port}/health", path, folder / "aimock.log"):
        yield Peer(f"http://127.0.0.1:{port}/v1", "sk-anything", "gpt-4o-mini")


@contextmanager
def litellm(upstream: Peer, folder: Path) -> Iterator[Peer]:
    """LiteLLM's proxy in front of another server: its own router, its own keys, its own words for errors."""
    program = os.environ[LITELLM]
    port, key = free_port(), f"sk-{secrets.token_hex(24)}"
    behind = {"model": f"openai/{upstream.model}", "api_base": upstream.url, "api_key": upstream.key, "max_retries": 0}
    config = folder / "litellm.yaml"
    config.write_text(
        json.dumps(
            {
                "model_list": [{"model_name": "tutor", "litellm_params": behind}],
                "general_settings": {"master_key": key},
                "litellm_settings": {"num_retries": 0, "telemetry": False},
                # What one test provokes must not be held against the next.
                "router_settings": {"disable_cooldowns": True},
            }
        )
    )
    env = {"LITELLM_TELEMETRY": "False", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    command = [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    with _running(command, f"http://127.0.0.1:{port}/health/liveliness", env, folder / "litellm.log"):
        yield Peer(f"http://127.0.0.1:{port}/v1", key, "tutor")
