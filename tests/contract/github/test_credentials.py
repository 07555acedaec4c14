"""Limits, permissions and credentials of GitHub: what is waited for, what is told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.servicer import CallError, Servicer, servicer

if TYPE_CHECKING:
    from tests.support.github_world import GithubWorld

SECRET = "github:ActionsSecret"


def _as_app(
    world: GithubWorld, app: dict[str, Any], installed: dict[str, Any]
) -> dict[str, str]:
    """Return what a provider is started with to write as an app, and not by a token."""
    return {
        "GITHUB_API_URL": world.env["GITHUB_API_URL"],
        "GITHUB_TOKEN": "",
        "GITHUB_APP_ID": str(app["id"]),
        "GITHUB_APP_INSTALLATION_ID": str(installed["id"]),
        "GITHUB_APP_PRIVATE_KEY": app["private_key"],
    }


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {"Retry-After": "1"}),
        (403, {"Retry-After": "1"}),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}),
        (502, {}),
    ],
)
def test_limits_and_blips_are_waited_out(
    world: GithubWorld, name: str, status: int, headers: dict[str, str]
) -> None:
    """A write that meets a limit is sent again when GitHub wants it."""
    inputs = {"repository": world.project.repo, "name": name, "value": "1"}
    path = f"/repos/.*/actions/secrets/{name}"
    fault = {"path": path, "method": "PUT", "status": status, "headers": headers}
    world.github.admin("POST", "faults", **fault, times=1)
    started = time.monotonic()
    world.servicer.create(SECRET, inputs)
    if status != 502:
        assert time.monotonic() - started >= 1
    assert world.github.secrets(repository=world.project.repo)[name] == "1"


def test_a_limit_that_lasts_is_told(world: GithubWorld, name: str) -> None:
    """Nobody waits an hour for a window to end without a word."""
    reset = str(int(time.time()) + 3600)
    limited = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    path = f"/repos/.*/actions/secrets/{name}"
    fault = {"path": path, "method": "PUT", "status": 403, "headers": limited}
    world.github.admin("POST", "faults", **fault, times=1)
    inputs = {"repository": world.project.repo, "name": name, "value": "1"}
    with pytest.raises(CallError, match="rate limit is used up until"):
        world.servicer.create(SECRET, inputs)


def test_a_missing_permission_is_named(world: GithubWorld, name: str) -> None:
    """A fine-grained token hears which permission it needs."""
    token = world.github.token(world.project.owner, permissions={"metadata": "read"})
    inputs = {"repository": world.project.repo, "name": name, "value": "1"}
    with (
        Servicer({**world.env, "GITHUB_TOKEN": token}) as weak,
        pytest.raises(CallError, match="the permission secrets="),
    ):
        weak.create(SECRET, inputs)


def test_a_bad_credential_is_one_sentence(world: GithubWorld, name: str) -> None:
    """An unknown token, a key that is none and no credential say what to set."""
    inputs = {"repository": world.project.repo, "name": name, "value": "1"}
    url = {"GITHUB_API_URL": world.env["GITHUB_API_URL"], "GITHUB_TOKEN": ""}
    app = {"GITHUB_APP_ID": "1", "GITHUB_APP_INSTALLATION_ID": "1"}
    for env, said in (
        ({"GITHUB_TOKEN": "ghp_unknown"}, "set GITHUB_TOKEN to a token that is valid"),
        ({**app, "GITHUB_APP_PRIVATE_KEY": "none"}, "is not a private key in PEM"),
        ({}, "no GitHub credential is configured"),
    ):
        with servicer({**url, **env}) as weak, pytest.raises(CallError, match=said):
            weak.create(SECRET, inputs)


def test_an_app_does_all_that_a_token_does(
    world: GithubWorld, name: str, unique: str
) -> None:
    """A GitHub App writes with the installation's own, short-lived tokens."""
    permissions = {"secrets": "write", "metadata": "read"}
    owner = world.project.organization
    app = world.github.admin(
        "POST", "apps", slug=unique, owner=owner, permissions=permissions
    )
    installed = world.github.admin("POST", "installations", app=unique, account=owner)
    env = _as_app(world, app, installed)
    with servicer(env) as own:
        place = {"repository": world.project.repo}
        made = own.create(SECRET, {**place, "name": name, "value": "by an app"})
        assert world.github.secrets(**place)[name] == "by an app"
        own.delete(made)
        assert own.read(made) is None


def test_an_app_that_gets_no_token_is_told_so(
    world: GithubWorld, name: str, unique: str
) -> None:
    """A wrong installation, id or key is not taken for a repository that is gone."""
    owner = world.project.organization
    permissions = {"secrets": "write", "metadata": "read"}
    made = {"owner": owner, "permissions": permissions}
    app, other = (
        world.github.admin("POST", "apps", slug=f"{unique}-{n}", **made) for n in "ab"
    )
    where = {"app": f"{unique}-a", "account": owner}
    installed = world.github.admin("POST", "installations", **where)
    env = _as_app(world, app, installed)
    inputs = {"repository": world.project.repo, "name": name, "value": "1"}
    for wrong in (
        {"GITHUB_APP_INSTALLATION_ID": "4711"},
        {"GITHUB_APP_ID": str(other["id"])},
        {"GITHUB_APP_PRIVATE_KEY": other["private_key"]},
    ):
        with servicer({**env, **wrong}) as weak, pytest.raises(CallError) as caught:
            weak.create(SECRET, inputs)
        assert "no token for its installation" in str(caught.value)
        assert "check GITHUB_APP_ID" in str(caught.value)
        assert "PRIVATE KEY-" not in str(caught.value)
