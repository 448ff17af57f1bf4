"""How long to wait before the next try to connect."""

from __future__ import annotations

from typing import Callable


class Backoff:
    """Full jitter: anything from nothing to twice as long each time, so that clients that left together come back apart."""

    def __init__(self, initial_s: float, max_s: float, random: Callable[[], float]) -> None:
        self._initial_s = initial_s
        self._max_s = max_s
        self._random = random
        self._attempts = 0

    def reset(self) -> None:
        """It worked: the next pause is short again."""
        self._attempts = 0

    def pause_s(self, after_s: float = 0.0) -> float:
        """`after_s`: what the server asked for; the jitter comes on top."""
        longest = min(self._max_s, self._initial_s * 2.0 ** min(self._attempts, 30))
        self._attempts += 1
        return after_s + self._random() * longest


def is_terminal(code: int) -> bool:
    """Whether a connection that was closed with this code should not be opened again as it is."""
    return 4400 <= code <= 4499 or code in (1002, 1007, 1009)
