"""Unmodified clients: PyGithub, githubkit, and the GitHub command line's requests."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import github as pygithub
import pytest
from github.GithubException import GithubException, UnknownObjectException
from nacl.public import PublicKey, SealedBox


@pytest.fixture
def client(project):
    """PyGithub as the owner, without its pauses between requests."""
    made = pygithub.Github(
        auth=pygithub.Auth.Token(project.token),
        base_url=project.github.url,
        seconds_between_requests=None,
        seconds_between_writes=None,
        retry=None,
    )
    yield made
    made.close()


def test_pygithub_secrets(github, project, client):
    """PyGithub seals, lists and deletes secrets in each scope."""
    repo = client.get_repo(project.repo)
    org = client.get_organization(project.organization)
    environment = repo.create_environment("prod/eu")
    assert repo.create_secret("a", "repo-value").name == "a"
    repo.create_secret("b", "bot-value", secret_type="dependabot")
    environment.create_secret("c", "environment-value")
    org.create_secret("d", "org-value", "selected", selected_repositories=[repo])
    name = project.repo
    assert github.secrets(repository=name) == {"A": "repo-value"}
    assert github.secrets(repository=name, kind="dependabot_secret") == {
        "B": "bot-value"
    }
    assert github.secrets(repository=name, environment="prod/eu") == {
        "C": "environment-value"
    }
    assert github.secrets(organization=project.organization) == {"D": "org-value"}
    assert [each.name for each in repo.get_secrets()] == ["A"]
    chosen = org.get_secret("D").selected_repositories
    assert [each.id for each in chosen] == [project.repo_id]
    assert repo.delete_secret("A")
    with pytest.raises(UnknownObjectException):
        repo.get_secret("A")


def test_pygithub_variables(project, client):
    """PyGithub creates, edits, pages through and deletes variables."""
    repo = client.get_repo(project.repo)
    for number in range(12):
        repo.create_variable(f"v{number:02}", str(number))
    assert [each.value for each in repo.get_variables()] == [
        str(number) for number in range(12)
    ]
    assert repo.get_variable("V03").edit("new")
    assert repo.get_variable("v03").value == "new"
    with pytest.raises(GithubException, match="Already exists"):
        repo.create_variable("V03", "again")
    environment = repo.create_environment("prod")
    environment.create_variable("URL", "x")
    assert environment.get_variable("URL").value == "x"
    org = client.get_organization(project.organization)
    org.create_variable("SHARED", "x", "all")
    assert org.get_variable("SHARED").visibility == "all"
    assert repo.delete_variable("V03")


def test_pygithub_environments(project, client):
    """PyGithub sets and reads a whole protection, reviewers included."""
    login, _ = project.member()
    user = client.get_user(login)
    org = client.get_organization(project.organization)
    repo = client.get_repo(project.repo)
    team = org.create_team("Crew", repo_names=[repo], privacy="closed")
    made = repo.create_environment(
        "prod",
        wait_timer=15,
        prevent_self_review=True,
        reviewers=[
            pygithub.EnvironmentProtectionRuleReviewer.ReviewerParams("User", user.id),
            pygithub.EnvironmentProtectionRuleReviewer.ReviewerParams("Team", team.id),
        ],
        deployment_branch_policy=pygithub.EnvironmentDeploymentBranchPolicy.EnvironmentDeploymentBranchPolicyParams(
            protected_branches=False, custom_branch_policies=True
        ),
    )
    read = repo.get_environment("prod")
    assert read.id == made.id
    rules = {rule.type: rule for rule in read.protection_rules}
    assert rules["wait_timer"].wait_timer == 15
    reviewers = rules["required_reviewers"].reviewers
    assert [each.reviewer.id for each in reviewers] == [user.id, team.id]
    assert read.deployment_branch_policy.custom_branch_policies
    policies = f"{read.url}/deployment-branch-policies"
    client.requester.requestJsonAndCheck("POST", policies, input={"name": "main"})
    _, listed = client.requester.requestJsonAndCheck("GET", policies)
    assert listed["branch_policies"][0]["name"] == "main"
    repo.delete_environment("prod")
    assert repo.get_environments().totalCount == 0


def test_pygithub_around(project, client):
    """PyGithub finds the user, organizations, teams, repositories and limits."""
    assert client.get_user().login == project.owner
    orgs = [each.login for each in client.get_user().get_orgs()]
    assert orgs == [project.organization]
    repo = client.get_repo(project.repo_id)
    assert repo.full_name == project.repo
    org = client.get_organization(project.organization)
    made = org.create_repo("second", private=True, auto_init=True)
    assert {each.id for each in org.get_repos()} == {repo.id, made.id}
    assert client.get_rate_limit().rate.limit > 0
    made.edit(name="third")
    assert client.get_repo(f"{project.organization}/second").name == "third"
    made.delete()
    with pytest.raises(UnknownObjectException):
        client.get_repo(f"{project.organization}/third")


def test_pygithub_as_an_app(github, project):
    """PyGithub's App authentication gets its installation token and writes a secret."""
    slug = f"kit-{project.organization}"
    app = github.admin(
        "POST",
        "apps",
        slug=slug,
        owner=project.owner,
        permissions={"secrets": "write", "metadata": "read"},
    )
    installed = github.admin(
        "POST", "installations", app=slug, account=project.organization
    )
    auth = pygithub.Auth.AppAuth(app["id"], app["private_key"])
    acting = pygithub.Github(
        auth=auth.get_installation_auth(installed["id"]),
        base_url=github.url,
        seconds_between_writes=None,
        seconds_between_requests=None,
    )
    acting.get_repo(project.repo).create_secret("K", "by-app")
    assert github.secrets(repository=project.repo) == {"K": "by-app"}
    acting.close()


