"""GitHub Apps: JWT, installations and their tokens."""

from __future__ import annotations

import time
from dataclasses import dataclass

import jwt
import pytest

from tests.support.github import put_secret


@dataclass
class InstalledApp:
    """An App with its key, and where it is installed."""

    id: int
    client_id: str
    private_key: str
    installation: int

    def jwt(self, **changes: object) -> str:
        """A JWT as GitHub asks for it, or with other claims."""
        now = int(time.time())
        claims = {"iat": now - 10, "exp": now + 300, "iss": str(self.id), **changes}
        return jwt.encode(claims, self.private_key, algorithm="RS256")


@pytest.fixture
def app(github, project):
    """An App that may write secrets and read environments of the organization."""
    slug = f"deployer-{project.organization}"
    permissions = {"secrets": "write", "environments": "read", "metadata": "read"}
    made = github.admin(
        "POST", "apps", slug=slug, owner=project.owner, permissions=permissions
    )
    installed = github.admin(
        "POST", "installations", app=slug, account=project.organization
    )
    return InstalledApp(**made, installation=installed["id"])


def installation_token(github, app, **body):
    """A token of the App's installation."""
    with github.http(app.jwt()) as http:
        path = f"/app/installations/{app.installation}/access_tokens"
        made = http.post(path, json=body)
        assert made.status_code == 201, made.text
        return made.json()


def test_the_app_finds_its_installations(github, project, app):
    """With its JWT an App sees itself and each way to its installation."""
    with github.http(app.jwt()) as http:
        assert http.get("/app").json()["id"] == app.id
        for path in (
            f"/app/installations/{app.installation}",
            f"/orgs/{project.organization}/installation",
            f"/repos/{project.repo}/installation",
        ):
            assert http.get(path).json()["id"] == app.installation
        listed = http.get("/app/installations").json()
        assert [each["id"] for each in listed] == [app.installation]
        assert http.get(f"/users/{project.owner}/installation").status_code == 404
        slug = http.get("/app").json()["slug"]
        github.admin("POST", "installations", app=slug, account=project.owner)
        own = http.get(f"/users/{project.owner}/installation").json()
        assert own["target_type"] == "User"
        assert http.get("/user").status_code == 403


def test_client_id_as_issuer(github, app):
    """The client id does as the JWT's issuer, as GitHub now recommends."""
    with github.http(app.jwt(iss=app.client_id)) as http:
        assert http.get("/app").status_code == 200


@pytest.mark.parametrize(
    ("claim", "seconds"),
    [("exp", -5), ("exp", 3600), ("iat", 600), ("iss", None)],
    ids=["expired", "too long", "from the future", "unknown"],
)
def test_claims_that_are_refused(github, app, claim, seconds):
    """A JWT that is expired, too long-lived, early or of nobody is 401."""
    wrong = "999999" if seconds is None else int(time.time()) + seconds
    changes = {claim: wrong}
    with github.http(app.jwt(**changes)) as http:
        assert http.get("/app").status_code == 401


def test_signature_is_checked(github, project, app):
    """A JWT signed with another App's key is 401."""
    other = github.admin(
        "POST",
        "apps",
        slug=f"other-{project.organization}",
        owner=project.owner,
        permissions={},
    )
    forged = InstalledApp(**other, installation=0).jwt(iss=str(app.id))
    with github.http(forged) as http:
        assert http.get("/app").status_code == 401


def test_an_installation_does_what_it_may(github, project, app):
    """An installation writes secrets; what it was not given is 403."""
    token = installation_token(github, app)
    assert token["token"].startswith("ghs_")
    assert token["permissions"]["secrets"] == "write"
    repo = f"/repos/{project.repo}"
    with github.http(token["token"]) as http:
        assert put_secret(http, f"{repo}/actions/secrets", "K", "v").status_code == 201
        refused = http.put(f"{repo}/environments/prod")
        assert refused.status_code == 403
        message = "Resource not accessible by integration"
        assert refused.json()["message"] == message
        covered = http.get("/installation/repositories").json()
        assert [each["id"] for each in covered["repositories"]] == [project.repo_id]
        assert http.get("/user").status_code == 403


def test_narrowed_tokens(github, project, app):
    """A token can be made for less, and not for more."""
    less = {"permissions": {"secrets": "read"}, "repository_ids": [project.repo_id]}
    token = installation_token(github, app, **less)
    assert token["repository_selection"] == "selected"
    path = f"/repos/{project.repo}/actions/secrets"
    with github.http(token["token"]) as http:
        assert http.get(path).status_code == 200
        assert http.delete(f"{path}/K").status_code == 403
    with github.http(app.jwt()) as http:
        tokens = f"/app/installations/{app.installation}/access_tokens"
        for more in (
            {"permissions": {"administration": "write"}},
            {"permissions": {"environments": "write"}},
            {"repositories": ["nowhere"]},
        ):
            assert http.post(tokens, json=more).status_code == 422


def test_tokens_end(github, project, app):
    """A token ends after its hour, when it is revoked, and with its installation."""
    path = f"/repos/{project.repo}/actions/secrets"
    first, second = (installation_token(github, app)["token"] for _ in range(2))
    with github.http(first) as http:
        assert http.delete("/installation/token").status_code == 204
        assert http.get(path).status_code == 401
    with github.http(second) as http:
        assert http.get(path).status_code == 200
        github.advance_clock(3601)
        assert http.get(path).status_code == 401
    third = installation_token(github, app)["token"]
    with github.http(app.jwt()) as http:
        gone = http.delete(f"/app/installations/{app.installation}")
        assert gone.status_code == 204
    with github.http(third) as http:
        assert http.get(path).status_code == 401
