"""Sessions of the unmodified `modal` CLI."""

from __future__ import annotations

import json
import tomllib

from tests.support.checkout import ROOT
from tests.support.modal_cli import session
from tests.support.modal_plane import TOKEN_ID

EXAMPLE = str(ROOT / "tests/support/modal_example_app.py")


def test_objects_session(plane, environment, tmp_path):
    """Secrets, volumes, dicts and queues are made, shown, changed and deleted."""
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "f.txt").write_text("content")
    printed = session(
        plane.env(MODAL_ENVIRONMENT=environment),
        ("secret", "create", "s", "A=1", "B=2"),
        ("secret", "create", "s", "C=3", "--force"),
        ("secret", "list", "--json"),
        ("secret", "delete", "s", "--yes"),
        ("secret", "list", "--json"),
        ("volume", "create", "v", "--version=2"),
        ("volume", "put", "v", str(tmp_path / "up"), "/d"),
        ("volume", "cp", "v", "d/f.txt", "g.txt"),
        ("volume", "ls", "v", "/d", "--json"),
        ("volume", "get", "v", "/d", str(tmp_path)),
        ("volume", "rm", "v", "/d", "--recursive"),
        ("volume", "ls", "v", "/", "--json"),
        ("volume", "rename", "v", "w", "--yes"),
        ("volume", "list", "--json"),
        ("dict", "create", "d"),
        ("dict", "list", "--json"),
        ("queue", "create", "q"),
        ("queue", "list", "--json"),
    )
    assert [row["name"] for row in json.loads(printed[2])] == ["s"]
    assert json.loads(printed[4]) == []
    assert [row["filename"] for row in json.loads(printed[8])] == ["d/f.txt"]
    assert (tmp_path / "d" / "f.txt").read_text() == "content"
    assert [row["filename"] for row in json.loads(printed[11])] == ["g.txt"]
    assert [row["name"] for row in json.loads(printed[13])] == ["w"]
    assert [row["name"] for row in json.loads(printed[15])] == ["d"]
    assert [row["name"] for row in json.loads(printed[17])] == ["q"]


def test_environments_and_service_users_session(plane):
    """Environments and service users are made, changed, shown and deleted."""
    printed = session(
        plane.env(),
        ("environment", "create", "cli-env"),
        ("environment", "update", "cli-env", "--set-name", "cli-env-2"),
        ("environment", "list", "--json"),
        ("workspace", "service-users", "create", "cli-bot"),
        ("workspace", "service-users", "set-role", "cli-bot", "cli-env-2", "viewer"),
        ("environment", "roles", "list", "cli-env-2", "--json"),
        ("workspace", "service-users", "delete", "cli-bot", "--yes"),
        ("environment", "delete", "cli-env-2", "--yes"),
        ("environment", "list", "--json"),
    )
    assert "cli-env-2" in {row["name"] for row in json.loads(printed[2])}
    assert "viewer" in printed[5]
    assert "cli-env-2" not in {row["name"] for row in json.loads(printed[8])}


def test_token_session(plane, tmp_path):
    """A new token is fetched, stored in a profile, used and shown."""
    config = tmp_path / "modal.toml"
    env = {
        key: value
        for key, value in plane.env(MODAL_CONFIG_PATH=str(config)).items()
        if not key.startswith("MODAL_TOKEN")
    }
    session(env | {"BROWSER": "true"}, ("token", "new"))
    profile = tomllib.loads(config.read_text())["local"]
    assert profile["token_id"] != TOKEN_ID
    assert profile["server_url"] == plane.grpc_url
    (shown,) = session(env, ("token", "info"))
    assert profile["token_id"] in shown
    assert "local-owner" in shown


def test_every_command_is_warned_that_this_is_local(plane, environment):
    """The panel goes to stderr, so that JSON on stdout stays JSON."""
    done = plane.cli("dict", "list", "--json", "--env", environment)
    assert "local Modal control plane" in done.stderr
    assert json.loads(done.stdout) == []


def test_app_session(plane, environment):
    """An app is deployed, run, listed with its history, rolled back, and stopped."""
    printed = session(
        plane.env(MODAL_ENVIRONMENT=environment),
        ("secret", "create", "example-secret", "NAMED=1"),
        ("deploy", EXAMPLE),
        ("app", "list", "--json"),
        ("app", "rollback", "example", "v1"),
        ("app", "history", "example", "--json"),
        ("app", "stop", "example", "--yes"),
        ("run", f"{EXAMPLE}::square", "--number", "5"),
    )
    assert [row["state"] for row in json.loads(printed[2])] == ["deployed"]
    assert [row["version"] for row in json.loads(printed[4])] == ["v2", "v1"]
    assert "App completed" in printed[6]
