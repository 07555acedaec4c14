"""A stack's Modal, as its settings say."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components.kernel import ConfigurationError
from components.modal.platform import ModalPlatform
from components.modal.settings import ModalSettings
from tests.unit.kernel.program import Registered, Run, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRET = "as-canary"
GROUPS = {
    "secrets": lambda name: pulumi.Output.secret(SECRET) if name == "s" else None,
    "bucket_uris": {"dags": pulumi.Output.from_input("s3://b/dags/")}.get,
}


def declared(*, protect: bool = False, refer: str = "", **given: Any) -> Run:
    """Declare a stack's Modal; the run's outputs are what `refer` stands for."""

    def program() -> Mapping[str, Any]:
        made = ModalPlatform(
            "modal",
            ModalSettings.model_validate(given),
            groups=GROUPS,
            protect=protect,
        )
        group, _, name = refer.partition(".")
        return {refer: made.groups[group](name)} if refer else {}

    return run(program, respond=_respond)


def _respond(name: str) -> dict[str, Any]:
    minted = {"token_id": "ak-minted", "token_secret": SECRET}
    told = {"workspace": "acme", "workspace_id": "ac-1"}
    return {"service-user": minted, "token": told}.get(name, {})


def _of(made: Run, kind: str) -> list[Registered]:
    return [one for one in made.registered if one.type.endswith(f"modal:{kind}")]


def test_an_environment_is_named_after_project_and_stack() -> None:
    """So that no two stacks of one workspace mean the same, unless told."""
    assert declared()["environment"].inputs["name"] == "flowground-unit"
    named = declared(environment={"name": "staging"})
    assert named["environment"].inputs["name"] == "staging"


def test_all_of_it_lives_in_the_environment() -> None:
    """By its name, whatever kind it is."""
    made = declared(
        environment={"name": "staging"},
        secrets={"s": {"values": {"A": "1"}}},
        volumes={"v": {"version": 2}},
        dicts={"d": {}},
        queues={"q": {"force_destroy": True}},
    )
    for name in ("s", "v", "d", "q"):
        assert made[name].inputs["name"] == name
        assert made[name].inputs["environment_name"] == "staging"
    assert made["v"].inputs["version"] == 2
    assert made["q"].inputs["force_destroy"] is True
    assert not _of(made, "ServiceUser")
    assert not _of(made, "Token")


def test_a_volume_may_be_filled_from_a_folder(tmp_path: Path) -> None:
    """Beside one whose content is left to others."""
    (tmp_path / "etl.py").write_text("run = 1")
    files = {"folder": str(tmp_path), "path": "dags"}
    made = declared(volumes={"code": {"version": 2, "files": files}, "data": {}})
    assert [one.name for one in _of(made, "Volume")] == ["code", "data"]
    (filled,) = _of(made, "VolumeFiles")
    assert filled.inputs["files"].keys() == {"etl.py"}
    assert filled.inputs["path"] == "dags"


def test_a_folder_that_is_not_there_is_told_with_its_place(tmp_path: Path) -> None:
    """At the first preview, by its path in the config."""
    files = {"folder": str(tmp_path / "nothing")}
    told = r"modal\.volumes\.code\.files: .*nothing"
    with pytest.raises(ConfigurationError, match=told):
        declared(volumes={"code": {"files": files}})


def test_values_refer_to_what_the_stack_has() -> None:
    """Secrets stay sealed inside longer texts, and other services' facts come in."""
    values = {"URL": "db://u:${secrets.s}@host", "DAGS": "${bucket_uris.dags}"}
    made = declared(secrets={"airflow": {"values": values, "rewrite": "1"}})
    written = made["airflow"].inputs["values"]
    assert written == {"URL": f"db://u:{SECRET}@host", "DAGS": "s3://b/dags/"}
    assert "values" in made["airflow"].secret


