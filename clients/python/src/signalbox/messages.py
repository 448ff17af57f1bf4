"""What events and frames look like. The shapes are the server's own: tests/test_messages.py checks them against samples
that the server's protocol crate has written."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict, Union

AgentStatus = Literal["idle", "active", "busy", "error", "offline"]
MetricCategory = Literal["system", "agent", "network", "database"]
WorkflowStatus = Literal["pending", "running", "completed", "failed", "cancelled"]
MemoryAction = Literal["created", "updated", "accessed", "deleted"]
Severity = Literal["info", "warning", "error", "critical"]


class ResourceUsage(TypedDict):
    """`cpu` and `memory` in percent."""

    cpu: float
    memory: float
    activeConnections: int


class _AgentState(TypedDict):
    type: Literal["agent_state"]
    agentId: str
    status: AgentStatus
    resourceUsage: ResourceUsage
    timestamp: int


class AgentState(_AgentState, total=False):
    """What an agent is doing. Times are milliseconds since 1970."""

    currentTask: str
    metadata: Dict[str, Any]


class _PerformanceMetric(TypedDict):
    type: Literal["performance_metric"]
    metricName: str
    value: float
    unit: str
    category: MetricCategory
    timestamp: int


class PerformanceMetric(_PerformanceMetric, total=False):
    agentId: str
    metadata: Dict[str, Any]


class _WorkflowExecution(TypedDict):
    type: Literal["workflow_execution"]
    workflowId: str
    executionId: str
    stage: str
    status: WorkflowStatus
    timestamp: int


class WorkflowExecution(_WorkflowExecution, total=False):
    """`workflowId` is a playbook's path, `stage` the step, `progress` 0 to 100."""

    progress: float
    agentId: str
    result: Any
    error: str


class _MemoryTimeline(TypedDict):
    type: Literal["memory_timeline"]
    memoryId: str
    action: MemoryAction
    importance: float
    tags: List[str]
    timestamp: int


class MemoryTimeline(_MemoryTimeline, total=False):
    content: str
    agentId: str


class _SystemAlert(TypedDict):
    type: Literal["system_alert"]
    severity: Severity
    component: str
    message: str
    timestamp: int


class SystemAlert(_SystemAlert, total=False):
    details: Dict[str, Any]


# S1's names of the same.
AgentStateMessage = AgentState
WorkflowExecutionUpdate = WorkflowExecution
MemoryTimelineData = MemoryTimeline

MESSAGES = {
    "agent_state": AgentState,
    "performance_metric": PerformanceMetric,
    "workflow_execution": WorkflowExecution,
    "memory_timeline": MemoryTimeline,
    "system_alert": SystemAlert,
}

#: A message to publish: one of the above; `timestamp` may be left to the server.
Message = Dict[str, Any]

#: The types of an execution's own events.
ExecutionEvent = Literal[
    "execution_queued",
    "execution_start",
    "step_reused",
    "step_started",
    "action_started",
    "action_completed",
    "action_failed",
    "retry_scheduled",
    "iterator_started",
    "iterator_completed",
    "approval_requested",
    "signal_received",
    "report_late",
    "step_completed",
    "step_failed",
    "execution_paused",
    "execution_resumed",
    "execution_cancelled",
    "execution_complete",
]


class _ExecutionData(TypedDict):
    execution_id: str
    path: str


class ExecutionData(_ExecutionData, total=False):
    """What the data of an execution's events has in common; the rest depends on the type (docs/api.md)."""

    step: str
    visit: int
    attempt: int


class Logs(TypedDict, total=False):
    stdout: str
    stderr: str


class _TaskProgress(TypedDict):
    execution_id: str
    step: str
    visit: int
    attempt: int
    worker: str


class TaskProgress(_TaskProgress, total=False):
    """How far a running task is, under type `task_progress`; never stored."""

    item: int
    percent: float
    message: str
    logs: Logs


class Envelope(TypedDict):
    """One event. `position` is its place in the log, `None` for one that is not stored; `data` depends on `type`: a
    message without its own, `ExecutionData`, `TaskProgress`, or what a newer server tells."""

    id: str
    position: Optional[int]
    time: int
    type: str
    correlation_id: Optional[str]
    causation_id: Optional[str]
    traceparent: Optional[str]
    data: Any


class Limits(TypedDict):
    frame_bytes: int
    topics: int
    queue_bytes: int
    idle_timeout_ms: int


class Hello(TypedDict):
    epoch: str
    client: str
    limits: Limits


class Subscribed(TypedDict):
    """Where a subscription starts. `recovered`: exactly after the position asked for."""

    topic: str
    position: int
    recovered: bool


# In this form, since `from` is a word of the language. The topic's events after `from` up to `to` will not come: fetch the
# state anew.
Gap = TypedDict(
    "Gap", {"topic": str, "from": int, "to": int, "reason": Literal["epoch", "retention", "unavailable"]}
)


class Lost(TypedDict):
    """The connection is gone; tried again after `retry_s`, or never when that is `None`."""

    code: int
    reason: str
    retry_s: Optional[float]


class _Authenticated(TypedDict):
    name: str
    role: str


class Authenticated(_Authenticated, total=False):
    expires_at: int


class Published(TypedDict):
    """The position of the last message that was stored; `None` when none is kept."""

    position: Optional[int]


class _TopicRequest(TypedDict):
    topic: str


class TopicRequest(_TopicRequest, total=False):
    """A topic, with the position to go on from and the epoch that is a position of."""

    after: int
    epoch: str


Topic = Union[str, TopicRequest]
