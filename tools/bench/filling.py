"""Fills the database of a bridge with what years would leave: rows as the bridge writes them, straight into its tables."""

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import sqlite3
import string
import time

CLIENTS = 10_000
GRANTS = 100_000
CALLS = 1_000_000
DAYS = 30  # as long as activity is kept, unless a person says otherwise
DAY = 24 * 3600
TOOLS = ("ask_memory", "search_memory", "list_memories", "add_memories", "deep_memory_query", "get_context_by_depth")

MANY_CLIENTS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :clients)
INSERT INTO clients (id, kind, name, redirect_uris, auth_method, may_refresh, created_at)
SELECT 'jbc' || lower(hex(randomblob(20))), 'dynamic', 'App ' || i, '["http://127.0.0.1/callback"]', 'none', 1, :now - i FROM n
"""
# So that a row can be drawn by its number.
NUMBERED = "CREATE TEMP TABLE numbered AS SELECT id, name FROM clients WHERE name LIKE 'App %'"
# All alive, with a token of each kind.
MANY_GRANTS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :grants)
INSERT INTO grants (id, client_id, client_name, account_id, subject, scopes, via, redirect_host, created_at, last_used_at, calls)
SELECT 'jbg' || lower(hex(randomblob(20))), numbered.id, numbered.name, :account, :subject, 'read write', 'oauth', '127.0.0.1',
       :now - i, :now - i % 3600, i % 100
FROM n CROSS JOIN numbered ON numbered.rowid = i % :clients + 1
"""
MANY_ACCESS_TOKENS = """
INSERT INTO access_tokens (jti, grant_id, scopes, expires_at)
SELECT 'jbt' || lower(hex(randomblob(20))), id, scopes, :now + 3600 FROM grants WHERE client_name LIKE 'App %'
"""
MANY_REFRESH_TOKENS = """
INSERT INTO refresh_tokens (digest, grant_id, issued_at, expires_at)
SELECT randomblob(32), id, :now, :now + 30 * 86400 FROM grants WHERE client_name LIKE 'App %'
"""
# Evenly over the days before now, and as much again as falls into one day before those: to be forgotten.
MANY_CALLS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :calls)
INSERT INTO activity (at, client_id, tool, outcome, duration_ms, request_bytes, response_bytes)
SELECT (:now - 60) * 1000 - (:calls - i) * :apart, numbered.id,
       CASE i % 6 WHEN 0 THEN :t0 WHEN 1 THEN :t1 WHEN 2 THEN :t2 WHEN 3 THEN :t3 WHEN 4 THEN :t4 ELSE :t5 END,
       CASE WHEN i % 50 = 0 THEN 'failed' WHEN i % 211 = 0 THEN 'refused' ELSE 'ok' END,
       20 + abs(random()) % 100 * (abs(random()) % 200), 120, 2000
FROM n CROSS JOIN numbered ON numbered.rowid = abs(random()) % :clients + 1
"""


def connect(file):
    return contextlib.closing(sqlite3.connect(file))


def fill(file):
    now = int(time.time())
    with connect(file) as db:
        account, subject = db.execute("SELECT account_id, subject FROM grants LIMIT 1").fetchone()
        values = {
            **{"now": now, "account": account, "subject": subject},
            **{"clients": CLIENTS, "grants": GRANTS, "calls": CALLS, "apart": (DAYS + 1) * DAY * 1000 // CALLS},
            **{f"t{number}": tool for number, tool in enumerate(TOOLS)},
        }
        # Not the disk is measured, and if it fails all of it is thrown away.
        db.execute("PRAGMA synchronous = OFF")
        for statement in (MANY_CLIENTS, NUMBERED, MANY_GRANTS, MANY_ACCESS_TOKENS, MANY_REFRESH_TOKENS, MANY_CALLS):
            db.execute(statement, values)
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def more_tokens(file, access_token, secret, count):
    """As many tokens of the same grant, not known to the bridge until they are used: signed with its own key."""
    header, claims, _ = access_token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    tokens = []
    with connect(file) as db:
        grant, scopes = db.execute("SELECT grant_id, scopes FROM access_tokens WHERE jti = ?", [claims["jti"]]).fetchone()
        for _ in range(count):
            jti = "jbt" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(40))
            db.execute("INSERT INTO access_tokens VALUES (?, ?, ?, ?)", [jti, grant, scopes, claims["exp"]])
            signed = f"{header}.{encoded(json.dumps(claims | {'jti': jti}).encode())}"
            tokens.append(f"{signed}.{encoded(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}")
        db.commit()
    return tokens


def more_clients(file, count):
    """As many clients with one grant each, to be revoked: their ids."""
    now = int(time.time())
    ids = [f"jbc{secrets.token_hex(20)}" for _ in range(count)]
    with connect(file) as db:
        account, subject = db.execute("SELECT account_id, subject FROM grants LIMIT 1").fetchone()
        for number, client in enumerate(ids):
            name, grant = f"Revoked {number}", f"jbg{secrets.token_hex(20)}"
            db.execute(
                "INSERT INTO clients (id, kind, name, redirect_uris, auth_method, may_refresh, created_at) "
                "VALUES (?, 'dynamic', ?, '[\"http://127.0.0.1/callback\"]', 'none', 1, ?)",
                [client, name, now],
            )
            db.execute(
                "INSERT INTO grants (id, client_id, client_name, account_id, subject, scopes, via, redirect_host, created_at) "
                "VALUES (?, ?, ?, ?, ?, 'read write', 'oauth', '127.0.0.1', ?)",
                [grant, client, name, account, subject, now],
            )
        db.commit()
    return ids


def calls_before(file, seconds):
    with connect(file) as db:
        return db.execute("SELECT count(*) FROM activity WHERE at < ?", [seconds * 1000]).fetchone()[0]


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
