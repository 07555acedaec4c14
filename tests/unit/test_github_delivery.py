"""What a stack delivers to GitHub, as its settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pydantic import ValidationError

from components.github.delivery import GitHubDelivery
from components.github.settings import GithubSettings
from components.kernel import ConfigurationError
from components.kernel.check import failures_of
from tests.unit.kernel.program import Run, run

if TYPE_CHECKING:
    from components.kernel import Lookup

REPOSITORY = "acme/flows"
CANARY = "canary-of-a-delivery"


def _groups(**more: Lookup) -> dict[str, Lookup]:
    def sealed(name: str) -> pulumi.Output[str] | None:
        return pulumi.Output.secret(CANARY) if name in {"ci", "robot", "s"} else None

    return {
        "secrets": sealed,
        "json_secrets": {}.get,
        "prefect": {"api_url": "https://prefect/api"}.get,
        "service_account_keys": sealed,
        **more,
    }


def _modal(name: str) -> pulumi.Output[str] | str | None:
    token = {"token_secret": pulumi.Output.secret(CANARY)}
    return {"environment": "main", "token_id": "ak-1", **token}.get(name)


def _declared(
    given: dict[str, Any], groups: dict[str, Lookup], *, protect: bool = False
) -> Run:
    settings = GithubSettings.model_validate({"repository": REPOSITORY, **given})

    def program() -> None:
        GitHubDelivery("github", settings, groups=groups, protect=protect)

    return run(program)


def _values(made: Run, kind: str) -> dict[str, Any]:
    return {
        one.name.removeprefix("github-"): one.inputs["value"]
        for one in made.registered
        if one.type.endswith(f":{kind}")
    }


def faults(**given: Any) -> dict[str, str]:
    """Return what is wrong with settings, by path."""
    whole = {"repository": REPOSITORY, **given}
    try:
        GithubSettings.model_validate(whole)
    except ValidationError as error:
        return {fault.path: fault.reason for fault in failures_of(error, whole)}
    return {}


def test_what_tools_expect_is_delivered_where_the_stack_has_it() -> None:
    """Addresses are variables; keys and tokens are secrets, sealed on their way."""
    made = _declared({}, _groups(modal=_modal))
    assert _values(made, "ActionsVariable") == {
        "PREFECT_API_URL": "https://prefect/api",
        "MODAL_ENVIRONMENT": "main",
    }
    assert _values(made, "ActionsSecret") == {
        "PREFECT_API_KEY": CANARY,
        "MODAL_TOKEN_ID": "ak-1",
        "MODAL_TOKEN_SECRET": CANARY,
    }
    assert made["github-PREFECT_API_KEY"].secret == {"value"}
    assert made["github-MODAL_TOKEN_ID"].secret_outputs == {"value"}
    environment = made["github-environment"].inputs
    assert (environment["name"], environment["repository"]) == ("unit", REPOSITORY)
    for name in ("PREFECT_API_URL", "PREFECT_API_KEY"):
        inside = (
            made[f"github-{name}"].inputs["environment"],
            made[f"github-{name}"].inputs["repository"],
        )
        assert inside == ("unit", REPOSITORY)


def test_a_stack_without_modal_or_accounts_delivers_the_address_alone() -> None:
    """A self-hosted server has no service accounts: that is no error."""
    made = _declared({}, {"prefect": {"api_url": "http://server/api"}.get})
    assert _values(made, "ActionsVariable") == {"PREFECT_API_URL": "http://server/api"}
    assert _values(made, "ActionsSecret") == {}


def test_settings_replace_move_and_leave_out_what_is_expected() -> None:
    """A name that the settings say is theirs, in whichever group, or with null."""
    made = _declared(
        {
            "service_account": "robot",
            "variables": {"modal_environment": None, "bucket": "s3://${buckets.b}/"},
            "secrets": {
                "prefect_api_url": "${prefect.api_url}",
                "MODAL_TOKEN_ID": None,
                "token": "Bearer ${secrets.s}",
            },
        },
        _groups(modal=_modal, buckets={"b": "dags"}.get),
    )
    assert _values(made, "ActionsVariable") == {"BUCKET": "s3://dags/"}
    assert _values(made, "ActionsSecret") == {
        "PREFECT_API_KEY": CANARY,
        "PREFECT_API_URL": "https://prefect/api",
        "MODAL_TOKEN_SECRET": CANARY,
        "TOKEN": f"Bearer {CANARY}",
    }


def test_what_is_shared_belongs_to_the_repository() -> None:
    """Dependabot has no environments, and other workflows may need none."""
    shared = {
        "variables": {"REGION": "eu"},
        "secrets": {"INDEX": "${secrets.s}"},
        "dependabot": {"INDEX": "${secrets.s}"},
    }
    made = _declared({"shared": shared}, {"secrets": _groups()["secrets"]})
    assert _values(made, "ActionsVariable") == {"shared-REGION": "eu"}
    assert _values(made, "ActionsSecret") == {"shared-INDEX": CANARY}
    assert _values(made, "DependabotSecret") == {"shared-INDEX": CANARY}
    for one in made.registered:
        if "value" in one.inputs:
            assert one.inputs["repository"] == REPOSITORY
            assert one.inputs.get("environment") is None


def test_a_program_may_deliver_to_several_repositories() -> None:
    """Each delivery's resources have names of their own."""

    def program() -> None:
        for name in ("etl", "ml"):
            settings = GithubSettings(repository=f"acme/{name}")
            GitHubDelivery(name, settings, groups=_groups(), protect=False)

    made = [one for one in run(program).registered if "dynamic" in one.type]
    assert len({(one.type, one.name) for one in made}) == len(made) == 6


