"""Subscriptions of several frames, when somebody asks for the opposite between two of them."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

from signalbox.positions import Positions
from signalbox.subscribing import Subscribing

#: Of these, each topic takes a frame of its own.
FRAME_BYTES = 130


def between(positions: Positions, meanwhile: Callable[[], None]) -> Tuple[Subscribing, List[Any]]:
    """What is asked; while the first answer is on its way, this happens."""
    asked: List[Any] = []

    async def ask(frame: Dict[str, Any]) -> List[Any]:
        asked.append(frame["topics"])
        if len(asked) == 1:
            meanwhile()
        return []

    return Subscribing(positions, ask, errors_are_none, lambda: FRAME_BYTES), asked


def again(positions: Positions) -> None:
    positions.want("b")


def errors_are_none(error: Exception) -> None:
    raise error


async def test_what_is_wanted_again_meanwhile_is_not_unsubscribed():
    positions = Positions()
    for topic in ("a", "b", "c"):
        positions.want(topic)
    subscribing, asked = between(positions, lambda: again(positions))
    await subscribing.unsubscribe(["a", "b", "c"])
    assert asked == [["a"], ["c"]]
    assert positions.topics() == ["b"]


async def test_what_is_given_up_meanwhile_is_not_subscribed():
    positions = Positions()
    subscribing, asked = between(positions, lambda: positions.forget("b"))
    await subscribing.subscribe(["a", "b", "c"])
    assert asked == [[{"topic": "a"}], [{"topic": "c"}]]
    assert positions.topics() == ["a", "c"]
