"""Secrets in each of their five collections."""

from __future__ import annotations

import base64
import contextlib
import sqlite3

import pytest

from tests.support.github import put_secret, seal

CANARY = "canary-7f3a-secret"


@pytest.fixture(
    params=["repository", "environment", "organization", "dependabot", "dependabot-org"]
)
def collection(request, project):
    """A collection's path, what the admin calls it, and what a PUT needs besides."""
    repo, org = project.repo, project.organization
    with project.http() as http:
        http.put(f"/repos/{repo}/environments/prod%2Feu").raise_for_status()
    everywhere = {"visibility": "all"}
    return {
        "repository": (f"/repos/{repo}/actions/secrets", {"repository": repo}, {}),
        "environment": (
            f"/repos/{repo}/environments/prod%2Feu/secrets",
            {"repository": repo, "environment": "prod/eu"},
            {},
        ),
        "organization": (
            f"/orgs/{org}/actions/secrets",
            {"organization": org},
            everywhere,
        ),
        "dependabot": (
            f"/repos/{repo}/dependabot/secrets",
            {"repository": repo, "kind": "dependabot_secret"},
            {},
        ),
        "dependabot-org": (
            f"/orgs/{org}/dependabot/secrets",
            {"organization": org, "kind": "dependabot_secret"},
            everywhere,
        ),
    }[request.param]


def test_life_of_a_secret(github, project, collection):
    """A secret is created (201), replaced (204), listed by upper-case name, deleted."""
    path, admin, more = collection
    with project.http() as http:
        assert put_secret(http, path, "Api_Key", "one", **more).status_code == 201
        created = http.get(f"{path}/api_key").json()
        assert created["name"] == "API_KEY"
        github.advance_clock(2)
        assert put_secret(http, path, "API_KEY", CANARY, **more).status_code == 204
        replaced = http.get(f"{path}/API_KEY").json()
        assert replaced["created_at"] == created["created_at"]
        assert replaced["updated_at"] > created["updated_at"]
        assert http.get(path).json() == {"total_count": 1, "secrets": [replaced]}
        assert github.secrets(**admin) == {"API_KEY": CANARY}
        assert http.delete(f"{path}/API_KEY").status_code == 204
        assert http.delete(f"{path}/API_KEY").status_code == 404
        assert http.get(f"{path}/API_KEY").status_code == 404


def test_wrong_key_id(project, collection):
    """A value that claims another key is refused with 422 and nothing is stored."""
    path, _, more = collection
    with project.http() as http:
        body = {**seal(http, path, "v"), **more, "key_id": "568250167242549743"}
        assert http.put(f"{path}/K", json=body).status_code == 422
        assert http.get(path).json()["total_count"] == 0


def test_value_that_cannot_be_opened(project, collection):
    """A value that is not sealed to the key is refused with 422."""
    path, _, more = collection
    with project.http() as http:
        body = {**seal(http, path, "v"), **more}
        body["encrypted_value"] = base64.b64encode(b"x" * 64).decode()
        refused = http.put(f"{path}/K", json=body)
        assert refused.status_code == 422
        assert "improperly encrypted" in refused.json()["message"]


def test_key_is_the_collections_own(project, collection):
    """A box sealed to one collection's key can't be put into another's."""
    path, _, more = collection
    other = f"/repos/{project.repo}/dependabot/secrets"
    if path == other:
        other = f"/repos/{project.repo}/actions/secrets"
    with project.http() as http:
        body = {**seal(http, other, "v"), **more}
        assert http.put(f"{path}/K", json=body).status_code == 422


