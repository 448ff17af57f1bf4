from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, List, Optional, Sequence, Union

from .messages import (
    AgentState,
    Authenticated,
    Envelope,
    Gap,
    Hello,
    Lost,
    MemoryTimeline,
    PerformanceMetric,
    SystemAlert,
    Topic,
    WorkflowExecution,
)

Token = Union[str, Callable[[], Union[str, Awaitable[str]]]]


class Clock:
    """Time and chance, for tests."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def random(self) -> float:
        return random.random()


@dataclass
class ClientConfig:
    #: `http://127.0.0.1:9999`.
    server_url: str
    #: What to subscribe to from the start. A room is a topic; `after` resumes from a position kept earlier.
    rooms: Sequence[Topic] = ()
    #: An API token or JWT, or who gets a fresh one: asked at each connection, and before the one before expires.
    token: Optional[Token] = None
    #: Tells of each frame and each try to connect: the logger `signalbox`, at INFO, or standard error where logging has no
    #: handler; or this function. Tokens are not told.
    debug: Union[bool, Callable[[str], Any]] = False
    #: `False`: a connection that breaks is the end.
    reconnect: bool = True
    #: The first pause before a reconnect is up to `reconnect_initial_s`, none is longer than `reconnect_max_s`.
    reconnect_initial_s: float = 0.5
    reconnect_max_s: float = 30.0
    clock: Clock = field(default_factory=Clock)


@dataclass
class Handlers:
    """Every handler is optional, and a function or a coroutine function: what is told next waits for it. One that
    fails is reported to `on_error` and stops nobody."""

    #: Connected, for the first time or again.
    on_connect: Optional[Callable[[Hello], Any]] = None
    on_disconnect: Optional[Callable[[Lost], Any]] = None
    on_error: Optional[Callable[[Exception], Any]] = None
    on_authenticated: Optional[Callable[[Authenticated], Any]] = None
    #: Every event, once, in order of position within each topic, with the topics subscribed to that it is news of.
    on_event: Optional[Callable[[Envelope, List[str]], Any]] = None
    #: Events are missing: fetch the state anew.
    on_gap: Optional[Callable[[Gap], Any]] = None
    # The five messages, each with its `type`.
    on_agent_state: Optional[Callable[[AgentState], Any]] = None
    #: Metrics come in batches.
    on_performance_metrics: Optional[Callable[[List[PerformanceMetric]], Any]] = None
    on_workflow_execution: Optional[Callable[[WorkflowExecution], Any]] = None
    on_memory_timeline: Optional[Callable[[MemoryTimeline], Any]] = None
    on_system_alert: Optional[Callable[[SystemAlert], Any]] = None
