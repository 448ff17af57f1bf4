"""Events, commands and publishing over one WebSocket of a Signalbox server, with exact resume."""

from .broadcast import BroadcastIntegrations, create_broadcast_integrations
from .client import SignalboxClient
from .config import ClientConfig, Clock, Handlers
from .errors import SignalboxError
from .messages import (
    AgentState,
    AgentStateMessage,
    Authenticated,
    Envelope,
    ExecutionData,
    ExecutionEvent,
    Gap,
    Hello,
    Logs,
    Lost,
    MemoryTimeline,
    MemoryTimelineData,
    Message,
    PerformanceMetric,
    Published,
    ResourceUsage,
    Subscribed,
    SystemAlert,
    TaskProgress,
    TopicRequest,
    WorkflowExecution,
    WorkflowExecutionUpdate,
)
from .monitoring import create_client, create_monitoring_client, create_workflow_client

# S1's name of the same class.
UniversalAIWebSocketClient = SignalboxClient

__all__ = [
    "AgentState",
    "AgentStateMessage",
    "Authenticated",
    "BroadcastIntegrations",
    "ClientConfig",
    "Clock",
    "Envelope",
    "ExecutionData",
    "ExecutionEvent",
    "Gap",
    "Handlers",
    "Hello",
    "Logs",
    "Lost",
    "MemoryTimeline",
    "MemoryTimelineData",
    "Message",
    "PerformanceMetric",
    "Published",
    "ResourceUsage",
    "SignalboxClient",
    "SignalboxError",
    "Subscribed",
    "SystemAlert",
    "TaskProgress",
    "TopicRequest",
    "UniversalAIWebSocketClient",
    "WorkflowExecution",
    "WorkflowExecutionUpdate",
    "create_broadcast_integrations",
    "create_client",
    "create_monitoring_client",
    "create_workflow_client",
]
