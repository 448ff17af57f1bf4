"""Subscriptions that somebody asks for and waits for, in as many frames as they take."""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, List, Optional, Set

from .errors import SignalboxError
from .messages import Subscribed, Topic
from .portions import portions
from .positions import Positions
from .requests import Fields
from .resuming import AGAIN_S

#: A frame that is too fast is sent so often at most: of 2,000 topics, the most taken at once, it is not any more after 20 s.
TRIES = 30


class Subscribing:
    def __init__(
        self,
        positions: Positions,
        ask: Callable[[Fields], Awaitable[Any]],
        sleep: Callable[[float], Awaitable[None]],
        report: Callable[[Exception], None],
        frame_bytes: Callable[[], Optional[int]],
    ) -> None:
        """`ask`: sends it when there is a connection. `frame_bytes`: of the largest message the server takes."""
        self._positions = positions
        self._ask = ask
        self._sleep = sleep
        self._report = report
        self._frame_bytes = frame_bytes
        #: Whoever waits to ask again, one after the other: many at once would be too fast again, and the end.
        self._line = asyncio.Lock()

    async def subscribe(self, topics: List[Topic]) -> List[Subscribed]:
        had = set(self._positions.topics())
        names = [self._positions.want(topic) for topic in topics]
        told: List[Subscribed] = []
        left = names
        tries = 0
        while True:
            asked = next(iter(portions([self._positions.request(name) for name in left], self._frame_bytes())), [])
            try:
                told += await self._ask({"type": "subscribe", "topics": asked})
            except SignalboxError as error:
                # The next connection subscribes to everything wanted; asking again only says when.
                if error.code == "disconnected":
                    continue
                tries += 1
                if not await self._is_to_be_asked_again(error, tries):
                    if not error.temporary:
                        await self._give_up(set(names) - had, left)
                    raise
            else:
                left = left[len(asked) :]
                tries = 0
            # Meanwhile somebody may have unsubscribed.
            left = [name for name in left if self._positions.wants(name)]
            if not left:
                return told

    async def unsubscribe(self, topics: List[str]) -> None:
        for topic in topics:
            self._positions.forget(topic)
        left = topics
        tries = 0
        while True:
            asked = next(iter(portions(left, self._frame_bytes())), [])
            try:
                await self._ask({"type": "unsubscribe", "topics": asked})
            except SignalboxError as error:
                # With the connection went the subscriptions.
                if error.code == "disconnected":
                    return
                tries += 1
                if not await self._is_to_be_asked_again(error, tries):
                    raise
            else:
                left = left[len(asked) :]
                tries = 0
            # Meanwhile somebody may have subscribed again.
            left = [name for name in left if not self._positions.wants(name)]
            if not left:
                return

    async def _is_to_be_asked_again(self, error: SignalboxError, tries: int) -> bool:
        """When the server was asked too fast, and not too often yet: waits as long as it says."""
        if error.code != "rate_limited" or tries >= TRIES:
            return False
        async with self._line:
            await self._sleep(AGAIN_S)
        return True

    async def _give_up(self, topics: Set[str], left: List[str]) -> None:
        """They are refused together, in however many frames they were asked for: those before `left` were made."""
        for topic in topics:
            self._positions.forget(topic)
        made = topics - set(left)
        if made:
            try:
                await self.unsubscribe(list(made))
            except SignalboxError as error:
                self._report(error)
