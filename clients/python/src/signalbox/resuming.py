"""Subscriptions that are made again, and those that are not ours any more."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, List, Optional

from .errors import SignalboxError
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
    ) -> None:
        """`ask`: sends it before whatever waits, or gives `None` where there is no connection. `has_room`: what was passed
        over may come."""
        self._positions = positions
        self._ask = ask
        self._report = report
        self._has_room = has_room
        #: Events were passed over: nothing counts as subscribed until everything is subscribed again, from where it was.
        self._is_behind = False
        self._is_asking = False

    def all(self) -> None:
        """Over a new connection, or anew over the same: one frame for all, each topic from where it was."""
        self._is_behind = False
        self._resume(self._positions.topics(), [])

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

    def _resume(self, topics: List[str], others: List[str]) -> None:
        """`others`: to be asked for next, each alone."""
        if not topics:
            return
        asked = [self._positions.request(topic) for topic in topics]
        answer = self._ask({"type": "subscribe", "topics": asked})
        if answer is not None:
            self._is_asking = True
            answer.add_done_callback(lambda answer: self._resumed(answer, topics, others))

    def _resumed(self, answer: "asyncio.Future[Any]", topics: List[str], others: List[str]) -> None:
        self._is_asking = False
        # With the connection went the subscriptions, and with the client who wanted them.
        if is_over(answer):
            return
        error = answer.exception()
        if isinstance(error, SignalboxError):
            if not error.temporary and len(topics) > 1:
                # A frame is refused whole: for which of its topics is found by asking for each.
                others = topics
            else:
                self._report(error)
                if error.temporary:
                    self._is_behind = True
                    asyncio.get_running_loop().call_later(AGAIN_S, self.catch_up)
                    return
                self._positions.forget(topics[0])
        others = [topic for topic in others if self._positions.wants(topic)]
        if others:
            self._resume(others[:1], others[1:])
        else:
            self.catch_up()


def is_over(answer: "asyncio.Future[Any]") -> bool:
    """The connection is, or the client: that what was asked failed is no news."""
    if answer.cancelled():
        return True
    error = answer.exception()
    return isinstance(error, SignalboxError) and error.code in ("disconnected", "closed")
