"""What a client tells of itself, and where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

from conftest import PATIENCE_S, away
from signalbox import ClientConfig, SignalboxClient

#: A program of its own: the tests' runner configures logging.
PROGRAM = """
import asyncio, logging, sys
from signalbox import ClientConfig, SignalboxClient
{configured}
async def main():
    async with SignalboxClient(ClientConfig(sys.argv[1], token="secret", reconnect=False, debug=True)) as client:
        await client.wait_closed()
asyncio.run(main())
"""
TO_STANDARD_OUTPUT = 'logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(name)s says %(message)s")'


def run(configured: str, url: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent / "src")}
    command = [sys.executable, "-c", PROGRAM.format(configured=configured), url]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=True)


@pytest.mark.parametrize("configured", ["", TO_STANDARD_OUTPUT])
async def test_it_is_seen_with_and_without_logging(server, configured):
    ran = await away(run, configured, f"{server.url}/elsewhere")
    lines = (ran.stdout if configured else ran.stderr).splitlines()
    start = "signalbox says " if configured else "[signalbox] "
    assert lines[0].startswith(f"{start}connecting to ws://"), ran
    assert any("closed: 1006 the server refused with 404" in line for line in lines), ran
    assert not (ran.stderr if configured else ran.stdout), "once"


async def test_a_function_is_told_each_line_and_no_token(guarded):
    lines: List[str] = []
    token = await away(guarded.token, "looker", "viewer")
    config = ClientConfig(guarded.url, token=token, debug=lines.append)
    async with SignalboxClient(config) as client:
        await client.subscribe("system_alerts")
    assert any(line.startswith('→ {"type": "subscribe"') for line in lines)
    assert any(line.startswith("→") and "authenticate" in line for line in lines)
    assert not any(token in line for line in lines)
