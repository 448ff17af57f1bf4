"""permessage-deflate, by the library most programs use."""

from __future__ import annotations

import json
from typing import Optional

import pytest
from websockets.sync.client import connect

from conftest import PATIENCE_S, Server

BIG = "much the same, " * 1_000


@pytest.mark.parametrize("compression", ["deflate", None])
def test_large_messages_arrive_whole_compressed_or_not(server: Server, compression: Optional[str]) -> None:
    url = server.url.replace("http", "ws") + "/api/ws"
    with connect(url, compression=compression) as client:
        agreed = [extension.name for extension in client.protocol.extensions]
        assert agreed == (["permessage-deflate"] if compression else [])
        # Twice: nothing of the message before is needed for the next.
        for number in (1, 2):
            client.send(json.dumps({"type": "subscribe", "id": number, "topics": ["system_alerts"], "comment": BIG}))
            frame = json.loads(client.recv(timeout=PATIENCE_S))
            while frame["type"] != "subscribed":
                frame = json.loads(client.recv(timeout=PATIENCE_S))
            assert frame["id"] == number
            alert = {"type": "system_alert", "severity": "info", "component": "test", "message": f"{number} {BIG}"}
            server.post("/api/v1/events", json.dumps(alert).encode(), "application/json")
            event = json.loads(client.recv(timeout=PATIENCE_S))
            assert event["event"]["data"]["message"] == f"{number} {BIG}"
