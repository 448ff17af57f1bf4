"""One connection at a time, for as long as the client lives."""

from __future__ import annotations

import asyncio
import inspect
import json
from types import TracebackType
from typing import Any, Dict, Iterable, List, Literal, Optional, Type, Union

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from .address import listed, socket_url
from .backoff import Backoff, is_terminal
from .config import ClientConfig, Handlers
from .debug import debug_to
from .ended import Ended, handshake_failed
from .errors import SignalboxError
from .messages import (
    MESSAGES,
    Authenticated,
    Hello,
    Lost,
    Message,
    Published,
    Subscribed,
    Topic,
    TopicRequest,
)
from .positions import Positions
from .producer import Producer
from .renewal import Renewal
from .requests import Fields, Requests
from .resuming import Resuming, is_over
from .subscribing import Subscribing
from .teller import Teller

#: Name resolution, TCP, TLS and handshake together; how long a server may take then to say hello, and to answer our close.
CONNECT_S = 10.0
#: Largest message taken from a server.
MESSAGE_BYTES = 64 << 20
#: Several frames in one message, one a line: of each message there is more to do than of a frame in it.
BATCH = Subprotocol("signalbox.batch")
#: The server is asked after so much silence, and given up after as much again.
SILENCE_S = 25.0


class SignalboxClient(Producer):
    """Connects when it is entered or started, and again whenever the connection breaks.

    async with SignalboxClient(ClientConfig("http://127.0.0.1:9999", rooms=["agent_states"]), Handlers(…)) as client:
        await client.wait_closed()
    """

    def __init__(self, config: ClientConfig, handlers: Optional[Handlers] = None) -> None:
        self._config = config
        self._handlers = handlers or Handlers()
        self._debug = debug_to(config.debug)
        self._url = socket_url(config.server_url)
        self._clock = config.clock
        self._backoff = Backoff(config.reconnect_initial_s, config.reconnect_max_s, self._clock.random)
        self._positions = Positions()
        for room in config.rooms:
            self._positions.want(room)
        self._requests = Requests()
        self._hello: Optional[Hello] = None
        self._closed: Optional[str] = None
        self._wake = asyncio.Event()
        self._task: Optional[asyncio.Task[None]] = None
        self._resuming = Resuming(
            self._positions, self._ask_again, self._report, lambda: self._teller.is_half_empty, self._frame_bytes
        )
        self._subscribing = Subscribing(
            self._positions, self._ask, self._clock.sleep, self._report, self._frame_bytes
        )
        self._teller = Teller(self._handlers, self._requests.waits, self._resuming.catch_up)
        self._telling: Optional[asyncio.Task[None]] = None
        self._renewal = Renewal(self._clock, self.authenticate, self._report)
        self._reconnect_after_s = 0.0
        self._refusals = 0
        #: The server could not say whether the last token is good.
        self._is_put_off = False

    @property
    def state(self) -> Literal["waiting", "open", "closed"]:
        """`open`: the server has answered. `closed`: for good."""
        if self._closed is not None:
            return "closed"
        return "open" if self._hello is not None else "waiting"

    def start(self) -> None:
        """Begins to connect, in a task of the running loop."""
        if self._task is None:
            self._telling = asyncio.get_running_loop().create_task(self._teller.run())
            self._task = asyncio.get_running_loop().create_task(self._stay())

    async def __aenter__(self) -> SignalboxClient:
        self.start()
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends it for good. What was told of before is handled first, unless a handler is who closes."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._end("close() was called", Lost(code=1000, reason="", retry_s=None))
        if self._telling is not None and self._telling is not asyncio.current_task():
            await asyncio.gather(self._telling, return_exceptions=True)

    async def disconnect(self) -> None:
        """The same, in S1's word."""
        await self.close()

    async def wait_closed(self) -> None:
        """Until the client is closed, or the server does not want it."""
        if self._task is not None:
            await asyncio.wait([self._task])
        if self._telling is not None and self._telling is not asyncio.current_task():
            await asyncio.wait([self._telling])

    async def subscribe(self, topics: Union[Topic, Iterable[Topic]]) -> List[Subscribed]:
        """Returns when each topic is subscribed: from here on, or from `after`, its events come. Idempotent."""
        return await self._subscribing.subscribe(listed(topics))

    async def unsubscribe(self, topics: Union[str, Iterable[str]]) -> None:
        await self._subscribing.unsubscribe([topics] if isinstance(topics, str) else list(topics))

    async def call(self, method: str, params: Optional[Dict[str, Any]] = None) -> Any:
        """Calls a method of the API, as REST does (docs/api.md). Raises `SignalboxError`."""
        return await self._ask({"type": "command", "method": method, "params": params or {}})

    async def publish(self, message: Message) -> Published:
        """Publishes a message; returns when it is durable, or taken in if it is of a kind that is not kept.

        When the connection breaks before the answer it raises `disconnected`: the message may be there or not.
        """
        published: Published = await self._ask({"type": "publish", "message": message})
        return published

    async def authenticate(self) -> Authenticated:
        """Sends a fresh token over the connection there is. Done by itself before a token expires."""
        token = await self._token()
        if token is None:
            raise TypeError("the client was made without a token")
        identity: Authenticated = await self._ask({"type": "authenticate", "token": token})
        return identity

    def snapshot(self) -> List[TopicRequest]:
        """The topics wanted, each with the position it has: what another client's `rooms` go on from."""
        return self._positions.snapshot()

    async def _stay(self) -> None:
        """Connects, again and again."""
        while True:
            ended = await self._serve()
            self._lost()
            is_put_off = ended.code == 4401 and self._is_put_off
            is_refused = ended.code == 4401 and not is_put_off
            # A token that is fetched anew may be better than the one before: once.
            self._refusals += is_refused
            renewable = is_put_off or (is_refused and callable(self._config.token) and self._refusals < 2)
            if not self._config.reconnect or (ended.terminal and not renewable):
                why = f"{ended.code} {ended.reason}".strip()
                return self._end(why, Lost(code=ended.code, reason=ended.reason, retry_s=None))
            pause_s = self._backoff.pause_s(self._reconnect_after_s)
            self._reconnect_after_s = 0.0
            self._say("closed with %s %s; next try in %.3f s", ended.code, ended.reason, pause_s)
            self._teller.tell("on_disconnect", Lost(code=ended.code, reason=ended.reason, retry_s=pause_s))
            await self._clock.sleep(pause_s)

    async def _serve(self) -> Ended:
        """One connection, from the handshake to its end."""
        self._say("connecting to %s", self._url)
        try:
            token = await self._token()
            socket = await connect(
                self._url,
                open_timeout=CONNECT_S,
                close_timeout=CONNECT_S,
                max_size=MESSAGE_BYTES,
                subprotocols=[BATCH],
                ping_interval=SILENCE_S,
                ping_timeout=SILENCE_S,
            )
        except Exception as error:
            ended = handshake_failed(self._url, error)
            # Of an end, and of a server that answers, `on_disconnect` tells all there is.
            if not ended.terminal and not isinstance(error, InvalidStatus):
                self._report(error)
            return ended
        async with socket:
            self._is_put_off = False
            if token is not None:
                await self._introduce(socket, token)
            writer = asyncio.get_running_loop().create_task(self._write(socket))
            late = asyncio.get_running_loop().call_later(CONNECT_S, self._is_late, socket)
            try:
                async for message in socket:
                    # Not by lines: those end in more ways than one. An older server sends one frame.
                    for text in str(message).split("\n"):
                        self._received(json.loads(text))
                        await self._teller.room()
                code, reason = socket.close_code, socket.close_reason
            except ConnectionClosed as error:
                code = error.rcvd.code if error.rcvd else 1006
                reason = error.rcvd.reason if error.rcvd else str(error)
            finally:
                late.cancel()
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)
        code = 1006 if code is None else code
        return Ended(code, reason or "", is_terminal(code))

    def _is_late(self, socket: ClientConnection) -> None:
        if self._hello is None:
            self._report(TimeoutError("the server does not say hello"))
            socket.transport.abort()

    async def _introduce(self, socket: ClientConnection, token: str) -> None:
        """The first frame, before anything is asked."""
        answer = self._requests.ask({"type": "authenticate", "token": token})
        answer.add_done_callback(self._introduced)
        # Nothing else is sent before `hello`: it is not among what waits for that.
        for frame in self._requests.unsent_of(answer):
            self._say('→ {"type":"authenticate",…}')
            try:
                await socket.send(json.dumps(frame))
            except ConnectionClosed:
                pass

    def _introduced(self, answer: "asyncio.Future[Any]") -> None:
        error = None if is_over(answer) else answer.exception()
        if isinstance(error, SignalboxError):
            self._report(error)

    async def _write(self, socket: ClientConnection) -> None:
        """Sends what was asked, once the server has said hello."""
        try:
            while True:
                self._wake.clear()
                if self._hello is not None:
                    for frame in self._requests.unsent():
                        text = json.dumps(frame)
                        self._say("→ %s", '{"type":"authenticate",…}' if frame["type"] == "authenticate" else text)
                        await socket.send(text)
                await self._wake.wait()
        except ConnectionClosed:
            # The reading side says why.
            pass

    def _received(self, frame: Dict[str, Any]) -> None:
        self._say("← %.500s", frame)
        kind = frame.get("type")
        epoch = self._hello["epoch"] if self._hello else ""
        if kind == "hello":
            self._welcomed(Hello(epoch=frame["epoch"], client=frame["client"], limits=frame["limits"]))
        elif kind == "subscribed":
            for told in frame["topics"]:
                self._positions.subscribed(told, epoch)
            self._requests.answered(frame.get("id"), frame["topics"])
        elif kind == "unsubscribed" and frame.get("id") is None:
            self._resuming.hidden(frame["topics"])
        elif kind == "unsubscribed":
            self._requests.answered(frame["id"], None)
        elif self._teller.is_full and kind in ("event", "performance_metrics"):
            # What is in no log is gone: measurements, for instance.
            if kind == "event" and frame["event"]["position"] is not None:
                self._resuming.fall_behind()
        elif kind == "event":
            self._happened(frame["event"], self._positions.news(frame["topics"], frame["event"]["position"]))
        elif kind == "performance_metrics":
            if self._positions.news(frame["topics"], None):
                self._measured(frame["metrics"])
        elif kind == "gap":
            # One of what was passed over is told again with the subscription.
            if self._positions.gap(frame, epoch):  # type: ignore[arg-type]
                self._teller.tell("on_gap", {name: frame[name] for name in ("topic", "from", "to", "reason")})
        elif kind == "reply":
            self._requests.answered(frame["id"], frame["result"])
        elif kind == "published":
            self._requests.answered(frame.get("id"), Published(position=frame["position"]))
        elif kind == "authenticated":
            self._authenticated(frame)
        elif kind == "error":
            error = SignalboxError(frame["code"], frame["message"], frame["temporary"])
            if self._requests.kind(frame.get("id")) == "authenticate":
                self._is_put_off = error.temporary
            if not self._requests.failed(frame.get("id"), error):
                self._report(error)
        elif kind == "draining":
            self._reconnect_after_s = frame["reconnect_after_ms"] / 1_000

    def _welcomed(self, hello: Hello) -> None:
        self._hello = hello
        self._backoff.reset()
        self._resuming.all()
        self._wake.set()
        self._teller.tell("on_connect", hello)

    def _authenticated(self, frame: Dict[str, Any]) -> None:
        self._refusals = 0
        self._is_put_off = False
        identity: Authenticated = {"name": frame["name"], "role": frame["role"]}
        expires_at = frame.get("expires_at")
        if expires_at is not None:
            identity["expires_at"] = expires_at
        self._requests.answered(frame.get("id"), identity)
        if expires_at is not None and callable(self._config.token):
            self._renewal.before(expires_at)
        else:
            self._renewal.stop()
        self._teller.tell("on_authenticated", identity)

    def _happened(self, event: Dict[str, Any], topics: List[str]) -> None:
        if not topics:
            return
        self._teller.tell("on_event", event, topics)
        kind, data = event["type"], event["data"]
        if kind == "performance_metric":
            self._measured([data])
        elif kind in MESSAGES:
            self._teller.tell(f"on_{kind}", {"type": kind, **data})

    def _measured(self, metrics: List[Dict[str, Any]]) -> None:
        told = [{"type": "performance_metric", **metric} for metric in metrics]
        self._teller.tell("on_performance_metrics", told)

    def _lost(self) -> None:
        self._hello = None
        self._renewal.stop()
        self._positions.disconnected()
        self._requests.disconnected()

    def _end(self, why: str, lost: Lost) -> None:
        if self._closed is not None:
            return
        self._closed = why
        self._say("closed: %s", why)
        self._lost()
        self._requests.closed(SignalboxError.closed(why))
        self._teller.tell("on_disconnect", lost)
        self._teller.close()

    async def _ask(self, fields: Fields) -> Any:
        if self._closed is not None:
            raise SignalboxError.closed(self._closed)
        answer = self._requests.ask(fields)
        self._wake.set()
        # The answer is read even when what is told has to wait.
        self._teller.look_again()
        return await answer

    def _ask_again(self, fields: Fields) -> "Optional[asyncio.Future[Any]]":
        """The same, before whatever waits; `None` where there is no connection."""
        if self._hello is None:
            return None
        answer = self._requests.first(fields)
        self._wake.set()
        return answer

    def _frame_bytes(self) -> Optional[int]:
        return self._hello["limits"]["frame_bytes"] if self._hello is not None else None

    async def _token(self) -> Optional[str]:
        token = self._config.token
        if callable(token):
            got = token()
            return await got if inspect.isawaitable(got) else got
        return token

    def _report(self, error: Exception) -> None:
        self._say("error: %s", error)
        self._teller.tell("on_error", error)

    def _say(self, line: str, *args: Any) -> None:
        if self._debug is not None:
            self._debug(line % args if args else line)
