"""Subscriptions that are made again, and those that are not ours any more."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable, Deque, List, Optional

from .errors import SignalboxError
from .portions import portions
from .positions import Positions
from .requests import Fields

#: After so long what was refused for now is asked for again.
AGAIN_S = 1.0


class Resuming:
    def __init__(
        self,
        positions: Positions,
        ask: "Callable[[Fields], Optional[asyncio.Future[Any]]]",
        report: Callable[[Exception], None],
        has_room: Callable[[], bool],
        frame_bytes: Callable[[], Optional[int]],
    ) -> None:
        """`ask`: sends it before whatever waits, or gives `None` where there is no connection. `has_room`: what was passed
        over may come. `frame_bytes`: of the largest message the server takes."""
        self._positions = positions
        self._ask = ask
        self._report = report
        self._has_room = has_room
        self._frame_bytes = frame_bytes
        #: What to ask for next, frame by frame.
        self._left: Deque[List[str]] = deque()
        self._run = 0
        #: Events were passed over: nothing counts as subscribed until everything is subscribed again, from where it was.
        self._is_behind = False
        self._is_asking = False

    def all(self) -> None:
        """Over a new connection, or anew over the same: as few frames as hold them, one after the other, each topic from
        where it was."""
        self._is_behind = False
        self._run += 1
        asked = portions(self._positions.snapshot(), self._frame_bytes())
        self._left = deque([request["topic"] for request in portion] for portion in asked)
        self._next()

    def fall_behind(self) -> None:
        """An event was passed over."""
        self._positions.disconnected()
        self._is_behind = True

    def catch_up(self) -> None:
        """Asks for what was passed over, if it may come. To be called whenever that may have changed."""
        if self._is_behind and not self._is_asking and self._has_room():
            self.all()

    def hidden(self, topics: List[str]) -> None:
        """With a lesser role these are not ours to see any more: asked for again, they would be refused."""
        for topic in filter(self._positions.wants, topics):
            self._positions.forget(topic)
            self._report(SignalboxError("forbidden", f"topic `{topic}` is not this client's to see any more", False))

    def _next(self) -> None:
        self._is_asking = False
        while self._left:
            topics = [topic for topic in self._left.popleft() if self._positions.lacks(topic)]
            if topics:
                return self._resume(topics)
        self.catch_up()

    def _resume(self, topics: List[str]) -> None:
        asked = [self._positions.request(topic) for topic in topics]
        answer = self._ask({"type": "subscribe", "topics": asked})
        if answer is not None:
            self._is_asking = True
            run = self._run
            answer.add_done_callback(lambda answer: self._resumed(answer, topics, run))

    def _resumed(self, answer: "asyncio.Future[Any]", topics: List[str], run: int) -> None:
        # With the connection went the subscriptions, and with the client who wanted them.
        if run != self._run:
            return
        if is_over(answer):
            self._is_asking = False
            return
        error = answer.exception()
        if isinstance(error, SignalboxError):
            if error.temporary:
                self._report(error)
                self._left.appendleft(topics)
                asyncio.get_running_loop().call_later(AGAIN_S, self._go_on, run)
                return
            if len(topics) > 1:
                # A frame is refused whole: for which of its topics is found by asking for each.
                self._left.extend([topic] for topic in topics)
            else:
                self._report(error)
                self._positions.forget(topics[0])
        self._next()

    def _go_on(self, run: int) -> None:
        if run == self._run:
            self._next()


def is_over(answer: "asyncio.Future[Any]") -> bool:
    """The connection is, or the client: that what was asked failed is no news."""
    if answer.cancelled():
        return True
    error = answer.exception()
    return isinstance(error, SignalboxError) and error.code in ("disconnected", "closed")
