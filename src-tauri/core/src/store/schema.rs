//! The layout of the database, as steps that are never changed once released.

/// Step N brings a database from layout N to layout N + 1; `PRAGMA user_version` counts them.
pub(super) const STEPS: [&str; 5] = [LAYOUT_1, LAYOUT_2, LAYOUT_3, LAYOUT_4, LAYOUT_5];

const LAYOUT_1: &str = "
CREATE TABLE clients (
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL,
    name          TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    auth_method   TEXT NOT NULL,
    secret        BLOB,
    may_refresh   INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX clients_by_age ON clients (kind, created_at);

CREATE TABLE accounts (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL,
    label      TEXT NOT NULL,
    key_hint   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    id            TEXT PRIMARY KEY,
    client_id     TEXT NOT NULL,
    client_name   TEXT NOT NULL,
    account_id    TEXT NOT NULL,
    subject       TEXT NOT NULL,
    scopes        TEXT NOT NULL,
    via           TEXT NOT NULL,
    redirect_host TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER,
    calls         INTEGER NOT NULL DEFAULT 0,
    revoked_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_client ON grants (client_id, created_at);
CREATE INDEX grants_by_account ON grants (account_id) WHERE revoked_at IS NULL;
CREATE INDEX grants_alive ON grants (created_at) WHERE revoked_at IS NULL;

CREATE TABLE access_tokens (
    jti        TEXT PRIMARY KEY,
    grant_id   TEXT NOT NULL REFERENCES grants (id),
    scopes     TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_tokens_by_grant ON access_tokens (grant_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

CREATE TABLE refresh_tokens (
    digest     BLOB PRIMARY KEY,
    grant_id   TEXT NOT NULL REFERENCES grants (id),
    parent     BLOB,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at   INTEGER,
    nonce      BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_by_parent ON refresh_tokens (parent) WHERE parent IS NOT NULL;
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE activity (
    id             INTEGER PRIMARY KEY,
    at             INTEGER NOT NULL,
    client_id      TEXT NOT NULL,
    tool           TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    duration_ms    INTEGER NOT NULL,
    request_bytes  INTEGER NOT NULL,
    response_bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX activity_by_time ON activity (at);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// A person's switches, and indices for looking through a million calls.
const LAYOUT_2: &str = "
CREATE TABLE tool_switches (
    client_id TEXT NOT NULL,
    tool      TEXT NOT NULL,
    is_on     INTEGER NOT NULL,
    PRIMARY KEY (client_id, tool)
) STRICT, WITHOUT ROWID;

CREATE INDEX activity_by_client ON activity (client_id);
CREATE INDEX activity_by_tool ON activity (tool);
CREATE INDEX activity_failures ON activity (id) WHERE outcome IN ('failed', 'refused');
";

/// What is asked of a hundred thousand grants without reading them: how many clients have one that is alive, kept by
/// SQLite itself, and which clients bear a name.
const LAYOUT_3: &str = "
CREATE TABLE connected_clients (
    client_id TEXT PRIMARY KEY,
    grants    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO connected_clients SELECT client_id, count(*) FROM grants WHERE revoked_at IS NULL GROUP BY client_id;

CREATE TRIGGER grant_given AFTER INSERT ON grants WHEN NEW.revoked_at IS NULL BEGIN
    INSERT INTO connected_clients (client_id, grants) VALUES (NEW.client_id, 1)
    ON CONFLICT (client_id) DO UPDATE SET grants = grants + 1;
END;
CREATE TRIGGER grant_ended AFTER UPDATE OF revoked_at ON grants
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL BEGIN
    UPDATE connected_clients SET grants = grants - 1 WHERE client_id = OLD.client_id;
    DELETE FROM connected_clients WHERE client_id = OLD.client_id AND grants = 0;
END;

CREATE INDEX grants_by_name ON grants (client_name, client_id) WHERE revoked_at IS NULL;
DROP INDEX grants_alive;
";

/// How many clients there are of each kind, kept by SQLite itself: each registration asks.
const LAYOUT_4: &str = "
CREATE TABLE client_counts (
    kind    TEXT PRIMARY KEY,
    clients INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO client_counts SELECT kind, count(*) FROM clients GROUP BY kind;

CREATE TRIGGER client_added AFTER INSERT ON clients BEGIN
    INSERT INTO client_counts (kind, clients) VALUES (NEW.kind, 1)
    ON CONFLICT (kind) DO UPDATE SET clients = clients + 1;
END;
CREATE TRIGGER client_forgotten AFTER DELETE ON clients BEGIN
    UPDATE client_counts SET clients = clients - 1 WHERE kind = OLD.kind;
END;
";

/// Whether a person has revoked a client that came with a key: each new name that comes with the key asks.
const LAYOUT_5: &str = "
CREATE INDEX grants_ended_of_keys ON grants (account_id) WHERE via = 'api_key' AND revoked_at IS NOT NULL;
";
