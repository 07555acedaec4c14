"""Who is told what: 401, 403 and 404 as GitHub gives them."""

from __future__ import annotations

import base64

import pytest

from tests.support.github import USER_AGENT, put_secret, seal


def test_no_token(github, project):
    """Without a token a private repository is not there, and secrets are 401."""
    with github.http(None) as http:
        assert http.get(f"/repos/{project.repo}").status_code == 404
        refused = http.get(f"/repos/{project.repo}/actions/secrets")
        assert (refused.status_code, refused.json()["message"]) == (
            401,
            "Requires authentication",
        )
        assert http.get("/user").status_code == 401


def test_unknown_token(github):
    """A token that nobody has is 401 Bad credentials, also where none is needed."""
    with github.http("ghp_unknown") as http:
        for path in ("/user", "/rate_limit", "/"):
            refused = http.get(path)
            assert (refused.status_code, refused.json()["message"]) == (
                401,
                "Bad credentials",
            )


def test_expired_token(github, project):
    """A token is 401 after its time."""
    token = github.token(project.owner, expires_in=60)
    with github.http(token) as http:
        assert http.get("/user").status_code == 200
        github.advance_clock(61)
        assert http.get("/user").status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "token", "password", "user name"])
def test_schemes(github, project, scheme):
    """A token is taken as Bearer, as token, and in basic authentication."""
    basic = {"password": f"x:{project.token}", "user name": f"{project.token}:"}
    if scheme in basic:
        value = f"Basic {base64.b64encode(basic[scheme].encode()).decode()}"
    else:
        value = f"{scheme} {project.token}"
    with github.http(None) as http:
        found = http.get("/user", headers={"Authorization": value})
        assert found.json()["login"] == project.owner


def test_a_user_agent_is_needed(github):
    """GitHub refuses a request that does not say who sends it."""
    with github.http(None) as http:
        assert http.get("/", headers={"User-Agent": ""}).status_code == 403


def test_strangers_see_no_private_repository(github, project):
    """A user without a role gets 404 for all of it, so that nothing is given away."""
    stranger = f"{project.organization}-stranger"
    github.admin("POST", "users", login=stranger)
    repo = f"/repos/{project.repo}"
    with github.http(github.token(stranger)) as http:
        for path in ("", "/environments", "/actions/secrets/public-key"):
            assert http.get(repo + path).status_code == 404
        assert http.put(f"{repo}/environments/prod").status_code == 404
        invalid = http.put(f"{repo}/actions/secrets/K", json={})
        assert invalid.status_code == 404


def test_readers_of_a_private_repository(project):
    """A member who may only read sees environments, but secrets and writes are 404."""
    _, token = project.member()
    repo = f"/repos/{project.repo}"
    with project.http(token) as http:
        assert http.get(repo).json()["permissions"]["admin"] is False
        assert http.get(f"{repo}/environments").status_code == 200
        assert http.get(f"{repo}/actions/secrets").status_code == 404
        assert http.put(f"{repo}/environments/prod").status_code == 404
        assert http.delete(repo).status_code == 404


def test_strangers_at_a_public_repository(github, public_project):
    """On a public repository the same refusals are 403, for it is no secret."""
    stranger = f"{public_project.organization}-stranger"
    github.admin("POST", "users", login=stranger)
    repo = f"/repos/{public_project.repo}"
    with github.http(github.token(stranger)) as http:
        assert http.get(repo).status_code == 200
        refused = http.get(f"{repo}/actions/secrets")
        assert refused.status_code == 403
        assert refused.json()["message"] == "Must have admin rights to Repository."


def test_collaborators_who_may_push(github, project):
    """A push role is enough for secrets, and not for environments."""
    login = f"{project.organization}-pusher"
    github.admin("POST", "users", login=login)
    github.admin("POST", "collaborators", repository=project.repo, user=login)
    repo = f"/repos/{project.repo}"
    with github.http(github.token(login)) as http:
        assert put_secret(http, f"{repo}/actions/secrets", "K", "v").status_code == 201
        assert http.put(f"{repo}/environments/prod").status_code == 404


