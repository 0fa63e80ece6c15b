"""What the suite and a driver say to each other, one JSON object a line; orders.mjs is the same for JavaScript."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any


def say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def authorize(url: str) -> None:
    """The client asks for a browser."""
    say({"authorize": url})


async def obey(verbs: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]]) -> None:
    """Carries out orders until stdin ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        try:
            say({"did": order["do"], **await verbs[order["do"]](order)})
        except Exception as error:
            say({"failed": order["do"], "error": cause(error)})


def cause(error: BaseException) -> str:
    """The innermost error: task groups wrap the one that says what happened."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


class Connection:
    """A client's connection, in a task of its own: when it breaks, a call on it fails instead of being cancelled."""

    def __init__(self, client: AbstractAsyncContextManager[Any]) -> None:
        self.client = client
        self.task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        is_open = asyncio.Event()
        self.task = asyncio.create_task(self.live(is_open))
        opened = asyncio.create_task(is_open.wait())
        await asyncio.wait({self.task, opened}, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if self.task.done():
            await self.task

    async def live(self, is_open: asyncio.Event) -> None:
        async with self.client:
            is_open.set()
            await asyncio.Event().wait()

    async def close(self) -> None:
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("url", "name", "era", "sdk", "command", "home"):
        parser.add_argument(f"--{name}")
    return parser.parse_args()


def text(content: Iterable[Any]) -> str:
    return "\n".join(item.text for item in content if item.type == "text")
