"""What a client keeps (docs/protocol.md): per topic, the position it has, and the log it is a position of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional

from .messages import Gap, Subscribed, Topic, TopicRequest


@dataclass
class _Place:
    #: `None`: nothing is known yet, the subscription starts live.
    after: Optional[int] = None
    epoch: Optional[str] = None
    #: The server has confirmed it over the present connection: its events are ours.
    subscribed: bool = False


class Positions:
    def __init__(self) -> None:
        self._places: Dict[str, _Place] = {}

    def topics(self) -> List[str]:
        """The topics wanted, subscribed or not yet."""
        return list(self._places)

    def wants(self, topic: str) -> bool:
        return topic in self._places

    def lacks(self, topic: str) -> bool:
        """It is wanted, and not subscribed."""
        place = self._places.get(topic)
        return place is not None and not place.subscribed

    def snapshot(self) -> List[TopicRequest]:
        """The topics wanted, and what to ask the server for: everything after what we have."""
        return [self.request(topic) for topic in self._places]

    def request(self, topic: str) -> TopicRequest:
        place = self._places.get(topic, _Place())
        request: TopicRequest = {"topic": topic}
        if place.after is not None:
            request["after"] = place.after
        if place.epoch is not None:
            request["epoch"] = place.epoch
        return request

    def want(self, wanted: Topic) -> str:
        """The topic's name. Subscribing again to what one has changes nothing."""
        if isinstance(wanted, str):
            wanted = {"topic": wanted}
        topic, after = wanted["topic"], wanted.get("after")
        if after is not None:
            self._places[topic] = _Place(after, wanted.get("epoch"))
        else:
            self._places.setdefault(topic, _Place())
        return topic

    def forget(self, topic: str) -> None:
        self._places.pop(topic, None)

    def disconnected(self) -> None:
        """Nothing is subscribed, but the positions stay: the connection is gone, or what it brings is passed over."""
        for place in self._places.values():
            place.subscribed = False

    def subscribed(self, told: Subscribed, epoch: str) -> None:
        place = self._places.get(told["topic"])
        if place is None:
            return
        place.subscribed = True
        if not told["recovered"] and place.after is not None:
            # A gap follows. Should it be lost with the connection, the next is asked the same again.
            return
        if place.after is None:
            place.after = told["position"]
        place.epoch = epoch

    def gap(self, told: Gap, epoch: str) -> bool:
        """Whether it is news."""
        place = self._places.get(told["topic"])
        if place is None or not place.subscribed:
            return False
        place.after, place.epoch = told["to"], epoch
        return True

    def news(self, topics: List[str], position: Optional[int]) -> List[str]:
        """The topics an event is news of; of an event without a position, those that are subscribed."""
        return [topic for topic in topics if self._is_news(topic, position)]

    def _is_news(self, topic: str, position: Optional[int]) -> bool:
        place = self._places.get(topic)
        if place is None or not place.subscribed:
            return False
        if position is None:
            return True
        if place.after is not None and position <= place.after:
            return False
        place.after = position
        return True
