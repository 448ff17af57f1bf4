"""What the client makes of a server that goes away, by a clock that stands still until it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, List, Tuple

import pytest
from websockets.asyncio.server import ServerConnection, serve

from conftest import Told
from signalbox import ClientConfig, Clock, Handlers, SignalboxClient, SignalboxError

LIMITS = {"frame_bytes": 65_536, "topics": 1_000, "queue_bytes": 1 << 20, "idle_timeout_ms": 90_000}


class StandingClock(Clock):
    def __init__(self) -> None:
        self.at = 1_000_000.0
        self.slept = Told()
        self._sleepers: List[Tuple[float, asyncio.Event]] = []

    def now(self) -> float:
        return self.at

    def random(self) -> float:
        return 0.5

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self.at + seconds, woken))
        await self.slept.add(seconds)
        await woken.wait()

    def advance(self, seconds: float) -> None:
        self.at += seconds
        for due, woken in self._sleepers:
            if due <= self.at:
                woken.set()


class Scripted:
    """Real sockets, and words put into the server's mouth."""

    def __init__(self) -> None:
        self.connections = Told()
        self.frames = Told()
        self.url = ""

    async def take(self, socket: ServerConnection) -> None:
        await self.connections.add(socket)
        with contextlib.suppress(Exception):
            async for text in socket:
                await self.frames.add(json.loads(text))

    async def connection(self, number: int) -> ServerConnection:
        return (await self.connections.until(lambda all: len(all) >= number))[number - 1]


@contextlib.asynccontextmanager
async def scripted():
    script = Scripted()
    async with serve(script.take, "127.0.0.1", 0) as server:
        script.url = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        yield script


@contextlib.asynccontextmanager
async def connected(script: Scripted, **config: Any):
    clock, lost, greeted = StandingClock(), Told(), Told()
    handlers = Handlers(on_disconnect=lost.add, on_connect=greeted.add)
    async with SignalboxClient(ClientConfig(script.url, clock=clock, **config), handlers) as client:
        yield client, clock, lost, greeted


async def hello(socket: ServerConnection) -> None:
    await socket.send(json.dumps({"type": "hello", "epoch": "e", "client": "c", "limits": LIMITS}))


async def test_the_pause_grows_with_each_failure_and_a_hello_makes_it_short_again():
    async with scripted() as script, connected(script) as (_, clock, lost, greeted):
        for number, pause in enumerate([0.25, 0.5, 1.0, 2.0], 1):
            (await script.connection(number)).transport.abort()
            assert (await lost.until(lambda all: len(all) == number))[-1]["retry_s"] == pause
            await clock.slept.until(lambda all: len(all) == number)
            clock.advance(pause)
        socket = await script.connection(5)
        await hello(socket)
        await greeted.first()
        socket.transport.abort()
        assert (await lost.until(lambda all: len(all) == 5))[-1]["retry_s"] == 0.25


async def test_a_server_that_drains_says_when_to_come_back():
    async with scripted() as script, connected(script) as (_, _, lost, _):
        socket = await script.connection(1)
        await hello(socket)
        await socket.send(json.dumps({"type": "draining", "reconnect_after_ms": 3_000}))
        await socket.close(4000, "the server is going away: come back")
        assert await lost.first() == {"code": 4000, "reason": "the server is going away: come back", "retry_s": 3.25}


async def test_terminal_codes_are_the_end_for_whoever_waits_too():
    async with scripted() as script, connected(script) as (client, _, lost, _):
        waiting = asyncio.ensure_future(client.call("playbooks"))
        await (await script.connection(1)).close(4403, "not allowed here")
        assert await lost.first() == {"code": 4403, "reason": "not allowed here", "retry_s": None}
        for call in (waiting, client.call("playbooks")):
            with pytest.raises(SignalboxError) as failed:
                await call
            assert (failed.value.code, failed.value.temporary) == ("closed", False)
        await client.wait_closed()
        assert client.state == "closed"


async def test_a_token_that_is_refused_is_fetched_anew_once():
    fetched = iter(["t1", "t2", "t3"])
    async with scripted() as script, connected(script, token=lambda: next(fetched)) as (_, clock, lost, _):
        await (await script.connection(1)).close(4401, "expired")
        assert (await lost.first())["retry_s"] == 0.25
        await clock.slept.first()
        clock.advance(0.25)
        await (await script.connection(2)).close(4401, "expired")
        assert (await lost.until(lambda all: len(all) == 2))[1]["retry_s"] is None
        sent = await script.frames.until(lambda all: len(all) == 2)
        assert [(frame["type"], frame["token"]) for frame in sent] == [("authenticate", "t1"), ("authenticate", "t2")]


async def test_a_token_is_renewed_over_the_same_connection_before_it_expires():
    fetched = iter(["t1", "t2"])

    async def token() -> str:
        return next(fetched)

    async with scripted() as script, connected(script, token=token) as (client, clock, _, _):
        socket = await script.connection(1)
        first = await script.frames.first()
        await hello(socket)
        told = {"type": "authenticated", "id": first["id"], "name": "ada", "role": "viewer"}
        await socket.send(json.dumps({**told, "expires_at": int(clock.at * 1_000) + 10_000}))
        assert await clock.slept.first() == pytest.approx(8.0)
        clock.advance(8.0)
        assert (await script.frames.until(lambda all: len(all) == 2))[1]["token"] == "t2"
        assert client.state == "open"


async def test_what_was_sent_and_not_answered_is_told_and_subscriptions_are_made_again():
    async with scripted() as script, connected(script, rooms=["events"]) as (client, clock, lost, _):
        call = asyncio.ensure_future(client.call("playbooks"))
        socket = await script.connection(1)
        await hello(socket)
        sent = await script.frames.until(lambda all: len(all) == 2)
        assert [frame["type"] for frame in sent] == ["subscribe", "command"]
        topics = [{"topic": "events", "position": 4, "recovered": False}]
        await socket.send(json.dumps({"type": "subscribed", "id": sent[0]["id"], "topics": topics}))
        event = {"id": "i", "position": 5, "time": 1, "type": "x", "correlation_id": None, "data": {}}
        await socket.send(json.dumps({"type": "event", "topics": ["events"], "event": event}))
        await socket.close(4001)
        with pytest.raises(SignalboxError) as failed:
            await call
        assert (failed.value.code, failed.value.temporary) == ("disconnected", True)
        await lost.first()
        await clock.slept.first()
        clock.advance(0.25)
        await hello(await script.connection(2))
        again = (await script.frames.until(lambda all: len(all) == 3))[2]
        assert again["topics"] == [{"topic": "events", "after": 5, "epoch": "e"}]
