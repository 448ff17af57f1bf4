"""When a token is fetched anew."""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, Optional

from .config import Clock
from .errors import SignalboxError

#: A token is renewed when this share of the time it has left is over; the rest is for the way, and for other tries.
RENEW_AT = 0.8
#: And never sooner than that: by a clock that is ahead of the server's, no token may have any time left.
LEAST_S = 1.0


class Renewal:
    def __init__(
        self, clock: Clock, renew: Callable[[], Awaitable[Any]], report: Callable[[Exception], None]
    ) -> None:
        """`renew` returns when there is an answer to a fresh token. What it fails with is told to `report`."""
        self._clock = clock
        self._renew = renew
        self._report = report
        self._task: Optional[asyncio.Task[None]] = None

    def before(self, expires_at_ms: int) -> None:
        """The server took a token, until then."""
        self.stop()
        self._task = asyncio.get_running_loop().create_task(self._run(expires_at_ms / 1_000))

    def stop(self) -> None:
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._task = None

    async def _run(self, expires_at_s: float) -> None:
        while True:
            await self._clock.sleep(max(LEAST_S, (expires_at_s - self._clock.now()) * RENEW_AT))
            try:
                await self._renew()
                return
            except Exception as error:
                self._report(error)
                is_final = isinstance(error, SignalboxError) and not error.temporary
                # What the server took before holds as long as it did. Unless whoever gets tokens closed the client.
                if is_final or self._task is not asyncio.current_task():
                    return
