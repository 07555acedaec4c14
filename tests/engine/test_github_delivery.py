"""A delivery by the real engine, as a GitHub App, at the address of an Enterprise."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.github import LocalGithub, put_secret
from tests.support.pulumi_project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.github import Project as Repository
    from tests.support.pulumi_project import Project

PROGRAM = """
    import pulumi

    from components.github.delivery import GitHubDelivery
    from components.github.settings import GithubSettings

    config = pulumi.Config()
    GitHubDelivery(
        "github",
        GithubSettings.model_validate(config.require_object("github")),
        groups={
            "secrets": config.get_secret,
            "json_secrets": {}.get,
            "prefect": {"api_url": config.get("address")}.get,
            "service_account_keys": config.get_secret,
            "modal": {"token_id": "ak-1", "token_secret": config.get_secret("own")}.get,
        },
        protect=config.get_bool("prod") or False,
    )
    """
PERMISSIONS = {
    "metadata": "read",
    "actions": "read",
    "members": "read",
    "administration": "write",
    "environments": "write",
    "secrets": "write",
    "actions_variables": "write",
    "dependabot_secrets": "write",
}
CI, OWN, NEXT = "canary-ci-0451", "canary-own-0451", "canary-next-0451"


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGithub]:
    """Run a GitHub that, at the end, never broke its description."""
    with LocalGithub.start(tmp_path_factory.mktemp("github")) as started:
        yield started
        assert started.violations() == []


@pytest.fixture
def repository(github: LocalGithub) -> Repository:
    """Make a repository of the test's own."""
    return github.project()


def _set_up(project: Project, repository: Repository, **more: Any) -> dict[str, Any]:
    """Write the program and its config; return the settings that it was given."""
    github, owner = repository.github, repository.organization
    app = github.admin(
        "POST", "apps", slug=f"{owner}-up", owner=owner, permissions=PERMISSIONS
    )
    slug = {"app": f"{owner}-up", "account": owner}
    installed = github.admin("POST", "installations", **slug)
    for variable in [name for name in project.env if name.startswith("GITHUB_")]:
        del project.env[variable]
    (project.root / "components").symlink_to(ROOT / "components")
    project.program(PROGRAM)
    _configure(
        project,
        githubApiUrl=f"{github.url}/api/v3",
        githubAppId=app["id"],
        githubAppInstallationId=installed["id"],
        address="https://prefect.test/api",
    )
    _configure(
        project, secret=True, githubAppPrivateKey=app["private_key"], ci=CI, own=OWN
    )
    given = {"repository": repository.repo, **more}
    _settings(project, given)
    return given


def _configure(project: Project, *, secret: bool = False, **values: Any) -> None:
    kind = "--secret" if secret else "--plaintext"
    words = [word for k, v in values.items() for word in (kind, f"{k}={v}")]
    project("config", "set-all", *words)


def _settings(project: Project, given: dict[str, Any]) -> None:
    _configure(project, github=json.dumps(given))


def _said(project: Project, *arguments: str, code: int | None = 0) -> str:
    done = project(*arguments, code=code)
    return done.stdout + done.stderr


def _steps(shown: str) -> dict[str, str]:
    """Return what a preview in JSON will do, by the resources' names."""
    return {
        step["urn"].rpartition("::")[2].removeprefix("github-"): step["op"]
        for step in json.loads(shown)["steps"]
        if step["op"] != "same"
    }


def _settled(project: Project) -> None:
    project("preview", "--expect-no-changes", "--diff")
    project("refresh", "--preview-only", "--expect-no-changes", "--diff")


def _free_of_canaries(*texts: str) -> None:
    for canary in (CI, OWN, NEXT):
        for form in (canary, base64.b64encode(canary.encode()).decode()[:-4]):
            for text in texts:
                assert form not in text


def _state(project: Project) -> str:
    files = [*(project.root.parent / "state").rglob("*"), *project.root.glob("*.yaml")]
    return "\n".join(path.read_text() for path in files if path.is_file())


ENVIRONMENT = "dev/eu"


def _place(repository: Repository) -> str:
    return f"/repos/{repository.repo}/environments/dev%2Feu"


def _team(repository: Repository) -> str:
    """Make a team that may review; return its name."""
    owner = repository.organization
    with repository.http() as http:
        http.post(f"/orgs/{owner}/teams", json={"name": "sre"}).raise_for_status()
        path = f"/orgs/{owner}/teams/sre/repos/{repository.repo}"
        http.put(path, json={"permission": "push"}).raise_for_status()
    return f"{owner}/sre"


def _assert_arrived(repository: Repository) -> None:
    github = repository.github
    assert github.secrets(repository=repository.repo, environment=ENVIRONMENT) == {
        "PREFECT_API_KEY": CI,
        "MODAL_TOKEN_ID": "ak-1",
        "MODAL_TOKEN_SECRET": OWN,
    }
    bots = github.secrets(repository=repository.repo, kind="dependabot_secret")
    assert bots == {"INDEX": f"https://u:{OWN}@index.test"}
    with repository.http() as http:
        place = _place(repository)
        listed = http.get(f"{place}/variables").json()["variables"]
        rules = http.get(place).json()["protection_rules"]
    held = {one["name"]: one["value"] for one in listed}
    assert held == {"PREFECT_API_URL": "https://prefect.test/api", "REGION": "eu"}
    [review] = [rule for rule in rules if rule["type"] == "required_reviewers"]
    assert len(review["reviewers"]) == 2