def test_a_reference_to_nothing_is_told_with_its_place() -> None:
    """At the first preview, by its path in the config."""
    told = r"modal\.secrets\.s\.values\.A: refers to secrets\.nothing, which"
    with pytest.raises(ConfigurationError, match=told):
        declared(secrets={"s": {"values": {"A": "${secrets.nothing}"}}})


@pytest.mark.parametrize(
    ("key", "value", "warned"),
    [
        ("DB_PASSWORD", "hunter2", True),
        ("OPENAI_API_KEY", "sk-canary", True),
        ("MODAL_TOKEN", "${secrets.s}", False),
        ("AWS_REGION", "eu-west-1", False),
        ("AWS_ACCESS_KEY_ID", "AKIA", False),
    ],
)
def test_a_secret_that_is_written_out_is_warned_of(
    caplog: pytest.LogCaptureFixture, key: str, value: str, warned: bool
) -> None:
    """The warning has the place and the way out, and not the value."""
    with caplog.at_level(logging.WARNING):
        declared(secrets={"x": {"values": {key: value}}})
    assert (f"modal.secrets.x.values.{key}: is written out" in caplog.text) is warned
    assert value not in caplog.text


def test_a_service_user_may_work_in_the_environment() -> None:
    """Under the environment's name, and in others as told."""
    made = declared(
        environment={"name": "staging"},
        service_user={"environment_roles": {"main": "viewer"}, "rotation": "2"},
    )
    user = made["service-user"].inputs
    assert user["name"] == "staging"
    assert user["environment_roles"] == {"main": "viewer", "staging": "contributor"}
    assert (user["rotation"], user["overlap"]) == ("2", True)
    assert "expires_in_seconds" not in user
    token = made["token"]
    assert token.inputs["token_id"] == "ak-minted"
    assert token.inputs["token_secret"] == SECRET
    assert "token_secret" in token.secret


def test_its_role_in_the_environment_is_said_once() -> None:
    """Twice is one error with its place."""
    roles = {"environment_roles": {"staging": "viewer"}}
    told = r"modal\.service_user\.environment_roles\.staging: is the stack's own"
    with pytest.raises(ConfigurationError, match=told):
        declared(environment={"name": "staging"}, service_user=roles)


def test_a_stack_may_bring_a_token_of_its_own() -> None:
    """Its secret comes from the config's secrets."""
    own = {"id": "ak-own", "secret": "${secrets.s}", "warn_days": 3}
    made = declared(token=own)
    assert not _of(made, "ServiceUser")
    assert made["token"].inputs["token_id"] == "ak-own"
    assert made["token"].inputs["warn_days"] == 3
    assert "token_secret" in made["token"].secret


@pytest.mark.parametrize(
    ("reference", "meant"),
    [
        ("modal.environment", "staging"),
        ("modal.workspace", "acme"),
        ("modal.workspace_id", "ac-1"),
        ("modal.token_id", "ak-minted"),
        ("modal.token_secret", SECRET),
        ("modal_secrets.db", "db"),
        ("modal_volumes.data", "data"),
    ],
)
def test_later_services_may_refer_to_it(reference: str, meant: str) -> None:
    """By the words that the other services' docs have."""
    made = declared(
        refer=reference,
        environment={"name": "staging"},
        secrets={"db": {"values": {"A": "1"}}},
        volumes={"data": {}},
        service_user={},
    )
    assert made.outputs[reference] == meant


def test_without_a_token_there_is_none_to_refer_to() -> None:
    """So that the reference's own error says what to add."""

    def program() -> None:
        made = ModalPlatform("modal", ModalSettings(), groups=GROUPS, protect=False)
        assert made.token is None
        assert made.groups["modal"]("token_id") is None
        assert made.groups["modal_volumes"]("nothing") is None

    run(program)


def test_a_name_that_cannot_be_an_environments_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stacks may have periods in their names, environments not."""
    monkeypatch.setattr(pulumi, "get_stack", lambda: "feature.x")
    told = r"modal\.environment\.name: project and stack make 'flowground-feature\.x'"
    with pytest.raises(ConfigurationError, match=told):
        declared()
