// Written by crates/protocol/tests/clients.rs.

import type { EventData, Messages } from "../src/index.js";
import type { Minimal } from "./shapes.js";

export const agent_state = [
  {
    "agentId": "agent-1",
    "currentTask": "Processing user request",
    "metadata": {
      "key": "value"
    },
    "resourceUsage": {
      "activeConnections": 3,
      "cpu": 45.2,
      "memory": 67.8
    },
    "status": "idle",
    "timestamp": 1763712000000,
    "type": "agent_state"
  },
  {
    "agentId": "agent-1",
    "currentTask": "Processing user request",
    "metadata": {
      "key": "value"
    },
    "resourceUsage": {
      "activeConnections": 3,
      "cpu": 45.2,
      "memory": 67.8
    },
    "status": "active",
    "timestamp": 1763712000000,
    "type": "agent_state"
  },
  {
    "agentId": "agent-1",
    "currentTask": "Processing user request",
    "metadata": {
      "key": "value"
    },
    "resourceUsage": {
      "activeConnections": 3,
      "cpu": 45.2,
      "memory": 67.8
    },
    "status": "busy",
    "timestamp": 1763712000000,
    "type": "agent_state"
  },
  {
    "agentId": "agent-1",
    "currentTask": "Processing user request",
    "metadata": {
      "key": "value"
    },
    "resourceUsage": {
      "activeConnections": 3,
      "cpu": 45.2,
      "memory": 67.8
    },
    "status": "error",
    "timestamp": 1763712000000,
    "type": "agent_state"
  },
  {
    "agentId": "agent-1",
    "currentTask": "Processing user request",
    "metadata": {
      "key": "value"
    },
    "resourceUsage": {
      "activeConnections": 3,
      "cpu": 45.2,
      "memory": 67.8
    },
    "status": "offline",
    "timestamp": 1763712000000,
    "type": "agent_state"
  }
] satisfies Required<Messages["agent_state"]>[];

export const minimal_agent_state = [
  {
    "agentId": "agent-1",
    "resourceUsage": {
      "activeConnections": 3,
      "cpu": 45.2,
      "memory": 67.8
    },
    "status": "idle",
    "timestamp": 1763712000000,
    "type": "agent_state"
  }
] satisfies Minimal<Messages["agent_state"]>[];

export const performance_metric = [
  {
    "agentId": "agent-1",
    "category": "system",
    "metadata": {
      "key": "value"
    },
    "metricName": "cpu",
    "timestamp": 1763712000000,
    "type": "performance_metric",
    "unit": "percent",
    "value": 12.5
  },
  {
    "agentId": "agent-1",
    "category": "agent",
    "metadata": {
      "key": "value"
    },
    "metricName": "cpu",
    "timestamp": 1763712000000,
    "type": "performance_metric",
    "unit": "percent",
    "value": 12.5
  },
  {
    "agentId": "agent-1",
    "category": "network",
    "metadata": {
      "key": "value"
    },
    "metricName": "cpu",
    "timestamp": 1763712000000,
    "type": "performance_metric",
    "unit": "percent",
    "value": 12.5
  },
  {
    "agentId": "agent-1",
    "category": "database",
    "metadata": {
      "key": "value"
    },
    "metricName": "cpu",
    "timestamp": 1763712000000,
    "type": "performance_metric",
    "unit": "percent",
    "value": 12.5
  }
] satisfies Required<Messages["performance_metric"]>[];

export const minimal_performance_metric = [
  {
    "category": "system",
    "metricName": "cpu",
    "timestamp": 1763712000000,
    "type": "performance_metric",
    "unit": "percent",
    "value": 12.5
  }
] satisfies Minimal<Messages["performance_metric"]>[];

