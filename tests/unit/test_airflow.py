"""Airflow in Modal: what is declared, the commands for it, and its settings."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.kernel import ConfigurationError
from components.modal.airflow import AirflowOnModal, DagBucket, DagVolume
from components.modal.airflow_settings import AirflowSettings
from components.modal.modalflow import Modalflow, bucket_uri
from components.modal.platform import ModalPlatform
from components.modal.settings import ModalSettings
from tests.unit.kernel.program import Run, run

SECRET = "canary-secret"
KEY = {"access_key_id": "AKIA", "access_key_secret": SECRET}
ROLE = "arn:aws:iam::1:role/dags"


def declared(**fields: Any) -> Run:
    def program() -> dict[str, Any]:
        made = AirflowOnModal("airflow", environment="staging", **fields)
        return {
            "commands": made.commands,
            "variables": made.variables,
            "airflow": made.airflow_variables,
        }

    return run(program)


def objects(made: Run) -> dict[str, str]:
    """Return the Modal objects of a program by their names, and of which sort."""
    return {
        one.inputs["name"]: one.type.rpartition(":")[2]
        for one in made.registered
        if "dynamic/modal" in one.type and "name" in one.inputs
    }


def read(command: str) -> tuple[dict[str, str], list[str]]:
    """Part a command into the variables set before it, and its words."""
    words = shlex.split(command)
    start = next(i for i, word in enumerate(words) if "=" not in word)
    return dict(word.split("=", 1) for word in words[:start]), words[start:]


ALWAYS = {"airflow-logs-main": "Volume", "airflow-state-main": "Dict"}


def test_baked_in_dags_need_logs_and_states_only() -> None:
    """Without a place for DAGs, the deployment takes them from a folder."""
    made = declared(dags_path="my dags", airflow_version="3.1.7")
    assert objects(made) == ALWAYS
    variables, command = read(made.outputs["commands"]["deploy"])
    assert command == ["modal", "deploy", "-m", "modalflow.modal_app"]
    assert variables == made.outputs["variables"]
    assert variables == {
        "MODAL_ENVIRONMENT": "staging",
        "MODALFLOW_ENV": "main",
        "MODALFLOW_AIRFLOW_VERSION": "3.1.7",
        "MODALFLOW_DAGS_DIR": "my dags",
    }
    _, command = read(made.outputs["commands"]["modalflow_deploy"])
    assert command[2:] == [
        *("--env", "main", "--dags-source", "local"),
        *("--dags-path", "my dags", "--airflow-version", "3.1.7"),
    ]
    assert "sync" not in made.outputs["commands"]


def test_dags_on_a_volume_are_left_to_sync() -> None:
    """The volume is the stack's; what is on it is `modalflow sync`'s."""
    made = declared(dags=DagVolume("my-dags"))
    assert objects(made) == {**ALWAYS, "my-dags": "Volume"}
    assert made.outputs["variables"]["MODALFLOW_DAGS_VOLUME"] == "my-dags"
    commands = made.outputs["commands"]
    assert read(commands["sync"]) == (
        {"MODAL_ENVIRONMENT": "staging"},
        ["modalflow", "sync", "--dags-path", "dags", "--dags-volume", "my-dags"],
    )
    assert "--dags-source volume" in commands["modalflow_deploy"]


def test_dags_that_the_stack_keeps_are_not_synced(tmp_path: Path) -> None:
    """No command is offered that would empty the volume behind the stack's back."""
    (tmp_path / "one.py").write_text("# a DAG")
    (tmp_path / "notes.md").write_text("none")
    made = declared(dags=DagVolume(folder=str(tmp_path), ignore=["*.md"]))
    [files] = [one for one in made.registered if one.type.endswith(":VolumeFiles")]
    assert files.inputs["volume_id"] == "airflow-dags-id"
    assert list(files.inputs["files"]) == ["one.py"]
    assert list(made.outputs["commands"]) == ["deploy"]
    assert made.outputs["variables"]["MODALFLOW_DAGS_VOLUME"] == "airflow-dags"