def _change_by_hand(repository: Repository) -> None:
    """Take the protection and a variable away, and write a secret."""
    repository.github.advance_clock(1)
    with repository.http() as http:
        place = _place(repository)
        http.put(place, json={}).raise_for_status()
        http.delete(f"{place}/variables/REGION").raise_for_status()
        put_secret(http, f"{place}/secrets", "MODAL_TOKEN_ID", "by hand")


def test_a_delivery_comes_changes_and_goes(
    project: Project, repository: Repository
) -> None:
    """All of it arrives; then each change is one write, whoever made it."""
    github = repository.github
    given = _set_up(
        project,
        repository,
        environment={
            "name": ENVIRONMENT,
            "reviewers": [repository.owner, _team(repository)],
            "branches": ["main"],
        },
        variables={"region": "eu"},
        shared={
            "variables": {"everywhere": "1"},
            "dependabot": {"index": "https://u:${secrets.own}@index.test"},
        },
    )
    said = [_said(project, "preview", "--diff"), _said(project, "preview", "--json")]
    assert _steps(said[-1]).items() >= {
        ("environment", "create"),
        ("REGION", "create"),
        ("PREFECT_API_KEY", "create"),
        ("shared-INDEX", "create"),
    }
    said.append(_said(project, "up", "--yes", "--skip-preview"))
    _assert_arrived(repository)
    _settled(project)

    _configure(project, secret=True, ci=NEXT)
    before = github.mark()
    said.append(_said(project, "up", "--yes", "--diff"))
    wrote = [r for r in github.requests(before) if r["method"] in {"PUT", "DELETE"}]
    assert len(wrote) == 1

    given["environment"]["wait_timer"] = 5
    _settings(project, given)
    assert _steps(_said(project, "preview", "--json")) == {"environment": "update"}

    _change_by_hand(repository)
    said.append(_said(project, "refresh", "--preview-only", "--diff"))
    for shown in ("reviewers", "MODAL_TOKEN_ID", "REGION"):
        assert shown in said[-1]
    said.append(_said(project, "up", "--yes", "--skip-preview", "--refresh"))
    held = github.secrets(repository=repository.repo, environment=ENVIRONMENT)
    assert (held["MODAL_TOKEN_ID"], held["PREFECT_API_KEY"]) == ("ak-1", NEXT)
    _settled(project)

    said.append(_said(project, "destroy", "--yes", "--skip-preview"))
    with repository.http() as http:
        assert http.get(_place(repository)).status_code == 404
        left = http.get(f"/repos/{repository.repo}/actions/variables").json()
    assert left["total_count"] == 0
    _free_of_canaries(*said, _state(project), github.log.read_text())
    assert project.processes() == {}


def test_in_prod_an_environment_is_guarded(
    project: Project, repository: Repository
) -> None:
    """Who reviews is said or nothing happens; then it is not deleted by a slip."""
    given = _set_up(project, repository)
    _configure(project, prod="true")
    shown = _said(project, "preview", code=None)
    assert "github.environment: says nothing of who reviews" in shown

    given["environment"] = {"name": "prod", "reviewers": [repository.owner]}
    _settings(project, given)
    project("up", "--yes", "--skip-preview")
    with repository.http() as http:
        place = f"/repos/{repository.repo}/environments/prod"
        patterns = http.get(f"{place}/deployment-branch-policies").json()
    assert [one["name"] for one in patterns["branch_policies"]] == ["main"]

    shown = _said(project, "destroy", "--yes", "--skip-preview", code=None)
    assert "protect" in shown
    with repository.http() as http:
        assert len(http.get(place).json()["protection_rules"]) == 2


def test_a_failed_delivery_says_what_to_do_and_no_secret(
    project: Project, repository: Repository
) -> None:
    """What GitHub refuses is told by name, without what was sent."""
    given = _set_up(project, repository)
    fault = {"path": ".*/secrets/PREFECT_API_KEY", "method": "PUT", "status": 422}
    body = {"message": f"invalid: {CI}", "errors": [{"code": "bad", "value": CI}]}
    repository.github.admin("POST", "faults", **fault, body=body, times=1)
    try:
        shown = _said(project, "up", "--yes", "--skip-preview", code=None)
    finally:
        repository.github.admin("DELETE", "faults")
    assert "cannot create" in shown
    assert "PREFECT_API_KEY" in shown
    _free_of_canaries(shown, _state(project))

    # The next run makes what is missing.
    project("up", "--yes", "--skip-preview")
    held = repository.github.secrets(repository=given["repository"], environment="dev")
    assert held["PREFECT_API_KEY"] == CI
