"""Producers in S1's words, over a client's connection."""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from typing import Any, Callable, Dict, List, Optional

from .client import SignalboxClient
from .messages import AgentStatus, MemoryAction, MetricCategory, Published, ResourceUsage, Severity

#: The keyword arguments of `SignalboxClient.broadcast_performance_metric`.
Metric = Dict[str, Any]


class AgentStates:
    def __init__(self, client: SignalboxClient) -> None:
        self._client = client

    async def broadcast(
        self,
        agent_id: str,
        status: AgentStatus,
        resource_usage: ResourceUsage,
        current_task: Optional[str] = None,
        metadata: Optional[Dict[str, Any]] = None,
    ) -> Published:
        return await self._client.broadcast_agent_state(agent_id, status, resource_usage, current_task, metadata)


class PerformanceMetrics:
    def __init__(self, client: SignalboxClient, on_error: Callable[[Exception], Any]) -> None:
        self._client = client
        self._on_error = on_error
        self._task: Optional[asyncio.Task[None]] = None

    async def broadcast(
        self,
        metric_name: str,
        value: float,
        unit: str,
        category: MetricCategory,
        agent_id: Optional[str] = None,
        metadata: Optional[Dict[str, Any]] = None,
    ) -> Published:
        return await self._client.broadcast_performance_metric(metric_name, value, unit, category, agent_id, metadata)

    def start_streaming(self, interval_ms: float, measure: Optional[Callable[[], Any]] = None) -> None:
        """Measures and publishes every so often, until stopped. `measure` returns a list of metrics, or a coroutine of
        one; by default it is this process."""
        self.stop_streaming()
        self._task = asyncio.get_running_loop().create_task(self._stream(interval_ms / 1_000, measure or _process()))

    def stop_streaming(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _stream(self, interval_s: float, measure: Callable[[], Any]) -> None:
        while True:
            await asyncio.sleep(interval_s)
            # What is measured while the server is away is of no use when it is back.
            if self._client.state != "open":
                continue
            try:
                metrics = measure()
                if inspect.isawaitable(metrics):
                    metrics = await metrics
                for metric in metrics:
                    await self._client.broadcast_performance_metric(**metric)
            except Exception as error:
                self._on_error(error)


class Workflows:
    def __init__(self, client: SignalboxClient) -> None:
        self._client = client

    async def start_workflow(self, workflow_id: str, execution_id: str, agent_id: Optional[str] = None) -> Published:
        return await self._client.broadcast_workflow_execution(
            workflow_id, execution_id, "started", "running", progress=0, agent_id=agent_id
        )

    async def update_workflow_progress(
        self, workflow_id: str, execution_id: str, stage: str, progress: float, agent_id: Optional[str] = None
    ) -> Published:
        """`progress`: 0 to 100."""
        return await self._client.broadcast_workflow_execution(
            workflow_id, execution_id, stage, "running", progress=progress, agent_id=agent_id
        )

    async def complete_workflow(
        self, workflow_id: str, execution_id: str, result: Any = None, agent_id: Optional[str] = None
    ) -> Published:
        return await self._client.broadcast_workflow_execution(
            workflow_id, execution_id, "completed", "completed", progress=100, result=result, agent_id=agent_id
        )

    async def fail_workflow(
        self, workflow_id: str, execution_id: str, error: str, agent_id: Optional[str] = None
    ) -> Published:
        return await self._client.broadcast_workflow_execution(
            workflow_id, execution_id, "failed", "failed", error=error, agent_id=agent_id
        )


class Memory:
    def __init__(self, client: SignalboxClient) -> None:
        self._client = client

    async def broadcast(
        self,
        memory_id: str,
        action: MemoryAction,
        importance: float,
        tags: List[str],
        content: Optional[str] = None,
        agent_id: Optional[str] = None,
    ) -> Published:
        return await self._client.broadcast_memory_timeline(memory_id, action, importance, tags, content, agent_id)


class Alerts:
    def __init__(self, client: SignalboxClient) -> None:
        self._client = client

    async def broadcast(
        self, severity: Severity, component: str, message: str, details: Optional[Dict[str, Any]] = None
    ) -> Published:
        return await self._client.broadcast_system_alert(severity, component, message, details)


class BroadcastIntegrations:
    def __init__(self, client: SignalboxClient, on_error: Callable[[Exception], Any]) -> None:
        self.agent_state = AgentStates(client)
        self.performance_metrics = PerformanceMetrics(client, on_error)
        self.workflow_execution = Workflows(client)
        self.memory = Memory(client)
        self.alerts = Alerts(client)


def create_broadcast_integrations(
    client: SignalboxClient, on_error: Callable[[Exception], Any] = lambda error: None
) -> BroadcastIntegrations:
    """A measurement that fails, or a server that is away, is told to `on_error`; the next one is tried all the same."""
    return BroadcastIntegrations(client, on_error)


def _process() -> Callable[[], List[Metric]]:
    """CPU of this process in percent of one core since the last look, and where the system tells it, resident memory."""
    last = [time.monotonic(), time.process_time()]

    def measure() -> List[Metric]:
        at, busy = time.monotonic(), time.process_time()
        passed, used = at - last[0], busy - last[1]
        last[:] = [at, busy]
        cpu = 100 * used / passed if passed > 0 else 0.0
        metrics: List[Metric] = [{"metric_name": "process_cpu", "value": cpu, "unit": "percent", "category": "system"}]
        try:
            with open("/proc/self/statm") as statm:
                memory = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return metrics
        return metrics + [{"metric_name": "process_memory", "value": memory, "unit": "bytes", "category": "system"}]

    return measure