def test_dags_in_a_bucket_are_opened_by_a_secret() -> None:
    """The secret has what CloudBucketMount reads, and the address ends in a slash."""
    bucket = DagBucket("s3://code/dags", **KEY, region="eu-west-1", secret="s3-dags")
    made = declared(dags=bucket)
    assert objects(made) == {**ALWAYS, "s3-dags": "Secret"}
    secret = made["airflow-dags"]
    assert "values" in secret.secret
    assert secret.inputs["values"] == {
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "eu-west-1",
    }
    assert made.outputs["variables"]["MODALFLOW_DAGS_BUCKET"] == "s3://code/dags/"
    assert made.outputs["variables"]["MODALFLOW_DAGS_BUCKET_SECRET"] == "s3-dags"
    assert SECRET not in str(made.outputs)


def test_dags_in_a_bucket_are_opened_by_a_role() -> None:
    """There is no secret, and modalflow is deployed by a file that names the role."""
    made = declared(dags=DagBucket("s3://code/dags/", role_arn=ROLE))
    assert objects(made) == ALWAYS
    assert made.outputs["variables"]["MODALFLOW_DAGS_BUCKET_ROLE"] == ROLE
    assert "MODALFLOW_DAGS_BUCKET_SECRET" not in made.outputs["variables"]
    [command] = made.outputs["commands"].values()
    assert read(command)[1] == ["modal", "deploy", "tools/modalflow_by_role.py"]


def test_role_may_be_another_resources() -> None:
    """What is known only after an `up` counts as given."""

    def program() -> dict[str, Any]:
        bucket = DagBucket("s3://code/dags/", role_arn=pulumi.Output.from_input(ROLE))
        made = AirflowOnModal("airflow", environment="staging", dags=bucket)
        return {"variables": made.variables}

    variables = run(program).outputs["variables"]
    assert variables["MODALFLOW_DAGS_BUCKET_ROLE"] == ROLE


def test_airflow_is_told_the_environment_and_the_executor() -> None:
    """The scheduler looks for the same names in the same environment."""
    assert declared().outputs["airflow"] == {
        "MODAL_ENVIRONMENT": "staging",
        "MODALFLOW_ENV": "main",
        "AIRFLOW__CORE__EXECUTOR": "modalflow.executor.ModalExecutor",
    }


@pytest.mark.parametrize(
    "way_in",
    [
        {},
        {"access_key_id": "AKIA"},
        {**KEY, "role_arn": ROLE},
        {"access_key_id": "AKIA", "role_arn": ROLE},
    ],
    ids=["none", "half a key", "both", "half a key and a role"],
)
def test_bucket_has_one_way_in(way_in: dict[str, str]) -> None:
    """What would open the bucket not at all, or in two ways, is told of at preview."""
    with pytest.raises(ConfigurationError, match="needs one way in"):
        DagBucket("s3://code/dags/", **way_in)


@pytest.mark.parametrize(
    ("uri", "meant"),
    [
        ("s3://code", "s3://code/"),
        ("s3://code/", "s3://code/"),
        ("s3://code/dags", "s3://code/dags/"),
        ("s3://code/a/b/", "s3://code/a/b/"),
        ("s3://code/dags//", "s3://code/dags/"),
    ],
)
def test_bucket_uri_ends_in_one_slash(uri: str, meant: str) -> None:
    """What people write is what CloudBucketMount takes."""
    assert bucket_uri(uri) == meant


@pytest.mark.parametrize("uri", ["code/dags", "https://s3/code", "s3://", "s3:///dags"])
def test_what_is_no_bucket_is_refused(uri: str) -> None:
    """An address outside of S3 is one sentence."""
    with pytest.raises(ConfigurationError, match="no address in S3"):
        bucket_uri(uri)


