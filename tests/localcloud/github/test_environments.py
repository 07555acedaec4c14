"""Environments and their protection."""

from __future__ import annotations

import pytest

CUSTOM = {"protected_branches": False, "custom_branch_policies": True}
PROTECTED = {"protected_branches": True, "custom_branch_policies": False}


@pytest.fixture
def reviewer(project):
    """A team that may read the repository, and a member of it."""
    login, _ = project.member()
    org = project.organization
    with project.http() as http:
        made = http.post(f"/orgs/{org}/teams", json={"name": "Release crew"})
        team = made.json()
        shared = http.put(f"/orgs/{org}/teams/release-crew/repos/{project.repo}")
        shared.raise_for_status()
        user = http.get(f"/users/{login}").json()
    return {"team": team, "user": user}


def rules(environment):
    """Protection rules by type."""
    return {rule["type"]: rule for rule in environment["protection_rules"]}


def test_full_protection_reads_back(project, reviewer):
    """Reviewers, wait, self-review, branch policy and bypass come back as they were."""
    path = f"/repos/{project.repo}/environments/prod"
    body = {
        "wait_timer": 30,
        "prevent_self_review": True,
        "can_admins_bypass": False,
        "reviewers": [
            {"type": "Team", "id": reviewer["team"]["id"]},
            {"type": "User", "id": reviewer["user"]["id"]},
        ],
        "deployment_branch_policy": PROTECTED,
    }
    with project.http() as http:
        written = http.put(path, json=body)
        assert written.status_code == 200
        shown = http.get(path).json()
        assert shown == written.json()
    assert rules(shown)["wait_timer"]["wait_timer"] == 30
    review = rules(shown)["required_reviewers"]
    assert review["prevent_self_review"] is True
    assert [each["reviewer"]["id"] for each in review["reviewers"]] == [
        reviewer["team"]["id"],
        reviewer["user"]["id"],
    ]
    assert review["reviewers"][0]["reviewer"]["slug"] == "release-crew"
    assert "branch_policy" in rules(shown)
    assert shown["deployment_branch_policy"] == PROTECTED
    assert shown["can_admins_bypass"] is False


def test_put_is_the_complete_protection(project, reviewer):
    """What a PUT leaves out goes back to the default: reviewers vanish with it."""
    path = f"/repos/{project.repo}/environments/prod"
    body = {
        "wait_timer": 30,
        "reviewers": [{"type": "User", "id": reviewer["user"]["id"]}],
        "deployment_branch_policy": PROTECTED,
    }
    with project.http() as http:
        http.put(path, json=body).raise_for_status()
        bare = http.put(path, json={}).json()
    assert bare["protection_rules"] == []
    assert bare["deployment_branch_policy"] is None
    assert bare["can_admins_bypass"] is True


def test_deleting_a_team_removes_the_reviewer(project, reviewer):
    """A reviewer that is gone is gone from the rule too: drift that a reader sees."""
    path = f"/repos/{project.repo}/environments/prod"
    body = {"reviewers": [{"type": "Team", "id": reviewer["team"]["id"]}]}
    with project.http() as http:
        http.put(path, json=body).raise_for_status()
        http.delete(f"/orgs/{project.organization}/teams/release-crew")
        assert http.get(path).json()["protection_rules"] == []


