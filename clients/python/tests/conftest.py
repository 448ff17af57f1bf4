"""A real `signalbox serve` with a data folder of its own that survives a restart, and ways to wait for what is told."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest

#: Longer than anything here takes: a test that waits in vain has failed.
PATIENCE_S = 60.0

ECHO = """
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: echo, path: tests/echo}
workload: {word: hello}
workflow:
  - {step: start, next: say}
  - {step: say, type: noop, data: {word: "{{ workload.word }}"}, next: end}
  - {step: end, result: "{{ say.word }}"}
"""


#: Of those who sign JSON Web Tokens here.
SECRET = b"a secret of tests that is long enough"
JWT = """
jwt_secret_file = "jwt.secret"
jwt_issuer = "https://issuer.test"
jwt_audience = "box"
"""


class Server:
    def __init__(self, *args: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="signalbox-client-"))
        self._args = args
        self._port = 0
        self._child: Optional[subprocess.Popen[str]] = None
        self._admin: Optional[str] = None
        if "required" in args:
            (self.folder / "jwt.secret").write_bytes(SECRET)
            (self.folder / "signalbox.toml").write_text(JWT)
        self.up()
        if "required" in args:
            self._admin = self.token("tests", "admin")
        self.post("/api/v1/playbooks", ECHO.encode(), "application/yaml")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def up(self) -> None:
        """Starts it, or starts it again: same data, same port."""
        binary = os.environ.get("SIGNALBOX_BIN")
        if not binary:
            raise RuntimeError("SIGNALBOX_BIN names the server to test: run `cargo xtask test --only clients`")
        # What configures the tests must not configure the server.
        env = {name: value for name, value in os.environ.items() if not name.startswith(("SIGNALBOX_", "LEPTOS_"))}
        env["HOME"] = str(self.folder)
        args = ["serve", "--listen", f"127.0.0.1:{self._port}", "--data", str(self.folder / "data"), *self._args]
        self._child = subprocess.Popen(
            [binary, *args], env=env, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert url, f"signalbox was not ready: {line!r}"
        self._port = int(url[1])
        threading.Thread(target=self._child.stdout.read, daemon=True).start()

    def token(self, name: str, role: str) -> str:
        """Makes an API token."""
        return self._command("tokens", "create", name, "--role", role).strip()

    def jwt(self, name: str, role: str) -> str:
        """A JSON Web Token of ten minutes."""
        claims = {"iss": "https://issuer.test", "aud": "box", "sub": name, "role": role, "exp": int(time.time()) + 600}

        def encoded(part: bytes) -> str:
            return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

        parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
        signature = hmac.digest(SECRET, ".".join(parts).encode(), "sha256")
        return ".".join([*parts, encoded(signature)])

    def revoke(self, name: str) -> None:
        self._command("tokens", "revoke", name)

    def kill(self) -> None:
        """Ends it without a word, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Asks it to end, and waits until it has."""
        self._end(signal.SIGTERM)

    def forget(self) -> None:
        """The same port with an empty store."""
        self.stop()
        shutil.rmtree(self.folder / "data")
        self.up()
        self.post("/api/v1/playbooks", ECHO.encode(), "application/yaml")

    def remove(self) -> None:
        self._end(signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, word: str = "hello") -> str:
        """Runs the playbook once; the execution's id."""
        body = json.dumps({"path": "tests/echo", "input": {"word": word}}).encode()
        return self.post("/api/v1/executions", body, "application/json")["execution_id"]

    def history(self, topic: str = "events") -> List[Dict[str, Any]]:
        """All durable events of a topic."""
        events: List[Dict[str, Any]] = []
        after: Optional[int] = 0
        while after is not None:
            page = self.get(f"/api/v1/events?topic={topic}&after={after}&limit=500")
            events += page["events"]
            after = page["next"]
        return events

    def get(self, where: str) -> Any:
        request = urllib.request.Request(self.url + where, headers=self._headers())
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def post(self, where: str, body: bytes, kind: str) -> Any:
        request = urllib.request.Request(self.url + where, body, {"content-type": kind, **self._headers()})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def _headers(self) -> Dict[str, str]:
        return {"authorization": f"Bearer {self._admin}"} if self._admin else {}

    def _command(self, *args: str) -> str:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        command = [os.environ["SIGNALBOX_BIN"], *args, "--data", str(self.folder / "data")]
        return subprocess.run(command, env=env, cwd=self.folder, stdout=subprocess.PIPE, check=True, text=True).stdout

    def _end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.send_signal(number)
            child.wait()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.remove()


@pytest.fixture
def guarded() -> Iterator[Server]:
    """One that lets nobody in without a token."""
    server = Server("--auth", "required")
    yield server
    server.remove()


class Told:
    """What was told so far, and a way to wait for more."""

    def __init__(self) -> None:
        self.all: List[Any] = []
        self._changed = asyncio.Condition()

    async def add(self, *told: Any) -> None:
        async with self._changed:
            self.all.append(told[0] if len(told) == 1 else told)
            self._changed.notify_all()

    async def until(self, wanted: Callable[[List[Any]], Any]) -> List[Any]:
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: wanted(self.all)), PATIENCE_S)
        return self.all

    async def first(self, wanted: Callable[[Any], Any] = lambda told: True) -> Any:
        await self.until(lambda all: any(map(wanted, all)))
        return next(filter(wanted, self.all))


async def away(work: Callable[..., Any], *args: Any) -> Any:
    """Runs what blocks (the server's start and end, HTTP) in a thread, so that clients go on meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(None, work, *args)


def positions(events: List[Dict[str, Any]]) -> List[Optional[int]]:
    return [event["position"] for event in events]


def ended(execution_id: str) -> Callable[[Any], bool]:
    """Satisfied by what `on_event` is told of the execution's end."""

    def is_end(told: Any) -> bool:
        event = told[0]
        return event["type"] == "execution_complete" and event["correlation_id"] == execution_id

    return is_end