def test_rotated_key(github, project, collection):
    """After GitHub changed its key, the old one is refused and the new one works."""
    path, admin, more = collection
    with project.http() as http:
        stale = {**seal(http, path, "v"), **more}
        github.admin("POST", "sealing-keys", **admin)
        assert http.put(f"{path}/K", json=stale).status_code == 422
        assert put_secret(http, path, "K", "v", **more).status_code == 201


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "github_x", "1ST", "A-B", "Ä"])
def test_names_that_are_refused(project, name):
    """Reserved and malformed names are refused with 422."""
    path = f"/repos/{project.repo}/actions/secrets"
    with project.http() as http:
        assert put_secret(http, path, name, "v").status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"encrypted_value": "AAAA"},
        {"key_id": "1"},
        {"encrypted_value": "no base64!", "key_id": "1"},
        {"encrypted_value": 1, "key_id": "1"},
        [],
    ],
    ids=str,
)
def test_bodies_that_are_refused(project, body):
    """A body that GitHub's description does not allow is refused with 422."""
    with project.http() as http:
        path = f"/repos/{project.repo}/actions/secrets/K"
        assert http.put(path, json=body).status_code == 422


def test_refusals_repeat_no_value(project):
    """The refusal of a malformed body does not quote what may be a secret."""
    with project.http() as http:
        path = f"/repos/{project.repo}/actions/secrets/K"
        refused = http.put(path, json={"encrypted_value": CANARY, "key_id": "1"})
        assert refused.status_code == 422
        assert CANARY not in refused.text


def test_malformed_json(project):
    """A body that is no JSON is refused with 400."""
    with project.http() as http:
        path = f"/repos/{project.repo}/actions/secrets/K"
        refused = http.put(path, content=b"{", headers={"content-type": "text/plain"})
        assert (refused.status_code, refused.json()["message"]) == (
            400,
            "Problems parsing JSON",
        )


def test_too_large(project):
    """A value above 48 KB is refused with 422, one of exactly 48 KB is kept."""
    path = f"/repos/{project.repo}/actions/secrets"
    with project.http() as http:
        assert put_secret(http, path, "BIG", "x" * 48 * 1024).status_code == 201
        assert (
            put_secret(http, path, "BIGGER", "x" * (48 * 1024 + 1)).status_code == 422
        )


def test_at_most_a_hundred(project):
    """The 101st secret of a repository is refused, replacing one of the 100 is not."""
    path = f"/repos/{project.repo}/actions/secrets"
    with project.http() as http:
        body = seal(http, path, "v")
        made = [http.put(f"{path}/S{n}", json=body).status_code for n in range(101)]
        assert made == [201] * 100 + [422]
        assert http.put(f"{path}/S7", json=body).status_code == 204


def test_secrets_of_a_missing_environment(project):
    """An environment that does not exist has no secrets and takes none."""
    path = f"/repos/{project.repo}/environments/nowhere/secrets"
    with project.http() as http:
        assert http.get(path).status_code == 404
        assert http.get(f"{path}/public-key").status_code == 404


@pytest.mark.parametrize(
    "collection", ["repository", "environment", "dependabot"], indirect=True
)
def test_deleted_values_leave_the_disk(github, project, collection):
    """With a repository or environment go the boxes and the keys that open them."""
    path, _, more = collection

    def kept():
        state = sqlite3.connect(github.state_dir / "github.sqlite")
        with contextlib.closing(state):
            tables = ("entries", "sealing_keys")
            count = "SELECT count(*) FROM {} WHERE scope <> 'organization'"
            return [state.execute(count.format(t)).fetchone()[0] for t in tables]

    before = kept()
    with project.http() as http:
        put_secret(http, path, "K", "v", **more).raise_for_status()
        assert kept() == [count + 1 for count in before]
        http.delete(f"/repos/{project.repo}").raise_for_status()
    assert kept() == before


def test_nothing_in_plain_text_on_disk(github, project, collection):
    """Neither a secret nor a token is found in the state directory or in the log."""
    path, _, more = collection
    with project.http() as http:
        put_secret(http, path, "K", CANARY, **more).raise_for_status()
    files = [file for file in github.state_dir.rglob("*") if file.is_file()]
    assert any(file.name == "github.sqlite" for file in files)
    for file in [*files, github.log]:
        content = file.read_bytes()
        assert CANARY.encode() not in content, file
        assert project.token.encode() not in content, file
        assert github.admin_token.encode() not in content, file
