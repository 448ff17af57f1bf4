"""The client against the real server."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from conftest import Told, away, ended, positions
from listening import listening
from signalbox import (
    ClientConfig,
    Handlers,
    SignalboxClient,
    SignalboxError,
    UniversalAIWebSocketClient,
    create_broadcast_integrations,
    create_monitoring_client,
    create_workflow_client,
)


async def test_the_events_of_an_execution_come_in_order_each_once(server):
    async with listening(server, [{"topic": "events", "after": 0}]) as (client, heard):
        await client.subscribe("workflow_executions")
        await heard.events.first(ended(await away(server.run)))
        assert heard.durable == await away(server.history)
        assert heard.projected[-1]["data"]["status"] == "completed"


async def test_all_of_a_kind_come_to_who_has_a_topic_for_all_each_once(server):
    before = await away(server.run)
    rooms = [{"topic": topic, "after": 0} for topic in ("execution:*", "workflow:*", "agent:*", f"execution:{before}")]
    async with listening(server, rooms) as (client, heard):
        await heard.events.first(ended(before))
        usage = {"cpu": 1, "memory": 2, "activeConnections": 3}
        for agent in ("a", "b"):
            message = {"type": "agent_state", "agentId": agent, "status": "idle", "resourceUsage": usage}
            await client.publish(message)
        live = await away(server.run)
        await heard.events.first(ended(live))
        await heard.events.until(lambda _: heard.projected[-1]["correlation_id"] == live
                                 and heard.projected[-1]["data"]["status"] == "completed")
        agents = [event for event in heard.durable if event["type"] == "agent_state"]
        executions = [event for event in heard.durable if event["type"] != "agent_state"]
        assert len(agents) == 2
        for topic, told in (("execution:*", executions), ("workflow:*", heard.projected), ("agent:*", agents)):
            assert told == await away(server.history, topic), topic
        with pytest.raises(SignalboxError) as refused:
            await client.subscribe("session:*")
        assert refused.value.code == "invalid_topic"


async def test_killed_and_started_again_while_events_come_the_server_loses_and_repeats_nothing(server):
    rooms = [{"topic": "events", "after": 0}, {"topic": "workflow_executions", "after": 0}]
    async with listening(server, rooms) as (client, heard):
        for rounds in (1, 2, 3):
            seen = len(heard.events.all)
            burst = asyncio.gather(*(away(server.run, f"{rounds}.{run}") for run in range(20)), return_exceptions=True)
            await heard.events.until(lambda all: len(all) > seen + 20)
            await away(server.kill)
            await burst
            await heard.lost.until(lambda all: len(all) >= rounds)
            await away(server.up)
            # Nobody has come back to see this one end.
            missed = await away(server.run)
            await heard.greeted.until(lambda all: len(all) > rounds)
            await heard.events.first(ended(missed))
        await heard.events.first(ended(await away(server.run, "last")))
        assert client.state == "open"
        # What was on its way when the last one ended is not waited for.
        history = await away(server.history)
        assert heard.durable == history[: len(heard.durable)]
        assert positions(heard.durable) == list(range(1, len(heard.durable) + 1))
        projected = positions(await away(server.history, "workflow_executions"))
        assert positions(heard.projected) == projected[: len(heard.projected)]


async def test_a_server_that_drains_is_come_back_to(server):
    async with listening(server, [{"topic": "events", "after": 0}]) as (_, heard):
        await heard.greeted.first()
        await away(server.stop)
        await away(server.up)
        await heard.events.first(ended(await away(server.run)))
        assert positions(heard.durable) == list(range(1, len(heard.durable) + 1))


async def test_another_log_is_told_of_and_followed_from_there(server):
    async with listening(server, [{"topic": "events", "after": 0}]) as (_, heard):
        await heard.events.first(ended(await away(server.run)))
        await away(server.forget)
        await heard.greeted.until(lambda all: len(all) == 2)
        assert (await heard.gaps.first())["reason"] == "epoch"
        await heard.events.first(ended(await away(server.run)))


async def test_a_position_kept_earlier_is_gone_on_from_by_another_client(server):
    async with listening(server, [{"topic": "events", "after": 0}]) as (client, first):
        await first.events.first(ended(await away(server.run)))
        kept = client.snapshot()
    missed = await away(server.run)
    async with listening(server, kept) as (_, second):
        await second.events.first(ended(missed))
    both = positions(first.durable) + positions(second.durable)
    assert both == list(range(1, len(both) + 1))


async def test_commands_are_answered_and_refused_by_name(server):
    async with listening(server) as (client, _):
        submitted = await client.call("submit", {"path": "tests/echo"})
        execution = await client.call("execution", {"execution_id": submitted["execution_id"]})
        assert execution["path"] == "tests/echo"
        for call, code in (
            (client.call("submit", {"path": "tests/nothing"}), "not_found"),
            (client.call("dance"), "not_found"),
            (client.subscribe("nonsense"), "invalid_topic"),
        ):
            with pytest.raises(SignalboxError) as failed:
                await call
            assert failed.value.code == code
        assert client.snapshot() == [], "what was refused is not asked for again"


async def test_an_unsubscribed_topic_is_silent(server):
    async with listening(server) as (client, heard):
        assert [told["topic"] for told in await client.subscribe(["workflow:tests/echo"])] == ["workflow:tests/echo"]
        await client.unsubscribe("workflow:tests/echo")
        await client.subscribe("events")
        await heard.events.first(ended(await away(server.run)))
        assert heard.projected == []


async def test_s1s_clients_work_in_snake_case(server, caplog):
    caplog.set_level(logging.INFO, logger="signalbox")
    monitored, updates, connected = Told(), Told(), Told()
    config = ClientConfig(server.url, rooms=["agent_states", "performance_metrics", "system_alerts"], debug=True)
    async with UniversalAIWebSocketClient(config, Handlers(on_connect=connected.add)), create_monitoring_client(
        server.url, monitored.add
    ) as monitor, create_workflow_client(server.url, "tests/echo", updates.add) as workflow:
        await connected.first()
        await monitor.subscribe("workflow_executions")
        await workflow.subscribe("workflow:tests/echo")
        execution_id = await away(server.run)
        await monitored.first(lambda told: told[0] == "workflow_execution" and told[1]["status"] == "completed")
        last = await updates.first(lambda update: update["status"] == "completed")
        assert (last["workflowId"], last["executionId"], last["progress"]) == ("tests/echo", execution_id, 100)
    assert any(record.getMessage().startswith('→ {"type": "subscribe"') for record in caplog.records)


async def test_s1s_producers_reach_s1s_clients(server):
    monitored, updates = Told(), Told()
    usage = {"cpu": 45.2, "memory": 67.8, "activeConnections": 3}
    async with create_monitoring_client(server.url, monitored.add) as monitor, create_workflow_client(
        server.url, "user-request-workflow", updates.add
    ) as workflow, listening(server) as (client, _):
        await monitor.subscribe("agent_states")
        await workflow.subscribe("workflow:user-request-workflow")

        async def told(kind):
            return (await monitored.first(lambda told: told[0] == kind))[1]

        published = await client.broadcast_agent_state("my-agent", "active", usage, current_task="Processing")
        assert published["position"] > 0
        state = await told("agent_state")
        assert abs(state.pop("timestamp") / 1_000 - time.time()) < 60, "the server says when"
        assert state == {
            "type": "agent_state",
            "agentId": "my-agent",
            "status": "active",
            "resourceUsage": usage,
            "currentTask": "Processing",
        }
        await client.broadcast_memory_timeline("m", "created", 0.5, ["a"])
        assert (await told("memory_timeline"))["memoryId"] == "m"
        await client.broadcast_system_alert("warning", "test", "on purpose")
        assert (await told("system_alert"))["message"] == "on purpose"

        integrations = create_broadcast_integrations(client)
        workflows = integrations.workflow_execution
        await workflows.start_workflow("user-request-workflow", "exec-123", "agent-1")
        await workflows.update_workflow_progress("user-request-workflow", "exec-123", "processing", 50)
        await workflows.complete_workflow("user-request-workflow", "exec-123", {"result": "success"})
        await updates.first(lambda update: update["status"] == "completed")
        assert [(update["executionId"], update["stage"], update["progress"]) for update in updates.all] == [
            ("exec-123", "started", 0),
            ("exec-123", "processing", 50),
            ("exec-123", "completed", 100),
        ]
        async def told_again(kind):
            """What was told last, of two."""
            both = await monitored.until(lambda all: sum(told[0] == kind for told in all) == 2)
            return [data for told, data in both if told == kind][1]

        assert (await integrations.agent_state.broadcast("b", "idle", usage))["position"] is not None
        assert (await told_again("agent_state"))["agentId"] == "b"
        await integrations.memory.broadcast("n", "accessed", 0.25, ["b"], content="again", agent_id="b")
        memory = await told_again("memory_timeline")
        assert (memory["memoryId"], memory["content"], memory["agentId"]) == ("n", "again", "b")
        await integrations.alerts.broadcast("info", "test", "again", details={"n": 2})
        assert (await told_again("system_alert"))["details"] == {"n": 2}
        await integrations.performance_metrics.broadcast("latency", 5, "ms", "agent", "b", {"n": 3})
        metric = (await told("performance_metrics"))[0]
        assert (metric["metricName"], metric["agentId"], metric["metadata"]) == ("latency", "b", {"n": 3})
        monitored.all.clear()
        integrations.performance_metrics.start_streaming(20)
        assert (await told("performance_metrics"))[0]["metricName"].startswith("process_")
        integrations.performance_metrics.stop_streaming()

        with pytest.raises(SignalboxError) as failed:
            await client.publish({"type": "agent_state", "agentId": "a"})
        assert failed.value.code == "message_invalid"


async def test_a_handler_that_fails_is_reported_and_stops_nobody(server):
    errors, events = Told(), Told()

    async def fail(event, topics):
        await events.add(event, topics)
        raise RuntimeError("on purpose")

    config = ClientConfig(server.url, rooms=["events"])
    async with SignalboxClient(config, Handlers(on_event=fail, on_error=errors.add)) as client:
        await client.subscribe("events")
        await events.first(ended(await away(server.run)))
        await errors.until(lambda all: len(all) == len(events.all))


async def test_tokens_say_who_a_client_is_and_one_that_is_revoked_is_the_end_unless_there_is_another(guarded):
    lost, identities = Told(), Told()

    def client(token=None):
        config = ClientConfig(guarded.url, token=token, reconnect_initial_s=0.02)
        return SignalboxClient(config, Handlers(on_disconnect=lost.add, on_authenticated=identities.add))

    async with client(await away(guarded.token, "looker", "viewer")) as viewer:
        assert (await viewer.subscribe("agent_states"))[0]["topic"] == "agent_states"
        assert (await identities.first())["role"] == "viewer"
        for call in (viewer.subscribe("events"), viewer.call("submit", {"path": "tests/echo"})):
            with pytest.raises(SignalboxError) as failed:
                await call
            assert failed.value.code == "forbidden"
        await away(guarded.revoke, "looker")
        assert (await lost.first(lambda told: told["retry_s"] is None))["code"] == 4401

    names = iter(["first", "second"])
    async with client(lambda: away(guarded.token, next(names), "component")) as renewing:
        await renewing.broadcast_system_alert("info", "c", "m")
        await away(guarded.revoke, "first")
        await identities.first(lambda identity: identity["name"] == "second")
        await renewing.broadcast_system_alert("info", "c", "m")

    for token in (None, "sbx_nobodys"):
        async with client(token) as nobody:
            with pytest.raises(SignalboxError):
                await nobody.call("playbooks")
            await nobody.wait_closed()
            assert nobody.state == "closed"


async def test_a_place_that_is_no_server_of_ours_is_the_end(server):
    lost = Told()
    async with SignalboxClient(ClientConfig(f"{server.url}/elsewhere"), Handlers(on_disconnect=lost.add)) as client:
        told = await lost.first()
        assert told["retry_s"] is None, told
        assert client.state == "closed"
