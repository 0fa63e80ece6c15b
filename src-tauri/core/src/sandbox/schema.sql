-- Who has a key here. The local person is the one whose key is written down, so that it stays the same.
CREATE TABLE people (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL UNIQUE,
    key TEXT UNIQUE,
    key_digest BLOB NOT NULL UNIQUE
) STRICT;

-- Where data came from: one row per client name, which the person can pause.
CREATE TABLE apps (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people (id),
    name TEXT NOT NULL,
    paused INTEGER NOT NULL DEFAULT 0,
    UNIQUE (person, name)
) STRICT;

-- All times are microseconds since 1970.
CREATE TABLE memories (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people (id),
    app INTEGER NOT NULL REFERENCES apps (id),
    list_id TEXT NOT NULL UNIQUE,
    search_id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    listed_at INTEGER NOT NULL,
    searchable_at INTEGER NOT NULL
) STRICT;
CREATE INDEX memories_by_age ON memories (person, created_at, id);

CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people (id),
    app INTEGER NOT NULL REFERENCES apps (id),
    job_id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    document_type TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    failure TEXT
) STRICT;

-- A document is its passages in order: nothing is stored twice.
CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES documents (id),
    content TEXT NOT NULL
) STRICT;
CREATE INDEX passages_by_document ON passages (document, id);

-- Contentless: what is indexed is not what is shown (see words.rs).
CREATE VIRTUAL TABLE memory_words USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE passage_words USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);