def test_names_fold_and_hold_slashes(project):
    """An environment is found whatever the case, and `prod/eu` is one name."""
    base = f"/repos/{project.repo}/environments"
    with project.http() as http:
        made = http.put(f"{base}/Prod%2FEU").json()
        assert made["name"] == "Prod/EU"
        assert http.get(f"{base}/prod%2feu").json()["id"] == made["id"]
        assert http.put(f"{base}/PROD%2FEU").json()["name"] == "Prod/EU"
        assert http.get(base).json()["total_count"] == 1
        assert http.get(made["url"]).json()["id"] == made["id"]
        assert http.get(f"{base}/prod/eu").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"bogus": 1},
        {"prevent_self_review": True},
        {"wait_timer": "x"},
        {"wait_timer": -1},
        {"wait_timer": 43_201},
        {"reviewers": [{"type": "User", "id": 10**9}]},
        {"reviewers": [{"type": "Robot", "id": 1}]},
        {"reviewers": [{}]},
        {"deployment_branch_policy": {"protected_branches": True}},
        {"deployment_branch_policy": {**CUSTOM, "protected_branches": True}},
        {"deployment_branch_policy": {**PROTECTED, "protected_branches": False}},
    ],
    ids=str,
)
def test_protection_that_is_refused(project, body):
    """A protection that GitHub would refuse is 422 and makes no environment."""
    path = f"/repos/{project.repo}/environments/prod"
    with project.http() as http:
        assert http.put(path, json=body).status_code == 422
        assert http.get(path).status_code == 404


def test_reviewers_must_be_able_to_read(github, project):
    """A user without access to the private repository can't be a reviewer."""
    stranger = github.admin("POST", "users", login=f"{project.organization}-stranger")
    path = f"/repos/{project.repo}/environments/prod"
    with project.http() as http:
        body = {"reviewers": [{"type": "User", "id": stranger["id"]}]}
        assert http.put(path, json=body).status_code == 422


def test_branch_policies(project):
    """Patterns of branches and tags are added, renamed, listed and removed."""
    base = f"/repos/{project.repo}/environments/prod"
    path = f"{base}/deployment-branch-policies"
    with project.http() as http:
        http.put(base, json={"deployment_branch_policy": CUSTOM}).raise_for_status()
        made = http.post(path, json={"name": "release/*"})
        assert (made.status_code, made.json()["type"]) == (200, "branch")
        tag = http.post(path, json={"name": "v*", "type": "tag"}).json()
        again = http.post(path, json={"name": "v*", "type": "tag"})
        assert again.status_code == 303
        one = f"{path}/{made.json()['id']}"
        assert http.put(one, json={"name": "main"}).json()["name"] == "main"
        assert http.get(one).json()["name"] == "main"
        listed = http.get(path).json()
        assert listed["total_count"] == 2
        assert listed["branch_policies"][1] == tag
        assert http.delete(one).status_code == 204
        assert http.get(one).status_code == 404


def test_branch_policies_need_the_custom_mode(project):
    """Without custom policies a pattern is 404, and leaving the mode drops them."""
    base = f"/repos/{project.repo}/environments/prod"
    path = f"{base}/deployment-branch-policies"
    with project.http() as http:
        http.put(base).raise_for_status()
        assert http.post(path, json={"name": "main"}).status_code == 404
        http.put(base, json={"deployment_branch_policy": CUSTOM})
        http.post(path, json={"name": "main"}).raise_for_status()
        http.put(base, json={"deployment_branch_policy": PROTECTED})
        assert http.get(path).json()["total_count"] == 0


def test_custom_protection_rules(github, project):
    """An App that is installed can be made to guard an environment, once."""
    slug = f"gate-{project.organization}"
    org = project.organization
    app = github.admin(
        "POST", "apps", slug=slug, owner=org, permissions={"deployments": "write"}
    )
    base = f"/repos/{project.repo}/environments/prod"
    path = f"{base}/deployment_protection_rules"
    with project.http() as http:
        http.put(base).raise_for_status()
        asked = {"integration_id": app["id"]}
        assert http.post(path, json=asked).status_code == 422
        github.admin("POST", "installations", app=slug, account=org)
        usable = http.get(f"{path}/apps").json()
        assert usable["total_count"] == 1
        made = http.post(path, json=asked)
        assert (made.status_code, made.json()["app"]["slug"]) == (201, slug)
        assert http.post(path, json=asked).status_code == 422
        one = f"{path}/{made.json()['id']}"
        assert http.get(one).json() == made.json()
        assert http.get(path).json()["total_count"] == 1
        assert http.delete(one).status_code == 204
        assert http.get(path).json()["total_count"] == 0
