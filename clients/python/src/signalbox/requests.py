"""Frames that wait for their answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

from .errors import SignalboxError

#: Requests that wait for a connection; one more is refused, so that a long absence fills no memory.
WAITING = 1_000

Fields = Dict[str, Any]


@dataclass
class _Request:
    fields: Fields
    answer: "asyncio.Future[Any]"
    sent: bool = False


class Requests:
    def __init__(self) -> None:
        self._open: Dict[int, _Request] = {}
        self._last = 0

    def ask(self, fields: Fields) -> "asyncio.Future[Any]":
        """Keeps it until it is answered; `unsent` gives it out."""
        if sum(not request.sent for request in self._open.values()) >= WAITING:
            raise SignalboxError("too_many_waiting", f"{WAITING} requests wait for a connection already", True)
        self._last += 1
        answer: "asyncio.Future[Any]" = asyncio.get_running_loop().create_future()
        # A failure nobody waits for any more is no news.
        answer.add_done_callback(lambda answer: answer.cancelled() or answer.exception())
        self._open[self._last] = _Request({**fields, "id": self._last}, answer)
        return answer

    def first(self, fields: Fields) -> "asyncio.Future[Any]":
        """The same, to go out before everything else that is unsent."""
        others = {id: self._open.pop(id) for id in [id for id, request in self._open.items() if not request.sent]}
        answer = self.ask(fields)
        self._open.update(others)
        return answer

    def unsent_of(self, answer: "asyncio.Future[Any]") -> List[Fields]:
        """This one alone, to go out now."""
        mine = [request for request in self._open.values() if request.answer is answer]
        for request in mine:
            request.sent = True
        return [request.fields for request in mine]

    def unsent(self) -> List[Fields]:
        """What is to go out now, in order."""
        frames = []
        for request in self._open.values():
            if not request.sent:
                request.sent = True
                frames.append(request.fields)
        return frames

    def waits(self) -> bool:
        """Something is sent, or about to be, and not answered."""
        return bool(self._open)

    def kind(self, id: Any) -> Any:
        """What the request of this id is, while it waits for its answer."""
        request = self._open.get(id) if isinstance(id, int) else None
        return request.fields["type"] if request is not None else None

    def answered(self, id: Any, answer: Any) -> bool:
        request = self._take(id)
        if request is not None and not request.answer.done():
            request.answer.set_result(answer)
        return request is not None

    def failed(self, id: Any, error: SignalboxError) -> bool:
        request = self._take(id)
        if request is not None and not request.answer.done():
            request.answer.set_exception(error)
        return request is not None

    def disconnected(self) -> None:
        """The connection is gone: nobody knows whether what was sent was done."""
        for id in [id for id, request in self._open.items() if request.sent]:
            self.failed(id, SignalboxError.disconnected())

    def closed(self, error: SignalboxError) -> None:
        for id in list(self._open):
            self.failed(id, error)

    def _take(self, id: Any) -> Optional[_Request]:
        return self._open.pop(id, None) if isinstance(id, int) else None
