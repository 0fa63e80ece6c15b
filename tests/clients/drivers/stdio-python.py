"""The Python SDK, and with `--sdk fastmcp` FastMCP's client, as clients of a program. The program gets the environment that
they let through, and the bridge's home.
"""

import asyncio
from argparse import Namespace
from typing import Any

import fastmcp
from fastmcp.client.transports import StdioTransport
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import Implementation
from orders import Connection, obey, options, text


async def main() -> None:
    given = options()
    client = (fastmcp_client if given.sdk == "fastmcp" else python_client)(given)
    connection = Connection(client)
    try:
        await obey(verbs(connection, client))
    finally:
        await connection.close()


def python_client(given: Namespace) -> Any:
    server = StdioServerParameters(command=given.command, args=["stdio"], env={"JEAN_BRIDGE_HOME": given.home})
    return Client(server, mode=given.era or "legacy", client_info=Implementation(name=given.name, version="1.0.0"))


def fastmcp_client(given: Namespace) -> Any:
    server = StdioTransport(given.command, ["stdio"], env={"JEAN_BRIDGE_HOME": given.home})
    return fastmcp.Client(server, client_info=Implementation(name=given.name, version="1.0.0"))


def verbs(connection: Connection, client: Any) -> dict[str, Any]:
    async def connect(_: dict[str, Any]) -> dict[str, Any]:
        await connection.open()
        return {}

    async def tools(_: dict[str, Any]) -> dict[str, Any]:
        listed = await client.list_tools()
        return {"names": [tool.name for tool in getattr(listed, "tools", listed)]}

    async def call(order: dict[str, Any]) -> dict[str, Any]:
        # FastMCP's client makes an exception of a tool's error if it is not told otherwise.
        kind = {"raise_on_error": False} if isinstance(client, fastmcp.Client) else {}
        result = await client.call_tool(order["tool"], order["arguments"], **kind)
        return {"is_error": bool(result.is_error), "text": text(result.content)}

    return {"connect": connect, "tools": tools, "call": call}


if __name__ == "__main__":
    asyncio.run(main())
