"""The examples of the README run, as files do."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, Dict

import pytest

from conftest import PATIENCE_S, Told
from signalbox import ClientConfig, SignalboxClient

README = (Path(__file__).parent.parent / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
async def test_an_example_prints_what_is_told(server, monkeypatch, number):
    printed, mains = Told(), []
    loop = asyncio.get_running_loop()

    def show(*words: Any) -> "asyncio.Task[None]":
        return loop.create_task(printed.add(words))

    # In the loop of the test, so that it ends with it.
    monkeypatch.setattr(asyncio, "run", mains.append)
    names: Dict[str, Any] = {"__name__": "__main__", "print": show}
    exec(compile(EXAMPLES[number].replace("http://localhost:9999", server.url), "README.md", "exec"), names)
    (main,) = mains
    running = loop.create_task(main)
    async with SignalboxClient(ClientConfig(server.url)) as client:

        async def publish() -> None:
            # Until it is subscribed. The server measures itself as well.
            while not any(kind == "agent_state" for kind, _ in printed.all):
                await client.broadcast_agent_state("a", "busy", {"cpu": 1, "memory": 2, "activeConnections": 3})

        await asyncio.wait_for(publish(), PATIENCE_S)
        _, state = await printed.first(lambda words: words[0] == "agent_state")
        assert (state["type"], state["agentId"], state["status"]) == ("agent_state", "a", "busy")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
