from __future__ import annotations


class SignalboxError(Exception):
    """A command, subscription or message that was refused, or lost on the way.

    `code` is stable (docs/errors.md); `disconnected`, `closed` and `too_many_waiting` are this client's own.
    `temporary`: the same may succeed later.
    """

    def __init__(self, code: str, message: str, temporary: bool) -> None:
        super().__init__(message)
        self.code = code
        self.temporary = temporary

    @classmethod
    def disconnected(cls) -> SignalboxError:
        return cls("disconnected", "the connection broke before the answer came: it may have been done or not", True)

    @classmethod
    def closed(cls, why: str) -> SignalboxError:
        return cls("closed", f"the client is closed: {why}", False)
