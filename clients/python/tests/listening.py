"""A client of some rooms, and all it was told."""

from __future__ import annotations

import contextlib
from typing import Any, Sequence

from conftest import Server, Told
from signalbox import ClientConfig, Handlers, SignalboxClient


class Heard:
    def __init__(self) -> None:
        self.events, self.gaps, self.lost, self.greeted = Told(), Told(), Told(), Told()

    @property
    def durable(self) -> list:
        return [event for event, _ in self.events.all if event["type"] != "workflow_execution"]

    @property
    def projected(self) -> list:
        return [event for event, _ in self.events.all if event["type"] == "workflow_execution"]


@contextlib.asynccontextmanager
async def listening(server: Server, rooms: Sequence[Any] = ()):
    heard = Heard()
    handlers = Handlers(
        on_event=heard.events.add,
        on_gap=heard.gaps.add,
        on_disconnect=heard.lost.add,
        on_connect=heard.greeted.add,
    )
    config = ClientConfig(server.url, rooms=rooms, reconnect_initial_s=0.02, reconnect_max_s=0.2)
    async with SignalboxClient(config, handlers) as client:
        yield client, heard
