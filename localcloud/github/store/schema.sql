-- Ids are never reused (AUTOINCREMENT), as on GitHub: a client that remembers the id
-- of a deleted object must not meet another object under it.

CREATE TABLE IF NOT EXISTS settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    login TEXT NOT NULL COLLATE NOCASE UNIQUE,
    type TEXT NOT NULL CHECK (type IN ('User', 'Organization')),
    name TEXT,
    email TEXT,
    site_admin INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS memberships (
    organization_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
    PRIMARY KEY (organization_id, user_id)
);

CREATE TABLE IF NOT EXISTS repositories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    description TEXT,
    homepage TEXT,
    private INTEGER NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0,
    default_branch TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    pushed_at TEXT NOT NULL,
    UNIQUE (owner_id, name)
);

CREATE TABLE IF NOT EXISTS former_names (
    owner_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    repository_id INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    PRIMARY KEY (owner_id, name)
);

CREATE TABLE IF NOT EXISTS collaborators (
    repository_id INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (repository_id, user_id)
);

CREATE TABLE IF NOT EXISTS teams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    slug TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL,
    description TEXT,
    privacy TEXT NOT NULL,
    notification_setting TEXT NOT NULL,
    permission TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organization_id, slug)
);

CREATE TABLE IF NOT EXISTS team_members (
    team_id INTEGER NOT NULL REFERENCES teams ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('member', 'maintainer')),
    PRIMARY KEY (team_id, user_id)
);

CREATE TABLE IF NOT EXISTS team_repositories (
    team_id INTEGER NOT NULL REFERENCES teams ON DELETE CASCADE,
    repository_id INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (team_id, repository_id)
);

CREATE TABLE IF NOT EXISTS apps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    slug TEXT NOT NULL COLLATE NOCASE UNIQUE,
    name TEXT NOT NULL,
    client_id TEXT NOT NULL UNIQUE,
    owner_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    public_key TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS installations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    permissions TEXT NOT NULL,
    repository_selection TEXT NOT NULL CHECK (
        repository_selection IN ('all', 'selected')),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (app_id, account_id)
);

CREATE TABLE IF NOT EXISTS installation_repositories (
    installation_id INTEGER NOT NULL REFERENCES installations ON DELETE CASCADE,
    repository_id INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    PRIMARY KEY (installation_id, repository_id)
);

-- Only a digest of a token is kept. Null permissions mean: all that its user may.
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL UNIQUE,
    user_id INTEGER REFERENCES accounts ON DELETE CASCADE,
    installation_id INTEGER REFERENCES installations ON DELETE CASCADE,
    permissions TEXT,
    repository_ids TEXT,
    expires_at TEXT,
    created_at TEXT NOT NULL,
    CHECK ((user_id IS NULL) <> (installation_id IS NULL))
);

CREATE TABLE IF NOT EXISTS environments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    wait_timer INTEGER NOT NULL DEFAULT 0,
    prevent_self_review INTEGER NOT NULL DEFAULT 0,
    can_admins_bypass INTEGER NOT NULL DEFAULT 1,
    branch_policy TEXT CHECK (branch_policy IN ('protected', 'custom')),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (repository_id, name)
);

CREATE TABLE IF NOT EXISTS environment_reviewers (
    environment_id INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
    position INTEGER NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('User', 'Team')),
    reviewer_id INTEGER NOT NULL,
    PRIMARY KEY (environment_id, position)
);

CREATE TABLE IF NOT EXISTS branch_policies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('branch', 'tag')),
    UNIQUE (environment_id, type, name)
);

CREATE TABLE IF NOT EXISTS custom_rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    environment_id INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
    app_id INTEGER NOT NULL REFERENCES apps ON DELETE CASCADE,
    UNIQUE (environment_id, app_id)
);

-- Secrets and variables differ only in what their value is: a secret's is the sealed
-- box as it was sent, so that no plain text of it ever reaches the disk.
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    visibility TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (kind, scope, scope_id, name)
);

CREATE TABLE IF NOT EXISTS entry_repositories (
    entry_id INTEGER NOT NULL REFERENCES entries ON DELETE CASCADE,
    repository_id INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    PRIMARY KEY (entry_id, repository_id)
);

CREATE TABLE IF NOT EXISTS sealing_keys (
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_id INTEGER NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    private_key BLOB NOT NULL,
    PRIMARY KEY (kind, scope, scope_id)
);

CREATE TRIGGER IF NOT EXISTS account_gone AFTER DELETE ON accounts BEGIN
    DELETE FROM entries WHERE scope = 'organization' AND scope_id = OLD.id;
    DELETE FROM sealing_keys WHERE scope = 'organization' AND scope_id = OLD.id;
    DELETE FROM environment_reviewers WHERE type = 'User' AND reviewer_id = OLD.id;
END;

CREATE TRIGGER IF NOT EXISTS repository_gone AFTER DELETE ON repositories BEGIN
    DELETE FROM entries WHERE scope = 'repository' AND scope_id = OLD.id;
    DELETE FROM sealing_keys WHERE scope = 'repository' AND scope_id = OLD.id;
END;

CREATE TRIGGER IF NOT EXISTS environment_gone AFTER DELETE ON environments BEGIN
    DELETE FROM entries WHERE scope = 'environment' AND scope_id = OLD.id;
    DELETE FROM sealing_keys WHERE scope = 'environment' AND scope_id = OLD.id;
END;

CREATE TRIGGER IF NOT EXISTS team_gone AFTER DELETE ON teams BEGIN
    DELETE FROM environment_reviewers WHERE type = 'Team' AND reviewer_id = OLD.id;
END;

-- A comment is on an issue or a pull request, which share one row of numbers. Written
-- by a user or by an App's bot; by neither, once that is gone.
CREATE TABLE IF NOT EXISTS issues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    body TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    state_reason TEXT,
    user_id INTEGER REFERENCES accounts ON DELETE SET NULL,
    app_id INTEGER REFERENCES apps ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    closed_at TEXT,
    UNIQUE (repository_id, number)
);

CREATE TABLE IF NOT EXISTS issue_comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    body TEXT NOT NULL,
    user_id INTEGER REFERENCES accounts ON DELETE SET NULL,
    app_id INTEGER REFERENCES apps ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
