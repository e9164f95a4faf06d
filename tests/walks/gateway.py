"""The gateway as a process of its own, driven over HTTP as any program outside would."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from tests.walks import carrier as outside

KEY = "key-of-the-walks"
COMMAND = Path(sys.executable).parent / "lamplighter"
HOME = "+08:00"
#: Seconds for which one request may wait.
_AT_ONCE = 100


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Refused(AssertionError):
    """The interface answered with another status than the walk counted on."""

    def __init__(self, status: int, answer: Any) -> None:
        super().__init__(f"{status}: {answer}")
        self.status = status
        self.answer = answer


class Gateway:
    """One `lamplighter serve` with a directory of its own; `settings` are names without the prefix."""

    def __init__(self, directory: Path, carrier: outside.OutsideCarrier | None, **settings: str) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "gateway.log"
        self.process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        values = {
            "MODE": "sandbox",
            "DATA_DIR": str(directory / "var"),
            "PORT": str(self.port),
            "BOOTSTRAP_API_KEY": KEY,
        }
        if carrier is not None:
            carrier.gateway = self.url
            values |= {
                "TWILIO__ACCOUNT_SID": outside.ACCOUNT,
                "TWILIO__AUTH_TOKEN": outside.TOKEN,
                "TWILIO__SENDER": outside.SENDER,
                "TWILIO__BASE_URL": carrier.url,
            }
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("LAMPLIGHTER_")}
        self.environment |= {f"LAMPLIGHTER_{name}": value for name, value in (values | settings).items()}
        self.environment["LAMPLIGHTER_EMBEDDED_EXTRA"] = os.environ["LAMPLIGHTER_EMBEDDED_EXTRA"]

    async def start(self) -> float:
        """Start and wait until it is ready; the seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                COMMAND, "serve", cwd=self.directory, env=self.environment, stdout=log, stderr=log
            )
        self._session = aiohttp.ClientSession(
            self.url,
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=aiohttp.ClientTimeout(total=240),
            skip_auto_headers=["Accept-Encoding"],
        )
        while time.monotonic() - began < 180:
            assert self.process.returncode is None, f"the gateway ended:\n{self.log.read_text()[-4000:]}"
            try:
                async with self._session.get("/readyz") as answer:
                    if answer.status == 200:
                        return time.monotonic() - began
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)
        raise AssertionError(f"not ready:\n{self.log.read_text()[-4000:]}")

    async def stop(self) -> int:
        """Tell it to stop, as an operator would; its exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """Kill it without a word."""
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> int:
        if self._session is not None:
            await self._session.close()
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 40)

    async def command(self, *words: str, given: bytes = b"", **settings: str) -> tuple[int, str, str]:
        """Run the command line; its exit code, standard output and standard error."""
        environment = self.environment | {f"LAMPLIGHTER_{name}": value for name, value in settings.items()}
        process = await asyncio.create_subprocess_exec(
            COMMAND,
            *words,
            cwd=self.directory,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(given), 60)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """One request to the interface; the status and the answer, whatever they are."""
        assert self._session is not None
        async with self._session.request(method, f"/api/v1{path}", **options) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str, **query: str) -> Any:
        """What is at `path`."""
        return await self._wanted("GET", path, 200, params=query)

    async def post(self, path: str, body: Any = None, *, status: int = 200, **options: Any) -> Any:
        """Post JSON and expect `status`."""
        return await self._wanted("POST", path, status, json=body, **options)

    async def _wanted(self, method: str, path: str, status: int, **options: Any) -> Any:
        got, answer = await self.ask(method, path, **options)
        if got != status:
            raise Refused(got, answer)
        return answer

    async def every(self, path: str, **query: str) -> list[Any]:
        """All items of a list, page by page."""
        return [item async for item in self._pages(path, query)]

    async def _pages(self, path: str, query: dict[str, str]) -> AsyncIterator[Any]:
        cursor: str | None = ""
        while cursor is not None:
            page = await self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            for item in page["items"]:
                yield item
            cursor = page["next"]

    async def import_file(self, kind: str, content: bytes, filename: str = "file.csv") -> Any:
        """Hand a file in and wait for its end; the import as it is then."""
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(content), filename=filename, content_type="application/octet-stream")
        queued = await self._wanted("POST", f"/imports?kind={kind}", 202, data=form)
        assert queued["state"] == "queued"
        await self.idle()
        return await self.get(f"/imports/{queued['id']}")

    async def imported(self, kind: str, content: bytes, filename: str = "file.csv") -> Any:
        """Hand a file in that must be done without a reject."""
        done = await self.import_file(kind, content, filename)
        assert (done["state"], done["rejected"]) == ("done", 0), done
        return done

    async def idle(self, patience: int = 60) -> None:
        """Wait until nothing is in progress."""
        deadline = time.monotonic() + patience
        while True:
            left = max(1, round(min(_AT_ONCE, deadline - time.monotonic())))
            status, answer = await self.ask("GET", "/sandbox/idle", params={"timeout": str(left)})
            if status != 408 or time.monotonic() > deadline:
                break
        if status != 200:
            raise Refused(status, answer)

    async def set_clock(self, moment: str) -> None:
        """Set the test clock, at the utility's home."""
        await self.post("/sandbox/clock", {"now": f"{moment}{HOME}"})

    async def advance(self, duration: str) -> None:
        """Move the test clock on by an ISO 8601 duration."""
        await self.post("/sandbox/clock", {"advance": duration})

    async def approved(self, asked: dict[str, Any], *, wait: bool = True) -> str:
        """Draft a notice and approve it; its id, once nothing is in progress any more."""
        draft = await self.post("/notices", asked, status=201)
        assert draft["state"] == "draft"
        await self.post(f"/notices/{draft['id']}/approve")
        if wait:
            await self.idle()
        notice_id: str = draft["id"]
        return notice_id

    async def messages(self, **query: str) -> list[Any]:
        """Messages, all pages of them."""
        return await self.every("/messages", limit="500", **query)
