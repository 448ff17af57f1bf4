"""What the client makes of a server that goes away, by a clock that stands still until it is told."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import pytest
import signalbox
from websockets.asyncio.server import ServerConnection, serve

from conftest import PATIENCE_S, Told
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

    async def frame(self, number: int) -> Dict[str, Any]:
        return (await self.frames.until(lambda all: len(all) >= number))[number - 1]


@contextlib.asynccontextmanager
async def scripted():
    script = Scripted()
    async with serve(script.take, "127.0.0.1", 0) as server:
        script.url = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        yield script


class Connected(NamedTuple):
    client: SignalboxClient
    clock: StandingClock
    lost: Told
    greeted: Told
    errors: Told


@contextlib.asynccontextmanager
async def connected(script: Scripted, **config: Any):
    clock, lost, greeted, errors = StandingClock(), Told(), Told(), Told()
    handlers = Handlers(on_disconnect=lost.add, on_connect=greeted.add, on_error=errors.add)
    async with SignalboxClient(ClientConfig(script.url, clock=clock, **config), handlers) as client:
        yield Connected(client, clock, lost, greeted, errors)


UNAVAILABLE = {"code": "unavailable", "message": "not now", "temporary": True}
UNKNOWN = {"code": "token_unknown", "message": "not ours", "temporary": False}


async def hello(socket: ServerConnection) -> None:
    await socket.send(json.dumps({"type": "hello", "epoch": "e", "client": "c", "limits": LIMITS}))


async def test_the_pause_grows_with_each_failure_and_a_hello_makes_it_short_again():
    async with scripted() as script, connected(script) as (_, clock, lost, greeted, _):
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


async def test_a_server_that_takes_the_connection_and_says_nothing_is_given_up(monkeypatch):
    # Time limits of connections are the loop's.
    monkeypatch.setattr(signalbox.client, "CONNECT_S", 0.5)
    async with scripted() as script, connected(script) as (client, clock, lost, greeted, errors):
        await script.connection(1)
        assert await lost.first() == {"code": 1006, "reason": "no close frame received or sent", "retry_s": 0.25}
        assert [str(error) for error in errors.all] == ["the server does not say hello"]
        await clock.slept.first()
        clock.advance(0.25)
        await hello(await script.connection(2))
        await greeted.first()
        assert client.state == "open"


async def test_a_message_may_have_several_frames_and_a_line_ends_only_between_them():
    events, greeted = Told(), Told()
    handlers = Handlers(on_event=lambda event, _: events.add(event["data"]["message"]), on_connect=greeted.add)
    async with scripted() as script, SignalboxClient(ClientConfig(script.url), handlers) as client:
        socket = await script.connection(1)
        assert socket.request is not None and socket.request.headers["Sec-WebSocket-Protocol"] == "signalbox.batch"
        await hello(socket)
        await greeted.first()
        subscribing = asyncio.ensure_future(client.subscribe(["system_alerts"]))
        asked = await script.frame(1)
        texts = ["one", "two\n\r\u2028\x85", "three"]
        frames = [{"type": "subscribed", "id": asked["id"],
                   "topics": [{"topic": "system_alerts", "position": 6, "recovered": False}]}]
        frames += [
            {"type": "event", "topics": ["system_alerts"], "event": {
                "id": str(position), "position": position, "time": 1, "type": "system_alert",
                "correlation_id": None, "causation_id": None, "traceparent": None, "data": {"message": text}}}
            for position, text in enumerate(texts, 7)
        ]
        await socket.send("\n".join(json.dumps(frame, ensure_ascii=False) for frame in frames))
        await asyncio.wait_for(subscribing, PATIENCE_S)
        assert await events.until(lambda all: len(all) == 3) == texts


async def test_a_server_that_drains_says_when_to_come_back():
    async with scripted() as script, connected(script) as (_, _, lost, _, _):
        socket = await script.connection(1)
        await hello(socket)
        await socket.send(json.dumps({"type": "draining", "reconnect_after_ms": 3_000}))
        await socket.close(4000, "the server is going away: come back")
        assert await lost.first() == {"code": 4000, "reason": "the server is going away: come back", "retry_s": 3.25}


async def test_terminal_codes_are_the_end_for_whoever_waits_too():
    async with scripted() as script, connected(script) as (client, _, lost, _, _):
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
    async with scripted() as script, connected(script, token=lambda: next(fetched)) as (_, clock, lost, _, _):
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

    async with scripted() as script, connected(script, token=token) as (client, clock, _, _, _):
        socket = await script.connection(1)
        first = await script.frames.first()
        await hello(socket)
        told = {"type": "authenticated", "id": first["id"], "name": "ada", "role": "viewer"}
        await socket.send(json.dumps({**told, "expires_at": int(clock.at * 1_000) + 10_000}))
        assert await clock.slept.first() == pytest.approx(8.0)
        clock.advance(8.0)
        assert (await script.frames.until(lambda all: len(all) == 2))[1]["token"] == "t2"
        assert client.state == "open"


async def taken(socket: ServerConnection, frame: Dict[str, Any], expires_at_s: float) -> None:
    told = {"type": "authenticated", "id": frame["id"], "name": "ada", "role": "viewer"}
    await socket.send(json.dumps({**told, "expires_at": round(expires_at_s * 1_000)}))


async def slept(clock: StandingClock, number: int) -> float:
    return (await clock.slept.until(lambda all: len(all) >= number))[number - 1]


async def test_a_renewal_that_fails_for_now_is_tried_again_and_again_with_what_is_left():
    tokens = iter(["t1", "t2", OSError("no network"), "t4", "t5"])

    def token() -> str:
        got = next(tokens)
        if isinstance(got, OSError):
            raise got
        return got

    async with scripted() as script, connected(script, token=token) as (client, clock, _, _, errors):
        socket = await script.connection(1)
        await hello(socket)
        await taken(socket, await script.frame(1), clock.at + 100)
        assert await slept(clock, 1) == pytest.approx(80.0)
        clock.advance(80.0)
        refused = await script.frame(2)
        await socket.send(json.dumps({"type": "error", "id": refused["id"], **UNAVAILABLE}))
        assert await slept(clock, 2) == pytest.approx(16.0)
        clock.advance(16.0)
        # This time there is no token.
        assert await slept(clock, 3) == pytest.approx(3.2)
        clock.advance(3.2)
        fourth = await script.frame(3)
        assert fourth["token"] == "t4"
        assert [str(error) for error in errors.all] == ["not now", "no network"]
        await taken(socket, fourth, clock.at + 10)
        assert await slept(clock, 4) == pytest.approx(8.0)
        clock.advance(8.0)
        assert (await script.frame(4))["token"] == "t5"
        assert client.state == "open"


async def test_by_a_clock_that_is_ahead_a_token_is_renewed_once_a_second():
    numbers = itertools.count(1)
    async with scripted() as script, connected(script, token=lambda: f"t{next(numbers)}") as (_, clock, _, _, _):
        socket = await script.connection(1)
        await hello(socket)
        for number in range(1, 4):
            frame = await script.frame(number)
            assert frame["token"] == f"t{number}"
            await taken(socket, frame, clock.at - 3_600)
            assert await slept(clock, number) == 1.0
            clock.advance(1.0)


@pytest.mark.parametrize("fetched", [False, True])
async def test_a_token_that_is_refused_for_now_is_never_the_end(fetched: bool):
    token = (lambda: "t") if fetched else "t"
    async with scripted() as script, connected(script, token=token) as (_, clock, lost, _, errors):

        async def refuse(number: int, problem: Dict[str, Any]) -> Optional[float]:
            socket = await script.connection(number)
            frame = await script.frame(number)
            await hello(socket)
            await socket.send(json.dumps({"type": "error", "id": frame["id"], **problem}))
            await socket.close(4401, "not proven")
            retry_s = (await lost.until(lambda all: len(all) == number))[-1]["retry_s"]
            if retry_s is not None:
                await slept(clock, number)
                clock.advance(retry_s)
            return retry_s

        for number in range(1, 4):
            assert await refuse(number, UNAVAILABLE) == 0.25
        assert len(errors.all) == 3
        # And it is not the one other try of a token that is fetched.
        tries = [await refuse(4, UNKNOWN)]
        if tries[0] is not None:
            tries.append(await refuse(5, UNKNOWN))
        assert tries == ([0.25, None] if fetched else [None])


async def test_what_was_sent_and_not_answered_is_told_and_subscriptions_are_made_again():
    async with scripted() as script, connected(script, rooms=["events"]) as (client, clock, lost, _, _):
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


async def test_a_gap_that_was_lost_with_the_connection_is_asked_for_again():
    rooms = [{"topic": "events", "after": 7, "epoch": "before"}]
    async with scripted() as script, connected(script, rooms=rooms) as (client, clock, lost, _, _):
        for number in (1, 2):
            socket = await script.connection(number)
            await hello(socket)
            frame = await script.frame(number)
            assert frame["topics"] == rooms
            topics = [{"topic": "events", "position": 2, "recovered": False}]
            await socket.send(json.dumps({"type": "subscribed", "id": frame["id"], "topics": topics}))
            if number == 1:
                await socket.close(4001)
                await slept(clock, 1)
                clock.advance(0.25)
        gap = {"type": "gap", "topic": "events", "from": 7, "to": 2, "reason": "epoch"}
        await socket.send(json.dumps(gap))
        await socket.close(4001)
        await lost.until(lambda all: len(all) == 2)
        assert client.snapshot() == [{"topic": "events", "after": 2, "epoch": "e"}]
