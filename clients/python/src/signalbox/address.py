"""Where the socket is, and what is asked for there."""

from __future__ import annotations

from typing import Iterable, List, Union
from urllib.parse import urlsplit

from .messages import Topic


def socket_url(server_url: str) -> str:
    """A server's URL leads to its socket: `http://host:1` to `ws://host:1/api/ws`."""
    url = urlsplit(server_url)
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(url.scheme)
    if scheme is None or not url.netloc or url.query:
        raise ValueError(f"server_url: expected http://host:port or the like, not {server_url!r}")
    path = url.path.rstrip("/")
    path = path[: -len("/api/ws")] if path.endswith("/api/ws") else path
    return f"{scheme}://{url.netloc}{path}/api/ws"


def listed(topics: Union[Topic, Iterable[Topic]]) -> List[Topic]:
    if isinstance(topics, (str, dict)):
        return [topics]  # type: ignore[list-item]
    return list(topics)