def test_pygithub_waits_out_a_secondary_limit(github, project):
    """PyGithub's own retries get through a refusal with Retry-After."""
    body = {"message": "You have exceeded a secondary rate limit."}
    github.admin(
        "POST",
        "faults",
        path=f"/repos/{project.repo}/actions/variables",
        status=403,
        headers={"Retry-After": "1", "Content-Type": "application/json"},
        body=body,
    )
    patient = pygithub.Github(
        auth=pygithub.Auth.Token(project.token),
        base_url=github.url,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    patient.get_repo(project.repo).create_variable("A", "1")
    patient.close()
    with project.http() as http:
        listed = http.get(f"/repos/{project.repo}/actions/variables").json()
    assert listed["total_count"] == 1


def test_githubkit(github, project):
    """githubkit, whose models are generated from the description, reads all answers."""
    githubkit = pytest.importorskip(
        "githubkit", reason="githubkit is not installed here (0.16.1 needs hishel<2)"
    )
    owner, repo = project.repo.split("/")
    name = quote("prod/eu", safe="")
    auth = githubkit.TokenAuthStrategy(project.token)
    with githubkit.GitHub(
        auth,
        base_url=github.url,
        http_cache=False,
    ) as kit:
        rest = kit.rest
        assert rest.repos.get(owner, repo).parsed_data.id == project.repo_id
        assert rest.users.get_authenticated().parsed_data.login == project.owner
        assert rest.orgs.get(owner).parsed_data.login == owner
        made = rest.repos.create_or_update_environment(
            owner, repo, name, wait_timer=5
        ).parsed_data
        assert made.protection_rules
        key = rest.actions.get_environment_public_key(owner, repo, name).parsed_data
        box = SealedBox(PublicKey(base64.b64decode(key.key)))
        rest.actions.create_or_update_environment_secret(
            owner,
            repo,
            name,
            "K",
            encrypted_value=base64.b64encode(box.encrypt(b"kit")).decode(),
            key_id=key.key_id,
        )
        listed = rest.actions.list_environment_secrets(owner, repo, name).parsed_data
        assert [each.name for each in listed.secrets] == ["K"]
        rest.actions.create_repo_variable(owner, repo, name="A", value="1")
        shown = rest.actions.get_repo_variable(owner, repo, "A").parsed_data
        assert shown.value == "1"
    opened = github.secrets(repository=project.repo, environment="prod/eu")
    assert opened == {"K": "kit"}


def test_the_command_lines_requests(github, project):
    """`gh`'s way: Enterprise prefix, `token` scheme, JSON with a charset."""
    headers = {
        "Authorization": f"token {project.token}",
        "User-Agent": "GitHub CLI 2.60.0",
        "Accept": "application/vnd.github.merge-info-preview+json",
        "Content-Type": "application/json; charset=utf-8",
        "Time-Zone": "Europe/Berlin",
    }
    base = f"/api/v3/repos/{project.repo}"
    with github.http(None) as http:
        http.headers.update(headers)
        path = f"{base}/actions/secrets"
        key = http.get(f"{path}/public-key").json()
        box = SealedBox(PublicKey(base64.b64decode(key["key"])))
        body = {
            "encrypted_value": base64.b64encode(box.encrypt(b"gh")).decode(),
            "key_id": key["key_id"],
        }
        assert http.put(f"{path}/K", content=json.dumps(body)).status_code == 201
        listed = http.get(path, params={"per_page": 100}).json()
        assert [each["name"] for each in listed["secrets"]] == ["K"]
        variable = {"name": "V", "value": "x"}
        path = f"{base}/actions/variables"
        assert http.post(path, content=json.dumps(variable)).status_code == 201
        assert http.post(path, content=json.dumps(variable)).status_code == 409
        assert http.patch(f"{path}/V", content=json.dumps(variable)).status_code == 204
