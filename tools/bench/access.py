"""Access to a bridge of the bench, answered by its command line: a token for HTTP, a yes for an adapter."""

import contextlib
import importlib.machinery
import importlib.util
import json
import pathlib
import threading

from programs import until

TRY = pathlib.Path(__file__).resolve().parent.parent / "try.py"


def load_client():
    """The small client of `make try`, which knows the way to a token."""
    loader = importlib.machinery.SourceFileLoader("client", str(TRY))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("client", loader))
    loader.exec_module(module)
    return module


@contextlib.contextmanager
def approved(bridge):
    """Allows whoever asks first meanwhile."""

    def approve():
        request = until(lambda: json.loads(bridge.command("requests", "--json")), "somebody to ask for access")[0]
        bridge.command("approve", request["code"])

    answering = threading.Thread(target=approve, daemon=True)
    answering.start()
    yield
    answering.join()


def token(bridge):
    return sign_in(bridge)["access_token"]


def sign_in(bridge):
    """A client of its own, allowed: its id and all that the token endpoint answered."""
    client = load_client()
    resource, server = client.discover(f"{bridge.url}/mcp")
    client_id = client.register(server)
    with approved(bridge):
        code, verifier = client.authorize(server, client_id, resource)
    fields = {"client_id": client_id, "redirect_uri": client.REDIRECT_URI, "resource": resource, "code": code}
    grant = client.post_form(
        server["token_endpoint"], grant_type="authorization_code", code_verifier=verifier, **fields
    )
    return grant.expect(200).json() | {"client_id": client_id}