@given(path=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_commands_survive_a_shell(path: str) -> None:
    """Whatever a folder is called, the words of a command stay what they are."""
    known = Modalflow(environment="main", dags_path=path, volume="v")
    assert read(known.commands["sync"])[1][3] == path
    baked = Modalflow(environment="main", dags_path=path)
    assert read(baked.commands["deploy"])[0]["MODALFLOW_DAGS_DIR"] == path


def test_commands_are_for_a_real_shell() -> None:
    """A POSIX shell sets the variables for the command, whatever is in them."""
    path = "a folder; $(exit 3) 'quoted'"
    command = Modalflow(environment="main", dags_path=path).commands["deploy"]
    printing = command.partition("modal deploy")[0] + "printenv MODALFLOW_DAGS_DIR"
    ran = subprocess.run(
        ["sh", "-c", printing], capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"{path}{os.linesep}"


def invalid(**given_: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        AirflowSettings.model_validate(given_)
    return str(refused.value)


def test_settings_take_references() -> None:
    """A bucket of the stack's own is referred to, with what opens it."""
    bucket = {
        "uri": "${bucket_uris.dags}",
        "access_key_id": "${access_key_ids.dags}",
        "access_key_secret": "${access_key_secrets.dags}",
    }
    settings = AirflowSettings.model_validate({"dag_bucket": bucket})
    assert settings.dag_bucket is not None
    assert settings.dag_bucket.uri == "${bucket_uris.dags}"


def test_settings_tell_what_is_wrong() -> None:
    """Two places, a plain secret, two ways in and a bad address are refused."""
    bucket = {"uri": "s3://code/dags/", "role_arn": ROLE}
    assert "in two places" in invalid(dag_volume={}, dag_bucket=bucket)
    assert "needs one way in" in invalid(dag_bucket={"uri": "s3://code/"})
    assert "no address in S3" in invalid(dag_bucket={**bucket, "uri": "code/dags"})
    plain = invalid(dag_bucket={"uri": "s3://code/", **KEY})
    assert "access_key_secret" in plain


def test_settings_write_the_slash() -> None:
    """An address without its last slash, as modalflow's README has it, is mended."""
    bucket = {"uri": "s3://code/dags", "role_arn": ROLE}
    settings = AirflowSettings.model_validate({"dag_bucket": bucket})
    assert settings.dag_bucket is not None
    assert settings.dag_bucket.uri == "s3://code/dags/"


def of_stack(airflow: dict[str, Any], **groups: Any) -> Run:
    """Declare a stack's Modal with an Airflow."""

    def program() -> dict[str, Any]:
        settings = ModalSettings.model_validate({"airflow": airflow})
        made = ModalPlatform("modal", settings, groups=groups, protect=True)
        assert made.airflow is not None
        return {"commands": made.airflow.commands}

    return run(program)


def test_a_stack_has_an_airflow_in_its_environment() -> None:
    """Its config is what `AirflowOnModal` takes, and the platform says where."""
    made = of_stack({"dag_volume": {}, "airflow_version": "3.1.7", "dags_path": "d"})
    assert objects(made).keys() >= {*ALWAYS, "airflow-dags"}
    variables, words = read(made.outputs["commands"]["sync"])
    assert variables == {"MODAL_ENVIRONMENT": "flowground-unit"}
    assert words[2:4] == ["--dags-path", "d"]


def test_a_stacks_bucket_is_found_by_reference() -> None:
    """Address and key are another service's, or the config's secrets."""
    bucket = {
        "uri": "${bucket_uris.dags}",
        "access_key_id": "${access_key_ids.dags}",
        "access_key_secret": "${secrets.dags}",
    }
    made = of_stack(
        {"dag_bucket": bucket},
        bucket_uris={"dags": "s3://code/dags"}.get,
        access_key_ids={"dags": "AKIA"}.get,
        secrets=lambda name: pulumi.Output.secret(SECRET) if name == "dags" else None,
    )
    assert made["airflow-dags"].inputs["values"]["AWS_SECRET_ACCESS_KEY"] == SECRET
    assert "s3://code/dags/" in made.outputs["commands"]["deploy"]


def test_a_stack_is_told_where_its_airflow_is_wrong(tmp_path: Path) -> None:
    """A reference to nothing, and a folder that is not there, with their places."""
    bucket = {"uri": "${bucket_uris.dags}", "role_arn": ROLE}
    told = r"modal\.airflow\.dag_bucket\.uri: refers to bucket_uris\.dags, which"
    with pytest.raises(ConfigurationError, match=told):
        of_stack({"dag_bucket": bucket}, bucket_uris={}.get)
    missing = {"folder": str(tmp_path / "nothing")}
    with pytest.raises(ConfigurationError, match=r"modal\.airflow: .*nothing"):
        of_stack({"dag_volume": missing})
