"""The tables of the control plane's SQLite state.

Named things of every kind share `objects`, so that names, paging, roles and the
deletion of an environment work the same for all of them; what only one kind has is
in a table of its own that goes with the object. Content is never here: `files`,
`mount_files` and `blobs` name it by hash (see `content.py`).
"""

from __future__ import annotations

VERSION = 2

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE replies (
    caller TEXT, method TEXT, key TEXT, reply BLOB NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (caller, method, key)
) WITHOUT ROWID;

CREATE TABLE workspaces (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, default_environment_id TEXT,
    image_builder_version TEXT NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, email TEXT);
CREATE TABLE members (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    role INTEGER NOT NULL, joined_at REAL NOT NULL,
    UNIQUE (workspace_id, user_id)
);
CREATE TABLE service_users (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    name TEXT NOT NULL, created_by TEXT NOT NULL REFERENCES users,
    created_at REAL NOT NULL,
    UNIQUE (workspace_id, name)
);
CREATE TABLE tokens (
    id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL,
    workspace_id TEXT NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    user_id TEXT REFERENCES users ON DELETE CASCADE,
    service_user_id TEXT REFERENCES service_users ON DELETE CASCADE,
    name TEXT NOT NULL, created_at REAL NOT NULL,
    last_used_at REAL, expires_at REAL, disabled INTEGER NOT NULL DEFAULT 0,
    bootstrap INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE token_flows (
    id TEXT PRIMARY KEY, wait_secret_hash BLOB NOT NULL, code TEXT NOT NULL,
    next_url TEXT NOT NULL, expires_in REAL, created_at REAL NOT NULL,
    token_id TEXT, sealed_secret BLOB, workspace_name TEXT
);
CREATE TABLE proxy_tokens (
    id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL,
    workspace_id TEXT NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    name TEXT NOT NULL, scoped INTEGER NOT NULL,
    created_by TEXT NOT NULL, created_by_name TEXT NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE proxy_token_environments (
    token_id TEXT REFERENCES proxy_tokens ON DELETE CASCADE,
    environment_id TEXT REFERENCES environments ON DELETE CASCADE,
    PRIMARY KEY (token_id, environment_id)
) WITHOUT ROWID;

CREATE TABLE environments (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    name TEXT NOT NULL, suffix TEXT NOT NULL, restricted INTEGER NOT NULL,
    default_member_role TEXT, type INTEGER NOT NULL, image_builder_version TEXT,
    max_tasks INTEGER, max_gpus INTEGER, budget REAL, block_unauthenticated INTEGER,
    created_at REAL NOT NULL,
    UNIQUE (workspace_id, name), UNIQUE (workspace_id, suffix)
);
CREATE TABLE environment_roles (
    environment_id TEXT REFERENCES environments ON DELETE CASCADE,
    principal_id TEXT, role TEXT NOT NULL,
    PRIMARY KEY (environment_id, principal_id)
) WITHOUT ROWID;

CREATE TABLE objects (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments ON DELETE CASCADE,
    name TEXT, app_id TEXT, created_at REAL NOT NULL, created_by TEXT NOT NULL,
    heartbeat_at REAL, used_at REAL, number INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX objects_by_name ON objects (kind, environment_id, name)
    WHERE name IS NOT NULL;
CREATE INDEX objects_by_age ON objects (kind, environment_id, created_at);
CREATE INDEX objects_by_app ON objects (app_id) WHERE app_id IS NOT NULL;

CREATE TABLE overwritten (
    old_id TEXT PRIMARY KEY, new_id TEXT NOT NULL REFERENCES objects ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE secret_values (
    secret_id TEXT REFERENCES objects ON DELETE CASCADE,
    key TEXT, sealed BLOB NOT NULL, PRIMARY KEY (secret_id, key)
) WITHOUT ROWID;

CREATE TABLE files (
    volume_id TEXT REFERENCES objects ON DELETE CASCADE,
    path TEXT, parent TEXT NOT NULL, type INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime INTEGER NOT NULL, mode INTEGER NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (volume_id, path)
) WITHOUT ROWID;
CREATE INDEX files_by_parent ON files (volume_id, parent);

CREATE TABLE known_content (
    workspace_id TEXT REFERENCES workspaces ON DELETE CASCADE,
    sha256 BLOB, size INTEGER NOT NULL, PRIMARY KEY (workspace_id, sha256)
) WITHOUT ROWID;
CREATE TABLE blobs (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    sha256 BLOB NOT NULL, size INTEGER NOT NULL, complete INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL
);

CREATE TABLE dict_entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    dict_id TEXT NOT NULL REFERENCES objects ON DELETE CASCADE,
    key BLOB NOT NULL, value BLOB NOT NULL, used_at REAL NOT NULL,
    UNIQUE (dict_id, key)
);

CREATE TABLE queue_items (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    queue_id TEXT NOT NULL REFERENCES objects ON DELETE CASCADE,
    partition BLOB NOT NULL, value BLOB NOT NULL
);
CREATE INDEX queue_items_by_partition ON queue_items (queue_id, partition, number);
CREATE TABLE queue_partitions (
    queue_id TEXT REFERENCES objects ON DELETE CASCADE,
    partition BLOB, expires_at REAL NOT NULL, PRIMARY KEY (queue_id, partition)
) WITHOUT ROWID;

CREATE TABLE proxy_addresses (
    address TEXT PRIMARY KEY,
    proxy_id TEXT NOT NULL REFERENCES objects ON DELETE CASCADE,
    created_at REAL NOT NULL
);

CREATE TABLE mount_files (
    mount_id TEXT REFERENCES objects ON DELETE CASCADE,
    path TEXT, sha256 BLOB NOT NULL, mode INTEGER NOT NULL,
    PRIMARY KEY (mount_id, path)
) WITHOUT ROWID;

CREATE TABLE images (
    id TEXT PRIMARY KEY REFERENCES objects ON DELETE CASCADE,
    hash BLOB NOT NULL, definition BLOB NOT NULL, builder_version TEXT NOT NULL
);
CREATE INDEX images_by_hash ON images (hash);
CREATE TABLE apps (
    id TEXT PRIMARY KEY REFERENCES objects ON DELETE CASCADE,
    description TEXT NOT NULL, state INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 0,
    layout BLOB NOT NULL DEFAULT x'', deployed_at REAL, deployed_by TEXT,
    stopped_at REAL, stopped_by TEXT, owner TEXT NOT NULL,
    tags TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE app_versions (
    app_id TEXT REFERENCES apps ON DELETE CASCADE, version INTEGER,
    published BLOB NOT NULL, deployed_at REAL NOT NULL, deployed_by TEXT NOT NULL,
    rollback_version INTEGER, PRIMARY KEY (app_id, version)
) WITHOUT ROWID;
CREATE TABLE functions (
    id TEXT PRIMARY KEY REFERENCES objects ON DELETE CASCADE,
    definition_id TEXT, precreated BLOB NOT NULL, base_id TEXT, params BLOB,
    options BLOB
);
CREATE TABLE definitions (
    id TEXT PRIMARY KEY,
    function_id TEXT NOT NULL REFERENCES functions ON DELETE CASCADE,
    definition BLOB NOT NULL
);
CREATE TABLE classes (
    id TEXT PRIMARY KEY REFERENCES objects ON DELETE CASCADE, function_id TEXT NOT NULL
);
CREATE TABLE calls (
    id TEXT PRIMARY KEY, function_id TEXT NOT NULL REFERENCES objects ON DELETE CASCADE,
    workspace_id TEXT NOT NULL, invocation INTEGER NOT NULL, type INTEGER NOT NULL,
    created_at REAL NOT NULL, cancelled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE inputs (
    id TEXT PRIMARY KEY, call_id TEXT NOT NULL REFERENCES calls ON DELETE CASCADE,
    position INTEGER NOT NULL, item BLOB NOT NULL, state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0, task_id TEXT, claimed_at REAL,
    not_before REAL NOT NULL DEFAULT 0,
    output BLOB, entry INTEGER
);
CREATE INDEX inputs_by_call ON inputs (call_id, position);
CREATE INDEX inputs_by_entry ON inputs (call_id, entry);
CREATE INDEX inputs_waiting ON inputs (state, not_before) WHERE state <> 'done';
CREATE TABLE data_out (
    call_id TEXT REFERENCES calls ON DELETE CASCADE,
    number INTEGER, chunk BLOB NOT NULL,
    PRIMARY KEY (call_id, number)
) WITHOUT ROWID;
CREATE TABLE tasks (
    id TEXT PRIMARY KEY, function_id TEXT NOT NULL REFERENCES objects ON DELETE CASCADE,
    secret_hash BLOB NOT NULL, state TEXT NOT NULL, pid INTEGER,
    created_at REAL NOT NULL, finished_at REAL, app_version INTEGER NOT NULL
);
CREATE TABLE logs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, app_id TEXT NOT NULL,
    function_id TEXT NOT NULL, task_id TEXT NOT NULL, descriptor INTEGER NOT NULL,
    at REAL NOT NULL, data TEXT NOT NULL
);
CREATE INDEX logs_by_app ON logs (app_id, number);
"""
