"""Clients for one purpose, in S1's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Optional

from .client import SignalboxClient
from .config import ClientConfig, Handlers
from .messages import WorkflowExecution

_ROOMS = ("agent_states", "performance_metrics", "workflow_executions", "memory_timeline", "system_alerts")


def create_client(config: ClientConfig, handlers: Optional[Handlers] = None) -> SignalboxClient:
    return SignalboxClient(config, handlers)


def create_monitoring_client(
    server_url: str, tell: Callable[[str, Any], Any], handlers: Optional[Handlers] = None, **options: Any
) -> SignalboxClient:
    """Tells of everything in the five streams: `tell("agent_state", data)`; metrics as `"performance_metrics"`, in batches.

    `options` are those of `ClientConfig`.
    """
    return SignalboxClient(
        ClientConfig(server_url, rooms=_ROOMS, **options),
        replace(
            handlers or Handlers(),
            on_agent_state=lambda data: tell("agent_state", data),
            on_performance_metrics=lambda data: tell("performance_metrics", data),
            on_workflow_execution=lambda data: tell("workflow_execution", data),
            on_memory_timeline=lambda data: tell("memory_timeline", data),
            on_system_alert=lambda data: tell("system_alert", data),
        ),
    )


def create_workflow_client(
    server_url: str,
    workflow_id: str,
    tell: Callable[[WorkflowExecution], Any],
    handlers: Optional[Handlers] = None,
    **options: Any,
) -> SignalboxClient:
    """Tells how the executions of one playbook are getting on."""
    return SignalboxClient(
        ClientConfig(server_url, rooms=[f"workflow:{workflow_id}"], **options),
        replace(handlers or Handlers(), on_workflow_execution=tell),
    )
