"""Events, commands and publishing over one WebSocket of a Signalbox server, with exact resume."""

from .broadcast import BroadcastIntegrations, create_broadcast_integrations
from .client import SignalboxClient
from .config import ClientConfig, Clock, Handlers
from .errors import SignalboxError
from .messages import (
    AgentState,
    Authenticated,
    Envelope,
    Gap,
    Hello,
    Lost,
    MemoryTimeline,
    Message,
    PerformanceMetric,
    Published,
    ResourceUsage,
    Subscribed,
    SystemAlert,
    TopicRequest,
    WorkflowExecution,
)
from .monitoring import create_client, create_monitoring_client, create_workflow_client

# S1's name of the same class.
UniversalAIWebSocketClient = SignalboxClient

__all__ = [
    "AgentState",
    "Authenticated",
    "BroadcastIntegrations",
    "ClientConfig",
    "Clock",
    "Envelope",
    "Gap",
    "Handlers",
    "Hello",
    "Lost",
    "MemoryTimeline",
    "Message",
    "PerformanceMetric",
    "Published",
    "ResourceUsage",
    "SignalboxClient",
    "SignalboxError",
    "Subscribed",
    "SystemAlert",
    "TopicRequest",
    "UniversalAIWebSocketClient",
    "WorkflowExecution",
    "create_broadcast_integrations",
    "create_client",
    "create_monitoring_client",
    "create_workflow_client",
]
