"""S1's messages as S1 writes them, for programs that have one function for all."""

from __future__ import annotations

from typing import Any, List, Tuple

import signalbox
from conftest import Told
from signalbox import ClientConfig, SignalboxClient, create_monitoring_client

SUBJECTS = {
    "agent_state": "agentId",
    "performance_metric": "metricName",
    "workflow_execution": "workflowId",
    "memory_timeline": "memoryId",
    "system_alert": "component",
}
PUBLISHED: List[Any] = [
    {"type": "agent_state", "agentId": "of agents", "status": "idle",
     "resourceUsage": {"cpu": 1, "memory": 2, "activeConnections": 3}},
    {"type": "performance_metric", "metricName": "of metrics", "value": 1, "unit": "ms", "category": "agent"},
    {"type": "performance_metric", "metricName": "of metrics", "value": 2, "unit": "ms", "category": "agent"},
    {"type": "workflow_execution", "workflowId": "of workflows", "executionId": "e", "stage": "s", "status": "running"},
    {"type": "memory_timeline", "memoryId": "of memories", "action": "created", "importance": 0.5, "tags": []},
    {"type": "system_alert", "severity": "info", "component": "of alerts", "message": "m"},
]


def summary(messages: List[Any]) -> List[Tuple[str, str]]:
    return sorted((message["type"], message[SUBJECTS[message["type"]]]) for message in messages)


async def test_every_message_says_its_type_in_batches_too_and_one_that_was_told_is_published_again_as_it_is(server):
    told = Told()

    async def tell(_: str, data: Any) -> None:
        for message in data if isinstance(data, list) else [data]:
            # The server measures itself as well.
            if message[SUBJECTS[message["type"]]].startswith("of "):
                await told.add(message)

    async with create_monitoring_client(server.url, tell) as monitor, SignalboxClient(
        ClientConfig(server.url)
    ) as client:
        await monitor.subscribe("system_alerts")
        for message in PUBLISHED:
            await client.publish(message)
        await told.until(lambda all: len(all) == len(PUBLISHED))
        assert summary(told.all) == summary(PUBLISHED)
        for message in list(told.all):
            await client.publish(message)
        await told.until(lambda all: len(all) == 2 * len(PUBLISHED))
        assert summary(told.all) == summary(2 * PUBLISHED)


def test_s1s_names_are_there():
    for name, same in (
        ("AgentStateMessage", signalbox.AgentState),
        ("WorkflowExecutionUpdate", signalbox.WorkflowExecution),
        ("MemoryTimelineData", signalbox.MemoryTimeline),
    ):
        assert getattr(signalbox, name) is same and name in signalbox.__all__