def test_in_prod_who_reviews_must_be_said() -> None:
    """Nobody can be guessed; a plan without reviewers is said by an empty list."""
    with pytest.raises(ConfigurationError, match="says nothing of who reviews"):
        _declared({}, _groups(), protect=True)
    made = _declared({"environment": {"reviewers": []}}, _groups(), protect=True)
    assert made["github-environment"].inputs["reviewers"] == []


@pytest.mark.parametrize(
    ("given", "branches", "deploy_from"),
    [
        ({}, ["release"], None),
        ({"branches": ["main", "v*"]}, ["main", "v*"], None),
        ({"tags": ["v*"]}, [], None),
        ({"deploy_from": "protected"}, [], "protected"),
    ],
    ids=["nothing", "branches", "tags", "mode"],
)
def test_in_prod_only_the_workflows_branch_deploys(
    given: dict[str, Any], branches: list[str], deploy_from: str | None
) -> None:
    """Unless the settings say from where else."""
    made = _declared(
        {
            "environment": {"name": "production", "reviewers": ["acme/sre"], **given},
            "workflow": {"branch": "release"},
        },
        _groups(),
        protect=True,
    )
    inputs = made["github-environment"].inputs
    assert inputs["name"] == "production"
    assert inputs["branches"] == branches
    assert inputs.get("deploy_from") == deploy_from


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"service_account": "who"}, "secrets.PREFECT_API_KEY: refers to service_acc"),
        ({"secrets": {"A": "${secrets.no}"}}, "pulumi config set --secret no"),
        ({"secrets": {"A": "${modal.token_secret}"}}, "add it under modal"),
        ({"variables": {"A": "x ${nothing.x}"}}, "refers to nothing.x"),
    ],
    ids=["account", "secret", "service", "group"],
)
def test_a_reference_to_nothing_is_never_delivered_as_text(
    given: dict[str, Any], told: str
) -> None:
    """Not even where the whole part of the stack is missing that it means."""
    with pytest.raises(ConfigurationError) as caught:
        _declared(given, _groups())
    assert told in str(caught.value)
    assert str(caught.value).startswith("github.")


@pytest.mark.parametrize(
    ("given", "path", "told"),
    [
        ({"repository": "flows"}, "repository", "pattern"),
        ({"variables": {"a-b": "x"}}, "variables.a-b", "pattern"),
        ({"secrets": {"GITHUB_X": "${secrets.s}"}}, "secrets.GITHUB_X", "rename it"),
        ({"secrets": {"A": "plain"}}, "secrets.A", "written out in the config"),
        ({"variables": {"A": "${secrets.s}"}}, "variables.A", "refers to a secret"),
        (
            {"variables": {"A": "x${modal.token_secret}"}},
            "variables.A",
            "put it under secrets",
        ),
        ({"variables": {"a": "1", "A": "2"}}, "variables", "differ in case only"),
        (
            {"variables": {"A": "1"}, "secrets": {"a": "${secrets.s}"}},
            "",
            "has A as variable and as secret",
        ),
        ({"environment": {"wait_timer": -1}}, "environment.wait_timer", "greater"),
        ({"environment": {"repository": "a"}}, "environment.repository", "not a field"),
        ({"environment": {"name": "${buckets.b}"}}, "", "write the name out"),
        ({"shared": {"secrets": {"A": None}}}, "shared.secrets.A", "string"),
        ({"workflow": {"command": " "}}, "workflow.command", "at least 1"),
    ],
)
def test_what_cannot_be_delivered_is_told_at_its_place(
    given: dict[str, Any], path: str, told: str
) -> None:
    """One fault, its path in the config, and what to do."""
    [(where, reason)] = faults(**given).items()
    assert where == path
    assert told in reason
    assert "plain" not in reason