@pytest.mark.parametrize(
    ("permission", "path"),
    [
        ("secrets", "/repos/{repo}/actions/secrets"),
        ("dependabot_secrets", "/repos/{repo}/dependabot/secrets"),
        ("environments", "/repos/{repo}/environments/prod/secrets"),
        ("organization_secrets", "/orgs/{org}/actions/secrets"),
    ],
)
def test_fine_grained_tokens(github, project, permission, path):
    """A read-only token reads; its writes are 403 with the permission they lack."""
    path = path.format(repo=project.repo, org=project.organization)
    with project.http() as http:
        http.put(f"/repos/{project.repo}/environments/prod").raise_for_status()
        body = {**seal(http, path, "v")}
        if permission == "organization_secrets":
            body["visibility"] = "all"
    with github.http(github.token(project.owner, permissions={})) as none:
        assert none.get(path).status_code == 403
    reading = github.token(project.owner, permissions={permission: "read"})
    with github.http(reading) as reader:
        assert reader.get(path).status_code == 200
        refused = reader.put(f"{path}/K", json=body)
        assert refused.status_code == 403
        message = "Resource not accessible by personal access token"
        assert refused.json()["message"] == message
        wanted = refused.headers["X-Accepted-GitHub-Permissions"]
        assert wanted == f"{permission}=write"
    writing = github.token(project.owner, permissions={permission: "write"})
    with github.http(writing) as writer:
        assert writer.put(f"{path}/K", json=body).status_code == 201


def test_tokens_for_chosen_repositories(github, project):
    """A token for other repositories does not see this private one."""
    other = github.admin(
        "POST", "repositories", owner=project.organization, name="other"
    )
    token = github.token(project.owner, repositories=[other["full_name"]])
    with github.http(token) as http:
        assert http.get(f"/repos/{other['full_name']}").status_code == 200
        assert http.get(f"/repos/{project.repo}").status_code == 404


def test_organization_secrets_are_the_owners(github, project):
    """A member is refused with 403, a stranger with 404, nobody with 401."""
    path = f"/orgs/{project.organization}/actions/secrets"
    _, member = project.member()
    stranger = f"{project.organization}-stranger"
    github.admin("POST", "users", login=stranger)
    for token, status in (
        (member, 403),
        (github.token(stranger), 404),
        (None, 401),
        (project.token, 200),
    ):
        with github.http(token) as http:
            assert http.get(path).status_code == status


def test_teams_give_roles(project):
    """A team's role in a repository is its members' role."""
    login, token = project.member()
    org, repo = project.organization, project.repo
    with project.http() as http:
        http.post(f"/orgs/{org}/teams", json={"name": "Crew"}).raise_for_status()
        http.put(f"/orgs/{org}/teams/crew/memberships/{login}").raise_for_status()
        share = f"/orgs/{org}/teams/crew/repos/{repo}"
        http.put(share, json={"permission": "admin"}).raise_for_status()
        seen = http.get(f"/repos/{repo}/collaborators/{login}/permission").json()
        assert (seen["permission"], seen["role_name"]) == ("admin", "admin")
        with project.http(token) as crew:
            assert crew.put(f"/repos/{repo}/environments/prod").status_code == 200
            http.delete(share).raise_for_status()
            assert crew.put(f"/repos/{repo}/environments/prod").status_code == 404


def test_admin_routes_take_the_bootstrap_token_only(github, project):
    """Another token, even of the site administrator, is refused with 401."""
    with github.http(github.token("local-admin")) as http:
        assert http.get("/user").json()["site_admin"] is True
        assert http.get("/_local/requests").status_code == 401
    with project.http() as http:
        assert http.get("/_local/secrets").status_code == 401
        assert http.get("/_local/health").json() == {"status": "ok"}


def test_scopes_of_classic_tokens(github, project):
    """A classic token's answers name its scopes, a fine-grained token's do not."""
    with project.http() as http:
        assert "repo" in http.get("/user").headers["X-OAuth-Scopes"]
        assert http.headers["User-Agent"] == USER_AGENT
    fine = github.token(project.owner, permissions={"secrets": "read"})
    with github.http(fine) as http:
        assert "X-OAuth-Scopes" not in http.get("/user").headers
