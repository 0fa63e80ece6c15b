"""FastMCP's client with its own browser sign-in: it asks for the authorization URL itself before it opens the browser on it
(protocol.md 3.21), listens for the response on localhost, and keeps its tokens in a key-value store.
"""

import asyncio
import webbrowser
from typing import Any

from fastmcp import Client
from fastmcp.client.auth import OAuth
from key_value.aio.stores.memory import MemoryStore
from orders import Connection, authorize, obey, options, text


class Suite(webbrowser.BaseBrowser):
    """The suite as the person's browser."""

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        authorize(url)
        return True


async def main() -> None:
    webbrowser.register("suite", None, Suite(), preferred=True)
    given = options()
    oauth = OAuth(client_name=given.name, token_storage=MemoryStore())
    client = Client(given.url, auth=oauth)
    connection = Connection(client)
    try:
        await obey(verbs(connection, client, oauth))
    finally:
        await connection.close()


def verbs(connection: Connection, client: Client[Any], oauth: OAuth) -> dict[str, Any]:
    async def connect(_: dict[str, Any]) -> dict[str, Any]:
        await connection.open()
        initialized = client.initialize_result
        return {
            "protocol": initialized and initialized.protocol_version,
            "server": initialized and initialized.server_info.name,
        }

    async def tools(_: dict[str, Any]) -> dict[str, Any]:
        return {"names": [tool.name for tool in await client.list_tools()]}

    async def call(order: dict[str, Any]) -> dict[str, Any]:
        result = await client.call_tool(order["tool"], order["arguments"], raise_on_error=False)
        return {"is_error": result.is_error, "text": text(result.content)}

    async def expire(_: dict[str, Any]) -> dict[str, Any]:
        oauth.context.token_expiry_time = 1.0
        return {}

    async def tokens(_: dict[str, Any]) -> dict[str, Any]:
        client_info = await oauth.token_storage_adapter.get_client_info()
        kept = await oauth.token_storage_adapter.get_tokens()
        assert client_info and kept
        return {
            "client_id": client_info.client_id,
            "access_token": kept.access_token,
            "refresh_token": kept.refresh_token,
        }

    return {"connect": connect, "tools": tools, "call": call, "expire": expire, "tokens": tokens}


if __name__ == "__main__":
    asyncio.run(main())
