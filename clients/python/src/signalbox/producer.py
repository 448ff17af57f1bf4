"""S1's messages, published by their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Dict, List, Optional

from .messages import (
    AgentStatus,
    MemoryAction,
    Message,
    MetricCategory,
    Published,
    ResourceUsage,
    Severity,
    WorkflowStatus,
)


class Producer(ABC):
    @abstractmethod
    async def publish(self, message: Message) -> Published:
        """Publishes a message, with its `type`."""

    async def broadcast_agent_state(
        self,
        agent_id: str,
        status: AgentStatus,
        resource_usage: ResourceUsage,
        current_task: Optional[str] = None,
        metadata: Optional[Dict[str, Any]] = None,
    ) -> Published:
        return await self._tell_of(
            "agent_state",
            agentId=agent_id,
            status=status,
            resourceUsage=resource_usage,
            currentTask=current_task,
            metadata=metadata,
        )

    async def broadcast_performance_metric(
        self,
        metric_name: str,
        value: float,
        unit: str,
        category: MetricCategory,
        agent_id: Optional[str] = None,
        metadata: Optional[Dict[str, Any]] = None,
    ) -> Published:
        return await self._tell_of(
            "performance_metric",
            metricName=metric_name,
            value=value,
            unit=unit,
            category=category,
            agentId=agent_id,
            metadata=metadata,
        )

    async def broadcast_workflow_execution(
        self,
        workflow_id: str,
        execution_id: str,
        stage: str,
        status: WorkflowStatus,
        progress: Optional[float] = None,
        agent_id: Optional[str] = None,
        result: Any = None,
        error: Optional[str] = None,
    ) -> Published:
        return await self._tell_of(
            "workflow_execution",
            workflowId=workflow_id,
            executionId=execution_id,
            stage=stage,
            status=status,
            progress=progress,
            agentId=agent_id,
            result=result,
            error=error,
        )

    async def broadcast_memory_timeline(
        self,
        memory_id: str,
        action: MemoryAction,
        importance: float,
        tags: List[str],
        content: Optional[str] = None,
        agent_id: Optional[str] = None,
    ) -> Published:
        return await self._tell_of(
            "memory_timeline",
            memoryId=memory_id,
            action=action,
            importance=importance,
            tags=tags,
            content=content,
            agentId=agent_id,
        )

    async def broadcast_system_alert(
        self, severity: Severity, component: str, message: str, details: Optional[Dict[str, Any]] = None
    ) -> Published:
        return await self._tell_of(
            "system_alert", severity=severity, component=component, message=message, details=details
        )

    async def _tell_of(self, type: str, **fields: Any) -> Published:
        present = {name: value for name, value in fields.items() if value is not None}
        return await self.publish({"type": type, **present})
