"""The Python SDK: discovery, registration, sign-in and refresh are its own; this driver keeps its tokens in memory.

Unlike the TypeScript SDKs it refreshes by the clock, before a call, and answers a 401 with a whole new sign-in.
"""

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mcp.client.auth import OAuthClientProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from orders import Connection, authorize, obey, options, text


class Memory:
    """A `TokenStorage` that forgets when the program ends."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Callback:
    """The loopback listener that receives the authorization response."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def listen(self) -> str:
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/callback"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, target, _ = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ", 2)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await self.arrived.put(dict(parse_qsl(urlsplit(target).query)))

    async def next(self) -> AuthorizationCodeResult:
        response = await self.arrived.get()
        if "error" in response:
            raise PermissionError(response["error"])
        return AuthorizationCodeResult(code=response["code"], state=response.get("state"), iss=response.get("iss"))


async def main() -> None:
    given = options()
    memory = Memory()
    callback = Callback()

    async def open_browser(url: str) -> None:
        authorize(url)

    provider = OAuthClientProvider(
        server_url=given.url,
        client_metadata=OAuthClientMetadata(
            client_name=given.name, redirect_uris=[await callback.listen()], token_endpoint_auth_method="none"
        ),
        storage=memory,
        redirect_handler=open_browser,
        callback_handler=callback.next,
    )
    async with create_mcp_http_client(auth=provider) as http:
        client = Client(streamable_http_client(given.url, http_client=http), mode=given.era or "legacy")
        connection = Connection(client)
        try:
            await obey(verbs(connection, client, provider, memory))
        finally:
            await connection.close()


def verbs(connection: Connection, client: Client, provider: OAuthClientProvider, memory: Memory) -> dict[str, Any]:
    async def connect(_: dict[str, Any]) -> dict[str, Any]:
        await connection.open()
        return {"protocol": client.protocol_version, "server": client.server_info and client.server_info.name}

    async def tools(_: dict[str, Any]) -> dict[str, Any]:
        return {"names": [tool.name for tool in (await client.list_tools()).tools]}

    async def call(order: dict[str, Any]) -> dict[str, Any]:
        result = await client.call_tool(order["tool"], order["arguments"])
        return {"is_error": bool(result.is_error), "text": text(result.content)}

    async def expire(_: dict[str, Any]) -> dict[str, Any]:
        provider.context.token_expiry_time = 1.0
        return {}

    async def tokens(_: dict[str, Any]) -> dict[str, Any]:
        assert memory.client and memory.tokens
        return {
            "client_id": memory.client.client_id,
            "access_token": memory.tokens.access_token,
            "refresh_token": memory.tokens.refresh_token,
        }

    return {"connect": connect, "tools": tools, "call": call, "expire": expire, "tokens": tokens}


if __name__ == "__main__":
    asyncio.run(main())
