"""How a connection ended, or that there was none."""

from __future__ import annotations

from dataclasses import dataclass

from websockets import exceptions
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI

#: The library knows proxies since its version 15.
_ProxyError = getattr(exceptions, "ProxyError", ())


@dataclass
class Ended:
    code: int
    reason: str
    #: Another connection would end the same way.
    terminal: bool = False


def handshake_failed(url: str, error: Exception) -> Ended:
    """Nobody was there, somebody who is none of ours, or the connection broke before the answer."""
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        # What the request was at fault for it will be at fault for again.
        terminal = 400 <= status < 500 and status not in (408, 429)
        return Ended(1006, f"the server refused with {status}", terminal)
    if isinstance(error, (InvalidHandshake, InvalidURI)) and not _says_nothing_of_the_server(error):
        return Ended(1006, f"{url} is no Signalbox server: {error}", True)
    return Ended(1006, str(error))


def _says_nothing_of_the_server(error: Exception) -> bool:
    is_cut_off = isinstance(error, InvalidMessage) and isinstance(error.__cause__, EOFError)
    return is_cut_off or isinstance(error, _ProxyError)
