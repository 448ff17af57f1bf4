"""Clients of many topics, and of some that are not theirs, against the real server."""

from __future__ import annotations

import json

import pytest

from conftest import Told, away
from listening import listening
from signalbox import ClientConfig, Handlers, SignalboxClient, SignalboxError


async def test_a_thousand_topics_go_on_after_a_break_in_frames_that_the_server_takes(server):
    agents = [f"{'ä' * 20}-{number}" for number in range(1_000)]
    topics = [f"agent:{agent}" for agent in agents]
    async with listening(server) as (client, heard):
        told = await client.subscribe(topics)
        assert [one["topic"] for one in told] == topics
        usage = {"cpu": 1, "memory": 2, "activeConnections": 3}
        for rounds, status in ((1, "idle"), (2, "busy")):
            tries = len(heard.lost.all)
            await away(server.kill)
            await heard.lost.until(lambda all: len(all) > tries)
            await away(server.up)
            await heard.greeted.until(lambda all: len(all) > rounds)
            for agent in (agents[0], agents[999]):
                message = {"type": "agent_state", "agentId": agent, "status": status, "resourceUsage": usage}
                await away(server.post, "/api/v1/events", json.dumps(message).encode(), "application/json")
            await heard.events.until(lambda all: len(all) == 2 * rounds)
        assert len(json.dumps(client.snapshot())) > 2 * 65_536, "not in one frame"
        await client.unsubscribe(topics)
        assert (client.state, client.snapshot()) == ("open", [])
        assert {told["code"] for told in heard.lost.all} == {1006}, "only a server that was not there"


async def test_who_changes_topics_faster_than_the_server_takes_it_waits_and_goes_on(server):
    topics = [f"agent:{number}" for number in range(800)]
    async with listening(server) as (client, heard):
        # What is wanted before is asked for with the connection as well.
        await heard.greeted.first()
        for _ in range(2):
            # The first round is most of what is taken at once.
            assert len(await client.subscribe(topics)) == 800
            await client.unsubscribe(topics[:400])
        assert len(client.snapshot()) == 400
        assert (client.state, heard.lost.all) == ("open", [])


async def take_nobody_along(config, own, code):
    """Rooms that are refused, with this code, between those in `own`."""
    errors, lost = Told(), Told()
    async with SignalboxClient(config, Handlers(on_error=errors.add, on_disconnect=lost.add)) as client:
        await errors.until(lambda all: len(all) == 15)
        assert {error.code for error in errors.all} == {code}
        assert [told["topic"] for told in await client.subscribe(own)] == own
        assert [had["topic"] for had in client.snapshot()] == own
        assert (client.state, lost.all) == ("open", [])


async def test_fifteen_topics_of_thirty_that_are_not_theirs_take_neither_the_others_along_nor_the_connection(guarded):
    own = [f"agent:{number}" for number in range(15)]
    rooms = [room for number, topic in enumerate(own) for room in (f"session:user:other-{number}", topic)]
    config = ClientConfig(guarded.url, token=await away(guarded.token, "looker", "viewer"), rooms=rooms)
    await take_nobody_along(config, own, "forbidden")


async def test_fifteen_topics_of_thirty_that_are_none_take_neither_the_others_along_nor_the_connection(server):
    own = [f"agent:{number}" for number in range(15)]
    rooms = [room for number, topic in enumerate(own) for room in (f"agents:{number}", topic)]
    await take_nobody_along(ClientConfig(server.url, rooms=rooms), own, "invalid_topic")


async def test_a_topic_that_is_not_theirs_takes_no_other_along_and_with_a_lesser_role_after_a_break_either(guarded):
    class Watched:
        def __init__(self, token, rooms):
            self.errors, self.alerts, self.greeted = Told(), Told(), Told()
            config = ClientConfig(guarded.url, token=token, rooms=rooms, reconnect_initial_s=0.02, reconnect_max_s=0.2)
            handlers = Handlers(on_error=self.errors.add, on_system_alert=self.alerts.add, on_connect=self.greeted.add)
            self.client = SignalboxClient(config, handlers)

        def codes(self):
            # Of a server that is away for a moment other errors tell.
            return [error.code for error in self.errors.all if isinstance(error, SignalboxError)]

    async def alert(message):
        body = json.dumps({"type": "system_alert", "severity": "info", "component": "c", "message": message}).encode()
        await away(guarded.post, "/api/v1/events", body, "application/json")

    viewer = Watched(await away(guarded.token, "looker", "viewer"), ["events", "system_alerts", "nonsense"])
    async with viewer.client as client:
        await viewer.errors.until(lambda all: len(all) == 2)
        await alert("one")
        assert (await viewer.alerts.first())["message"] == "one"
        assert viewer.codes() == ["forbidden", "invalid_topic"]
        assert [had["topic"] for had in client.snapshot()] == ["system_alerts"]
        # Asked for together with what is theirs, it is refused, and what they had stays.
        with pytest.raises(SignalboxError) as failed:
            await client.subscribe(["system_alerts", "events"])
        assert failed.value.code == "forbidden"
        await alert("two")
        await viewer.alerts.until(lambda all: len(all) == 2)

    roles = iter(["admin"])
    lessened = Watched(lambda: guarded.jwt("olga", next(roles, "viewer")), ["events", "system_alerts"])
    async with lessened.client as client:
        await client.subscribe(["events", "system_alerts"])
        assert (await client.authenticate())["role"] == "viewer"
        assert "`events`" in str(await lessened.errors.first())
        await away(guarded.kill)
        await away(guarded.up)
        await lessened.greeted.until(lambda all: len(all) == 2)
        await alert("three")
        await lessened.alerts.first(lambda told: told["message"] == "three")
        assert lessened.codes() == ["forbidden"]