export const workflow_execution = [
  {
    "agentId": "agent-1",
    "error": "out of luck",
    "executionId": "01998c4e-9c1b-7d2e-8a10-0123456789ab",
    "progress": 50.0,
    "result": {
      "result": "success"
    },
    "stage": "processing",
    "status": "pending",
    "timestamp": 1763712000000,
    "type": "workflow_execution",
    "workflowId": "my-workflow-id"
  },
  {
    "agentId": "agent-1",
    "error": "out of luck",
    "executionId": "01998c4e-9c1b-7d2e-8a10-0123456789ab",
    "progress": 50.0,
    "result": {
      "result": "success"
    },
    "stage": "processing",
    "status": "running",
    "timestamp": 1763712000000,
    "type": "workflow_execution",
    "workflowId": "my-workflow-id"
  },
  {
    "agentId": "agent-1",
    "error": "out of luck",
    "executionId": "01998c4e-9c1b-7d2e-8a10-0123456789ab",
    "progress": 50.0,
    "result": {
      "result": "success"
    },
    "stage": "processing",
    "status": "completed",
    "timestamp": 1763712000000,
    "type": "workflow_execution",
    "workflowId": "my-workflow-id"
  },
  {
    "agentId": "agent-1",
    "error": "out of luck",
    "executionId": "01998c4e-9c1b-7d2e-8a10-0123456789ab",
    "progress": 50.0,
    "result": {
      "result": "success"
    },
    "stage": "processing",
    "status": "failed",
    "timestamp": 1763712000000,
    "type": "workflow_execution",
    "workflowId": "my-workflow-id"
  },
  {
    "agentId": "agent-1",
    "error": "out of luck",
    "executionId": "01998c4e-9c1b-7d2e-8a10-0123456789ab",
    "progress": 50.0,
    "result": {
      "result": "success"
    },
    "stage": "processing",
    "status": "cancelled",
    "timestamp": 1763712000000,
    "type": "workflow_execution",
    "workflowId": "my-workflow-id"
  }
] satisfies Required<Messages["workflow_execution"]>[];

export const minimal_workflow_execution = [
  {
    "executionId": "01998c4e-9c1b-7d2e-8a10-0123456789ab",
    "stage": "processing",
    "status": "pending",
    "timestamp": 1763712000000,
    "type": "workflow_execution",
    "workflowId": "my-workflow-id"
  }
] satisfies Minimal<Messages["workflow_execution"]>[];

export const memory_timeline = [
  {
    "action": "created",
    "agentId": "agent-1",
    "content": "likes tea",
    "importance": 0.8,
    "memoryId": "memory-1",
    "tags": [
      "taste"
    ],
    "timestamp": 1763712000000,
    "type": "memory_timeline"
  },
  {
    "action": "updated",
    "agentId": "agent-1",
    "content": "likes tea",
    "importance": 0.8,
    "memoryId": "memory-1",
    "tags": [
      "taste"
    ],
    "timestamp": 1763712000000,
    "type": "memory_timeline"
  },
  {
    "action": "accessed",
    "agentId": "agent-1",
    "content": "likes tea",
    "importance": 0.8,
    "memoryId": "memory-1",
    "tags": [
      "taste"
    ],
    "timestamp": 1763712000000,
    "type": "memory_timeline"
  },
  {
    "action": "deleted",
    "agentId": "agent-1",
    "content": "likes tea",
    "importance": 0.8,
    "memoryId": "memory-1",
    "tags": [
      "taste"
    ],
    "timestamp": 1763712000000,
    "type": "memory_timeline"
  }
] satisfies Required<Messages["memory_timeline"]>[];

export const minimal_memory_timeline = [
  {
    "action": "created",
    "importance": 0.8,
    "memoryId": "memory-1",
    "tags": [
      "taste"
    ],
    "timestamp": 1763712000000,
    "type": "memory_timeline"
  }
] satisfies Minimal<Messages["memory_timeline"]>[];

export const system_alert = [
  {
    "component": "scheduler",
    "details": {
      "key": "value"
    },
    "message": "late",
    "severity": "info",
    "timestamp": 1763712000000,
    "type": "system_alert"
  },
  {
    "component": "scheduler",
    "details": {
      "key": "value"
    },
    "message": "late",
    "severity": "warning",
    "timestamp": 1763712000000,
    "type": "system_alert"
  },
  {
    "component": "scheduler",
    "details": {
      "key": "value"
    },
    "message": "late",
    "severity": "error",
    "timestamp": 1763712000000,
    "type": "system_alert"
  },
  {
    "component": "scheduler",
    "details": {
      "key": "value"
    },
    "message": "late",
    "severity": "critical",
    "timestamp": 1763712000000,
    "type": "system_alert"
  }
] satisfies Required<Messages["system_alert"]>[];

export const minimal_system_alert = [
  {
    "component": "scheduler",
    "message": "late",
    "severity": "info",
    "timestamp": 1763712000000,
    "type": "system_alert"
  }
] satisfies Minimal<Messages["system_alert"]>[];

export const event_types = [
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
  "task_progress",
  "workflow_execution",
  "agent_state",
  "performance_metric",
  "memory_timeline",
  "system_alert"
] as const satisfies readonly (keyof EventData)[];
