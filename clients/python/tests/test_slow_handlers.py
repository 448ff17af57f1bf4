"""Handlers that are slower than what comes."""

from __future__ import annotations

import asyncio
import json

from conftest import Told, away
from signalbox import ClientConfig, Handlers, SignalboxClient
from signalbox.teller import UNHANDLED
from test_reconnect import hello, scripted


async def test_a_handler_may_call_and_be_slower_than_the_events(server):
    looked = Told()

    async def look(event, topics):
        if event["type"] == "step_started":
            execution = await client.call("execution", {"execution_id": event["correlation_id"]})
            await looked.add(execution["path"])

    # More events than may wait for a handler.
    for run in range(60):
        await away(server.run)
    rooms = [{"topic": "events", "after": 0}]
    async with SignalboxClient(ClientConfig(server.url, rooms=rooms), Handlers(on_event=look)) as client:
        await looked.until(lambda all: len(all) == 60)
    assert set(looked.all) == {"tests/echo"}


async def test_however_much_is_asked_a_slow_handler_has_a_few_hundred_events_waiting_and_misses_none(server):
    seen, most, slow = Told(), 0, asyncio.Event()

    async def look(event, topics):
        await slow.wait()
        await seen.add(event["position"])

    config = ClientConfig(server.url, rooms=["memory_timeline"])
    async with SignalboxClient(config, Handlers(on_event=look)) as client:
        await client.subscribe("memory_timeline")
        told = []
        for number in range(1_000):
            # Each answer comes after the event of the message before.
            told.append((await client.broadcast_memory_timeline(f"m{number}", "created", 0.5, []))["position"])
            most = max(most, len(client._teller._untold))
        slow.set()
        assert UNHANDLED // 2 < most <= UNHANDLED + 8
        await seen.until(lambda all: len(all) >= len(told))
        told.append((await client.broadcast_memory_timeline("last", "created", 0.5, []))["position"])
        await seen.until(lambda all: len(all) >= len(told))
        assert seen.all == told


async def test_what_is_passed_over_is_asked_for_again_also_after_a_refusal_for_now():
    seen, slow = Told(), asyncio.Event()

    async def look(event, topics):
        await slow.wait()
        await seen.add(event["position"])

    async with scripted() as script:
        config = ClientConfig(script.url, rooms=["events"])
        async with SignalboxClient(config, Handlers(on_event=look)) as client:
            socket = await script.connection(1)
            await hello(socket)

            async def say(**frame):
                await socket.send(json.dumps(frame))

            async def subscribed(frame):
                topics = [{"topic": "events", "position": 0, "recovered": "after" in frame["topics"][0]}]
                await say(type="subscribed", id=frame["id"], topics=topics)

            async def tell(first, last):
                for position in range(first, last + 1):
                    event = {"id": "i", "position": position, "time": 1, "type": "x", "correlation_id": None, "data": {}}
                    await say(type="event", topics=["events"], event=event)

            await subscribed(await script.frame(1))
            call = asyncio.ensure_future(client.call("playbooks"))
            asked = await script.frame(2)
            await tell(1, 2 * UNHANDLED)
            await say(type="gap", topic="events", **{"from": 400, "to": 450}, reason="unavailable")
            await say(type="reply", id=asked["id"], result="done")
            assert await call == "done"
            slow.set()
            # Not before there is room.
            again = await script.frame(3)
            after = again["topics"][0]["after"]
            assert UNHANDLED <= after <= UNHANDLED + 1
            # What was on its way is not what is asked for.
            await tell(500, 510)
            refusal = {"code": "rate_limited", "message": "not now", "temporary": True}
            await say(type="error", id=again["id"], **refusal)
            again = await script.frame(4)
            assert again["topics"] == [{"topic": "events", "after": after, "epoch": "e"}]
            await subscribed(again)
            await tell(after + 1, 600)
            await seen.until(lambda all: len(all) >= 600)
            assert seen.all == list(range(1, 601))
