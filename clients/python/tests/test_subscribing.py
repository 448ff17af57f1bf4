"""Subscriptions of several frames, when somebody asks for the opposite between two of them."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Dict, List, Tuple

import pytest

from signalbox import SignalboxError
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

    return Subscribing(positions, ask, nobody_waits, errors_are_none, lambda: FRAME_BYTES), asked


def again(positions: Positions) -> None:
    positions.want("b")


async def nobody_waits(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s")


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


def too_fast(positions: Positions, times: int, meanwhile: Callable[[], None] = lambda: None):
    """Who says so often that it was too fast; what else happens while it is waited."""
    happened: List[Any] = []

    async def ask(frame: Dict[str, Any]) -> List[Any]:
        happened.append(frame["topics"])
        if sum(isinstance(one, list) for one in happened) <= times:
            raise SignalboxError("rate_limited", "wait a second and send it again", True)
        return []

    async def sleep(seconds: float) -> None:
        happened.append(seconds)
        meanwhile()

    return Subscribing(positions, ask, sleep, errors_are_none, lambda: FRAME_BYTES), happened


async def test_what_was_too_fast_is_asked_for_again_when_the_server_says_and_what_changed_meanwhile_counts():
    positions = Positions()
    subscribing, happened = too_fast(positions, 2, lambda: positions.forget("a"))
    await subscribing.subscribe(["a", "b"])
    assert happened == [[{"topic": "a"}], 1.0, [{"topic": "b"}], 1.0, [{"topic": "b"}]]
    subscribing, happened = too_fast(positions, 1, lambda: again(positions))
    await subscribing.unsubscribe(["a", "b"])
    assert happened == [["a"], 1.0, ["a"]]
    assert positions.topics() == ["b"]


async def test_a_server_that_always_finds_it_too_fast_is_believed_in_the_end():
    positions = Positions()
    subscribing, happened = too_fast(positions, 1_000)
    with pytest.raises(SignalboxError) as failed:
        await subscribing.subscribe(["a"])
    assert failed.value.code == "rate_limited"
    assert happened.count(1.0) == 29
    assert positions.topics() == ["a"], "wanted still: the next connection asks for it"


async def test_many_that_were_too_fast_are_asked_for_again_one_a_second():
    waiting: List[asyncio.Event] = []
    asked = 0

    async def ask(frame: Dict[str, Any]) -> List[Any]:
        nonlocal asked
        asked += 1
        if asked <= 3:
            raise SignalboxError("rate_limited", "wait a second and send it again", True)
        return []

    async def sleep(seconds: float) -> None:
        waiting.append(asyncio.Event())
        await waiting[-1].wait()

    subscribing = Subscribing(Positions(), ask, sleep, errors_are_none, lambda: FRAME_BYTES)
    everything = asyncio.gather(*(subscribing.subscribe([topic]) for topic in "abc"))
    for nth in (1, 2, 3):
        for _ in range(20):
            await asyncio.sleep(0)
        assert (len(waiting), asked) == (nth, 2 + nth), "one waits its second, the others for it"
        waiting[-1].set()
    await everything
