"""Socket.IO as the server speaks it, by python-socketio."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Optional

import pytest
import socketio

from conftest import Server, Told, away

TRANSPORTS = ["polling", "websocket"]


class Heard:
    def __init__(self) -> None:
        self.events, self.opened, self.lost = Told(), Told(), Told()

    @property
    def durable(self) -> list:
        """(name, payload) of all with a position but projections."""
        return [
            (name, payload)
            for name, payload in self.events.all
            if payload.get("_meta", {}).get("position") and name != "workflow_execution"
        ]


@contextlib.asynccontextmanager
async def connected(server: Server, transport: Optional[str] = None, auth: Any = None):
    client = socketio.AsyncClient(reconnection_delay=0.02, reconnection_delay_max=0.2)
    heard = Heard()

    async def opened():
        await heard.opened.add(client.sid)

    client.on("*", heard.events.add)
    client.on("connect", opened)
    client.on("disconnect", heard.lost.add)
    await client.connect(server.url, transports=[transport] if transport else None, auth=auth)
    try:
        yield client, heard
    finally:
        await client.shutdown()


def completed(execution_id: str):
    return lambda told: told[0] == "execution_complete" and told[1]["execution_id"] == execution_id


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_rooms_are_topics_and_events_carry_their_envelope(server, transport):
    async with connected(server, transport) as (client, heard):
        answer = await client.call("subscribe", {"rooms": ["events", "workflow_executions"]})
        assert (answer["type"], len(answer["topics"])) == ("subscribed", 2)
        await heard.events.first(completed(await away(server.run)))
        told = [
            {"type": name, "data": {**payload, "_meta": None}, "position": payload["_meta"]["position"]}
            for name, payload in heard.durable
        ]
        assert told == [
            {"type": event["type"], "data": {**event["data"], "_meta": None}, "position": event["position"]}
            for event in await away(server.history)
        ]
        _, update = await heard.events.first(lambda told: told[0] == "workflow_execution")
        assert (update["type"], update["workflowId"]) == ("workflow_execution", "tests/echo")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_emits_are_acknowledged(server, transport):
    async with connected(server, transport) as (client, _):
        for rooms in ({"topics": ["agent_states"]}, {"rooms": ["agent_states"]}, ["agent_states"], "agent_states"):
            assert (await client.call("subscribe", rooms))["type"] == "subscribed"
        assert (await client.call("unsubscribe", {"rooms": ["agent_states"]}))["type"] == "unsubscribed"
        submitted = await client.call("command", ("submit", {"path": "tests/echo"}))
        execution_id = submitted["result"]["execution_id"]
        execution = await client.call("command", {"method": "execution", "params": {"execution_id": execution_id}})
        assert execution["result"]["path"] == "tests/echo"
        for code, *args in (
            ("invalid_topic", "subscribe", {"rooms": ["nonsense"]}),
            ("not_found", "command", "dance"),
            ("unknown_type", "dance"),
        ):
            answer = await client.call(*args)
            assert (answer["type"], answer["code"]) == ("error", code)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_client_that_was_away_gets_what_it_missed_through_auth(server, transport):
    position = {"events": 0}
    async with connected(server, transport, auth=lambda: {"after": position}) as (client, heard):

        async def keep(name, payload):
            if payload.get("_meta", {}).get("position"):
                position["events"] = payload["_meta"]["position"]
            await heard.events.add(name, payload)

        client.on("*", keep)
        for rounds in (1, 2):
            await heard.events.first(completed(await away(server.run)))
            await away(server.kill if rounds == 1 else server.stop)
            await heard.lost.until(lambda all: len(all) == rounds)
            await away(server.up)
            missed = await away(server.run)
            await heard.opened.until(lambda all: len(all) == rounds + 1)
            await heard.events.first(completed(missed))
        told = [payload["_meta"]["position"] for _, payload in heard.durable]
        assert told == list(range(1, len(told) + 1))


async def test_s1s_messages_are_published_by_emitting_them(server):
    alert = {"severity": "info", "component": "c", "message": "m", "timestamp": 4}
    async with connected(server, "websocket") as (client, heard):
        await client.call("subscribe", {"rooms": ["system_alerts"]})
        answer = await client.call("system_alert", alert)
        _, told = await heard.events.first(lambda told: told[0] == "system_alert")
        assert told.pop("_meta")["position"] == answer["position"]
        assert told == {"type": "system_alert", **alert}


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_auth_says_who_a_client_is(guarded, transport):
    token = await away(guarded.token, "looker", "viewer")
    async with connected(guarded, transport, auth={"token": token, "rooms": ["agent_states"]}) as (client, heard):
        _, identity = await heard.events.first(lambda told: told[0] == "authenticated")
        assert (identity["name"], identity["role"]) == ("looker", "viewer")
        await heard.events.first(lambda told: told[0] == "subscribed")
        assert (await client.call("subscribe", "events"))["code"] == "forbidden"
    with pytest.raises(socketio.exceptions.ConnectionError):
        async with connected(guarded, transport):
            pass


async def test_a_client_goes_over_to_the_websocket_without_losing_anything(server):
    async with connected(server, auth={"after": {"events": 0}}) as (client, heard):
        runs = await asyncio.gather(*(away(server.run) for _ in range(20)))
        for execution_id in runs:
            await heard.events.first(completed(execution_id))
        assert client.transport() == "websocket"
        told = [payload["_meta"]["position"] for _, payload in heard.durable]
        assert told == list(range(1, len(told) + 1))
