#!/usr/bin/env python3
"""Is an AI client for a minute: finds the bridge, asks for access, and uses the tools it was allowed.

Needs nothing but Python. What it may do, the person who answers decides; at the end it gives its access back.
"""

import argparse
import base64
import hashlib
import http.client
import json
import os
import secrets
import sys
import time
import urllib.parse

NAME = "Try it"
REDIRECT_URI = "http://127.0.0.1:1/callback"  # never opened: the script reads the redirect itself
PROTOCOL = "2025-11-25"
WAITS = 600  # the bridge asks no longer than ten minutes
SEARCH_WAITS = 20


class Failed(Exception):
    """The bridge did not do its part; the text says which."""


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        text = self.body.decode()
        if self.headers.get_content_type() == "text/event-stream":
            data = [line[5:] for line in text.splitlines() if line.startswith("data:") and line[5:].strip()]
            text = data[-1] if data else ""
        return json.loads(text)

    def expect(self, *statuses):
        if self.status not in statuses:
            raise Failed(f"answered {self.status}, not {statuses[0]}: {self.body.decode(errors='replace')[:300]}")
        return self


def ask(method, url, body=None, headers=None, timeout=30):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body, headers or {})
        reply = connection.getresponse()
        return Reply(reply.status, reply.headers, reply.read())
    finally:
        connection.close()


def get(url, **options):
    return ask("GET", url, **options)


def post_json(url, value, headers=None, timeout=150):
    return ask("POST", url, json.dumps(value), {"Content-Type": "application/json", **(headers or {})}, timeout)


def post_form(url, **fields):
    body = urllib.parse.urlencode(fields)
    return ask("POST", url, body, {"Content-Type": "application/x-www-form-urlencoded"})


def discover(mcp_url):
    """From the MCP address to the authorization server, as RFC 9728 and RFC 8414 say."""
    refused = post_json(mcp_url, {}).expect(401)
    challenge = refused.headers.get("WWW-Authenticate", "")
    _, found, rest = challenge.partition('resource_metadata="')
    if not found:
        raise Failed(f"the 401 does not name its metadata: {challenge!r}")
    resource = get(rest.split('"')[0]).expect(200).json()
    issuer = resource["authorization_servers"][0]
    server = get(issuer + "/.well-known/oauth-authorization-server").expect(200).json()
    if server["issuer"] != issuer:
        raise Failed(f"the metadata of {issuer} is that of {server['issuer']}")
    return resource["resource"], server


def register(server):
    asked = {
        "client_name": NAME,
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    }
    return post_json(server["registration_endpoint"], asked).expect(201).json()["client_id"]


def authorize(server, client_id, resource):
    """Asks for access and waits for the person; returns the code and the secret half of the proof key."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "read write",
        "state": state,
        "resource": resource,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    url = server["authorization_endpoint"] + "?" + urllib.parse.urlencode(query)
    while not url.startswith(REDIRECT_URI):
        reply = get(url, timeout=WAITS).expect(302, 303)
        url = urllib.parse.urljoin(url, reply.headers["Location"])
    answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    if answer.get("state") != state or answer.get("iss") != server["issuer"]:
        raise Failed("the answer is not to this question (state or iss differ)")
    if "error" in answer:
        raise Failed(f"no access: {answer['error']} {answer.get('error_description', '')}".rstrip())
    return answer["code"], verifier


class Tools:
    """The MCP server, with one session."""

    def __init__(self, url, token):
        self.url, self.number = url, 0
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
        about = {"name": "try-it", "version": "1"}
        reply = self._post("initialize", {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": about})
        self.headers["MCP-Protocol-Version"] = reply.json()["result"]["protocolVersion"]
        if session := reply.headers.get("Mcp-Session-Id"):
            self.headers["Mcp-Session-Id"] = session
        initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        post_json(self.url, initialized, self.headers).expect(202)

    def list(self):
        return self._result("tools/list", {})["tools"]

    def call(self, name, **arguments):
        result = self._result("tools/call", {"name": name, "arguments": arguments})
        text = "\n".join(item.get("text", "") for item in result["content"])
        if result.get("isError"):
            raise Failed(f"{name}: {text}")
        return text

    def _result(self, method, params):
        reply = self._post(method, params).json()
        if "error" in reply:
            raise Failed(f"{method}: {reply['error']['message']}")
        return reply["result"]

    def _post(self, method, params):
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        return post_json(self.url, request, self.headers).expect(200)


def contents(text):
    """What the tools answer is JSON as text; a person wants the memories in it."""
    memories = [memory["content"] for memory in json.loads(text).get("memories", [])]
    return " · ".join(memories) or "none yet"


def search_until_found(tools, text):
    """What was stored is listed at once, and found by a search a little later."""
    deadline = time.monotonic() + SEARCH_WAITS
    while True:
        found = contents(tools.call("search_memory_v2", query=text, limit=3))
        if found != "none yet" or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def main():
    port = os.environ.get("JEAN_BRIDGE_PORT", "5326")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=f"http://127.0.0.1:{port}/mcp", help="address of the bridge (%(default)s)")
    parser.add_argument("--remember", metavar="TEXT", help="also store this memory and search for it")
    arguments = parser.parse_args()

    try:
        resource, server = discover(arguments.url)
        print(f"1. Found the bridge at {server['issuer']}")
        client_id = register(server)
        print(f'2. Registered as "{NAME}" (client {client_id})')
        print("3. Asking for access. Answer in the bridge's window or terminal, or with:")
        print("   jean-bridge approve CODE (jean-bridge requests shows the code)", flush=True)
        code, verifier = authorize(server, client_id, resource)
        fields = {"client_id": client_id, "redirect_uri": REDIRECT_URI, "resource": resource}
        token = post_form(
            server["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier, **fields
        )
        token = token.expect(200).json()
        print(f"4. Allowed: {token.get('scope', 'read write')}, for {token['expires_in'] / 3600:g} h")
        tools = Tools(arguments.url, token["access_token"])
        print("5. Tools: " + ", ".join(tool["name"] for tool in tools.list()))
        if arguments.remember:
            tools.call("add_memories", text=arguments.remember)
            print(f"6. Stored and found again: {search_until_found(tools, arguments.remember)}")
        else:
            print(f"6. Memories: {contents(tools.call('list_memories', limit=3))}")
        # A refresh token takes the whole grant with it; an access token ends only itself.
        post_form(server["revocation_endpoint"], client_id=client_id, token=token["refresh_token"]).expect(200)
        print("7. Done, and the access is given back.")
    except ConnectionRefusedError:
        sys.exit(f"Nothing listens at {arguments.url}. Start the bridge first: make run")
    except (Failed, OSError, KeyError, ValueError) as error:
        sys.exit(f"Failed: {error}")


if __name__ == "__main__":
    main()
