"""Calls handlers, one after the other, while reading goes on."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from typing import Any, Callable, Deque, Tuple

from .config import Handlers

_log = logging.getLogger("signalbox")

#: What was told of and not handled yet: then no more is read, and the server sees a slow client. While somebody waits for an
#: answer it is, but what comes before the answer is passed over, and asked for again when half of this is handled.
UNHANDLED = 256


class Teller:
    def __init__(self, handlers: Handlers, waits: Callable[[], bool], handled: Callable[[], None]) -> None:
        """`waits`: somebody waits for an answer that is to be read. `handled`: called after each call of a handler."""
        self._handlers = handlers
        self._waits = waits
        self._handled = handled
        self._untold: Deque[Tuple[str, Tuple[Any, ...]]] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._closed = False

    def tell(self, name: str, *args: Any) -> None:
        if getattr(self._handlers, name) is not None:
            self._untold.append((name, args))
            self._wake.set()

    def close(self) -> None:
        """Nothing more is told of after what waits."""
        self._closed = True
        self._wake.set()

    async def run(self) -> None:
        while True:
            while self._untold:
                name, args = self._untold.popleft()
                await self._call(name, args)
                self._room.set()
                self._handled()
            if self._closed:
                return
            self._wake.clear()
            await self._wake.wait()

    def look_again(self) -> None:
        """Somebody may have begun to wait for an answer."""
        self._room.set()

    @property
    def is_full(self) -> bool:
        return len(self._untold) >= UNHANDLED

    @property
    def is_half_empty(self) -> bool:
        return len(self._untold) <= UNHANDLED // 2

    async def room(self) -> None:
        """Returns when more may be read. While an answer is waited for it may, since a handler may be who waits: answers
        overtake events, so it is soon."""
        while self.is_full and not self._waits():
            self._room.clear()
            await self._room.wait()

    async def _call(self, name: str, args: Tuple[Any, ...]) -> None:
        try:
            result = getattr(self._handlers, name)(*args)
            if inspect.isawaitable(result):
                await result
        except Exception as error:
            if name == "on_error":
                _log.exception("on_error failed")
            else:
                self.tell("on_error", error)
