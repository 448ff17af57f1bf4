"""Connections that break before the server has answered, and places where no server of ours is."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import AsyncIterator, Callable
from urllib.parse import urlsplit

import pytest

from conftest import PATIENCE_S, Told, away
from signalbox import ClientConfig, Handlers, SignalboxClient


def ends(writer: asyncio.StreamWriter) -> None:
    writer.close()


def resets(writer: asyncio.StreamWriter) -> None:
    # What is not sent is thrown away, and the other side told that nobody is there.
    own = writer.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def breaks_off(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs")
    writer.close()


def is_another(writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.test ESMTP\r\n")
    writer.close()


@contextlib.asynccontextmanager
async def listener(answer: Callable[[asyncio.StreamWriter], None], port: int = 0) -> AsyncIterator[int]:
    """Accepts, waits for the request, and does this."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer(writer)

    server = await asyncio.start_server(take, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.parametrize("answer", [ends, resets, breaks_off])
async def test_a_connection_that_breaks_before_the_answer_is_tried_again(server, answer):
    lost, errors, greeted = Told(), Told(), Told()
    handlers = Handlers(on_disconnect=lost.add, on_error=errors.add, on_connect=greeted.add)
    config = ClientConfig(server.url, reconnect_initial_s=0.02, reconnect_max_s=0.2)
    await away(server.stop)
    client = SignalboxClient(config, handlers)
    try:
        async with listener(answer, urlsplit(server.url).port):
            client.start()
            await lost.until(lambda all: len(all) == 2)
            assert [(told["code"], told["retry_s"] is None) for told in lost.all[:2]] == [(1006, False)] * 2
            assert errors.all, "it is said why"
        await away(server.up)
        await greeted.first()
        assert client.state == "open"
    finally:
        await client.close()


async def test_what_answers_with_something_else_is_the_end():
    lost = Told()
    async with listener(is_another) as port:
        config = ClientConfig(f"http://127.0.0.1:{port}")
        async with SignalboxClient(config, Handlers(on_disconnect=lost.add)) as client:
            await asyncio.wait_for(client.wait_closed(), PATIENCE_S)
            assert (await lost.first())["retry_s"] is None
            assert "is no Signalbox server" in lost.all[0]["reason"]
