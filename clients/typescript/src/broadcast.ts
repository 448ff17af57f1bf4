// Producers in S1's words, over a client's connection.

import type { SignalboxClient } from "./client.js";
import type { Messages, Published, Unstamped, WorkflowExecution } from "./messages.js";

type Metric = Unstamped<Messages["performance_metric"]>;

export interface BroadcastIntegrations {
  agentState: { broadcast(state: Unstamped<Messages["agent_state"]>): Promise<Published> };
  performanceMetrics: {
    broadcast(metric: Metric): Promise<Published>;
    /** Measures and publishes every so often, until stopped. `measure`: this process by default, in Node only. */
    startStreaming(intervalMs: number, measure?: () => Metric[] | Promise<Metric[]>): void;
    stopStreaming(): void;
  };
  workflowExecution: {
    startWorkflow(workflowId: string, executionId: string, agentId?: string): Promise<Published>;
    /** `progress`: 0 to 100. */
    updateWorkflowProgress(
      workflowId: string,
      executionId: string,
      stage: string,
      progress: number,
      agentId?: string,
    ): Promise<Published>;
    completeWorkflow(workflowId: string, executionId: string, result?: unknown, agentId?: string): Promise<Published>;
    failWorkflow(workflowId: string, executionId: string, error: string, agentId?: string): Promise<Published>;
  };
  memory: { broadcast(memory: Unstamped<Messages["memory_timeline"]>): Promise<Published> };
  alerts: { broadcast(alert: Unstamped<Messages["system_alert"]>): Promise<Published> };
}

/** A measurement that fails, or a server that is away, is reported to `onError`; the next one is tried all the same. */
export function createBroadcastIntegrations(
  client: SignalboxClient,
  onError: (error: unknown) => void = () => {},
): BroadcastIntegrations {
  let streaming: ReturnType<typeof setInterval> | undefined;
  const workflow = (
    workflowId: string,
    executionId: string,
    stage: string,
    rest: Partial<WorkflowExecution> & Pick<WorkflowExecution, "status">,
    agentId?: string,
  ) =>
    client.broadcastWorkflowExecution({
      workflowId,
      executionId,
      stage,
      ...rest,
      ...(agentId === undefined ? {} : { agentId }),
    });
  return {
    agentState: { broadcast: (state) => client.broadcastAgentState(state) },
    performanceMetrics: {
      broadcast: (metric) => client.broadcastPerformanceMetric(metric),
      startStreaming(intervalMs, measure = processMetrics()) {
        clearInterval(streaming);
        streaming = setInterval(() => {
          // What is measured while the server is away is of no use when it is back.
          if (client.state !== "open") return;
          Promise.resolve()
            .then(measure)
            .then((metrics) => Promise.all(metrics.map((metric) => client.broadcastPerformanceMetric(metric))))
            .catch(onError);
        }, intervalMs);
      },
      stopStreaming: () => clearInterval(streaming),
    },
    workflowExecution: {
      startWorkflow: (workflowId, executionId, agentId) =>
        workflow(workflowId, executionId, "started", { status: "running", progress: 0 }, agentId),
      updateWorkflowProgress: (workflowId, executionId, stage, progress, agentId) =>
        workflow(workflowId, executionId, stage, { status: "running", progress }, agentId),
      completeWorkflow: (workflowId, executionId, result, agentId) =>
        workflow(workflowId, executionId, "completed", { status: "completed", progress: 100, result }, agentId),
      failWorkflow: (workflowId, executionId, error, agentId) =>
        workflow(workflowId, executionId, "failed", { status: "failed", error }, agentId),
    },
    memory: { broadcast: (memory) => client.broadcastMemoryTimeline(memory) },
    alerts: { broadcast: (alert) => client.broadcastSystemAlert(alert) },
  };
}

/** What Node tells of its own process: CPU in percent of one core since the last look, and resident memory. */
function processMetrics(): () => Metric[] {
  type Process = { cpuUsage(): { user: number; system: number }; memoryUsage(): { rss: number } };
  const process = (globalThis as { process?: Partial<Process> }).process as Process | undefined;
  if (!process?.cpuUsage) throw new TypeError("startStreaming: a browser tells no metrics; pass a function that does");
  let last = { at: performance.now(), cpu: process.cpuUsage() };
  return () => {
    const now = { at: performance.now(), cpu: process.cpuUsage() };
    const busyMs = (now.cpu.user + now.cpu.system - last.cpu.user - last.cpu.system) / 1_000;
    const cpu = now.at > last.at ? (busyMs / (now.at - last.at)) * 100 : 0;
    last = now;
    return [
      { metricName: "process_cpu", value: cpu, unit: "percent", category: "system" },
      { metricName: "process_memory", value: process.memoryUsage().rss, unit: "bytes", category: "system" },
    ];
  };
}
