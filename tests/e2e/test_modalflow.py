"""modalflow's own code on what AirflowOnModal makes, in each of its modes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import modal
import pytest

from tests.support.checkout import ROOT
from tests.support.modal_plane import IGNORE_LOCAL_WARNING, running_plane
from tests.support.modal_s3 import free_port
from tests.support.modalflow import deployed_by, newest, oldest, shell, task
from tests.support.pulumi_project import Project
from tests.support.s3_plane import LocalS3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.modal_plane import RunningPlane

pytestmark = pytest.mark.filterwarnings(IGNORE_LOCAL_WARNING)

BUCKET = "airflow-code"
SEEN = {
    "baked": "one.py",
    "synced": "one.py",
    "filled": "one.py",
    "bucket": "in_bucket.py",
    "role": "in_bucket.py",
}
ISSUER = "oidc.modal.com"
PROGRAM = """
    import os
    import pulumi
    from components.modal import (
        AirflowOnModal, DagBucket, DagVolume, ModalEnvironment, ModalServiceUser
    )

    modes = {
        "baked": None,
        "synced": DagVolume("my-dags"),
        "filled": DagVolume("my-dags", folder="dags"),
        "bucket": DagBucket(
            "s3://airflow-code/dags",
            access_key_id=os.environ["DAGS_KEY_ID"],
            access_key_secret=os.environ["DAGS_KEY_SECRET"],
            region="us-east-1",
        ),
        "role": DagBucket("s3://airflow-code/dags/", role_arn=os.environ["DAGS_ROLE"]),
    }
    environments = [ModalEnvironment(name, force_destroy=True) for name in modes]
    for environment, (name, dags) in zip(environments, modes.items()):
        airflow = AirflowOnModal(
            name,
            environment=environment,
            dags=dags,
            force_destroy=True,
        )
        pulumi.export(name, airflow.commands)
    user = ModalServiceUser(
        "ci",
        environment_roles={"synced": "contributor"},
        opts=pulumi.ResourceOptions(depends_on=environments),
    )
    pulumi.export("token_id", user.token_id)
    pulumi.export("token_secret", user.token_secret)
    """
READ_DAGS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": f"arn:aws:s3:::{BUCKET}",
            "Condition": {"StringLike": {"s3:prefix": "dags/*"}},
        },
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/dags/*",
        },
    ],
}


@pytest.fixture(scope="module")
def http_port() -> int:
    """Where the control plane's HTTP side will be, which S3 is told before."""
    return free_port()


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory, http_port: int) -> Iterator[LocalS3]:
    """A local S3 with a bucket that has a DAG, and something that is none."""
    issuers = f"https://{ISSUER}=http://127.0.0.1:{http_port}/oidc"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALCLOUD_OIDC_ISSUERS", issuers)
        yield from _serving(tmp_path_factory.mktemp("s3"))


def _serving(folder: Path) -> Iterator[LocalS3]:
    with LocalS3.start(folder) as server:
        client = server.client("s3")
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="dags/in_bucket.py", Body=b"# a DAG")
        client.put_object(Bucket=BUCKET, Key="other/no.py", Body=b"# none")
        yield server


@pytest.fixture(scope="module")
def key(s3: LocalS3) -> dict[str, str]:
    """The key of a user who may read the DAGs, and nothing else."""
    iam = s3.client("iam")
    iam.create_user(UserName="dags")
    iam.put_user_policy(
        UserName="dags", PolicyName="dags", PolicyDocument=json.dumps(READ_DAGS)
    )
    made = iam.create_access_key(UserName="dags")["AccessKey"]
    return {
        "DAGS_KEY_ID": made["AccessKeyId"],
        "DAGS_KEY_SECRET": made["SecretAccessKey"],
    }


@pytest.fixture(scope="module")
def role(s3: LocalS3) -> dict[str, str]:
    """A role that functions of one environment may have, to read the DAGs."""
    iam = s3.client("iam")
    provider = iam.create_open_id_connect_provider(
        Url=f"https://{ISSUER}", ClientIDList=[ISSUER]
    )["OpenIDConnectProviderArn"]
    subject = "modal:workspace_id:*:environment_name:role:app_name:modalflow-main:*"
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{ISSUER}:aud": ISSUER},
            "StringLike": {f"{ISSUER}:sub": subject},
        },
    }
    made = iam.create_role(
        RoleName="dags",
        AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [trust]}
        ),
    )["Role"]
    iam.put_role_policy(
        RoleName="dags", PolicyName="dags", PolicyDocument=json.dumps(READ_DAGS)
    )
    return {"DAGS_ROLE": made["Arn"]}


@pytest.fixture(scope="module")
def plane(
    tmp_path_factory: pytest.TempPathFactory, s3: LocalS3, http_port: int
) -> Iterator[RunningPlane]:
    """A control plane whose functions find the bucket."""
    state_dir = tmp_path_factory.mktemp("modal") / "state"
    # Without root's key: the function has the secret's, or none.
    env = {k: s3.env[k] for k in ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE")}
    with running_plane(state_dir, f"--http-port={http_port}", env=env) as running:
        yield running


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    plane: RunningPlane,
    key: dict[str, str],
    role: dict[str, str],
) -> Project:
    """A stack that has been brought up, with an environment for each mode."""
    project = Project(tmp_path_factory.mktemp("airflow"))
    (project.root / "components").symlink_to(ROOT / "components")
    (project.root / "tools").symlink_to(ROOT / "tools")
    dags = project.root / "dags"
    dags.mkdir()
    (dags / "one.py").write_text("# a DAG")
    project.env |= plane.env() | key | role
    project.program(PROGRAM)
    project("up", "--yes", "--skip-preview")
    return project


@pytest.fixture(scope="module")
def client(plane: RunningPlane) -> Iterator[modal.Client]:
    """A client of the control plane."""
    with plane.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def supported() -> dict[str, str]:
    """The variables by which commands are modal 1.3.0's."""
    return oldest()


@pytest.fixture(scope="module")
def latest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables by which commands are modal 1.6.4's."""
    return newest(tmp_path_factory.mktemp("modalflow"))


def dags_of(client: modal.Client, mode: str) -> set[str]:
    """Return what a task sees where Airflow looks for DAGs."""
    state = task(client, mode, ["ls", "/opt/airflow/dags"])
    assert state["status"] == "SUCCESS", state
    return set(state["stdout"].split())


def files_of(client: modal.Client, mode: str) -> list[str]:
    """Return what is on the DAGs' volume."""
    volume = modal.Volume.from_name("my-dags", environment_name=mode, client=client)
    return [entry.path for entry in volume.listdir("/")]


def assert_settled(stack: Project) -> None:
    """Have neither the program nor the control plane anything to change."""
    stack("preview", "--expect-no-changes", "--diff")
    stack("refresh", "--preview-only", "--expect-no-changes", "--diff")


@pytest.mark.parametrize("mode", ["baked", "synced", "bucket"])
def test_modalflow_deploys_by_itself_where_its_modal_lets_it(
    stack, plane, client, mode, supported
):
    """With modal 1.3 `modalflow deploy` works as told, and a task finds the DAGs."""
    shell(plane, stack.root, stack.outputs()[mode]["modalflow_deploy"], supported)
    assert deployed_by(plane, mode) == "1.3.0"
    assert dags_of(client, mode) == {SEEN[mode]}


@pytest.mark.parametrize("mode", SEEN)
def test_documented_command_deploys_with_the_newest_modal(
    stack, plane, client, mode, latest
):
    """With modal 1.6.4 the stack's command works, and a task finds the DAGs."""
    commands = stack.outputs()[mode]
    shell(plane, stack.root, commands["deploy"], latest)
    if mode == "synced":
        shell(plane, stack.root, commands["sync"], latest)
    assert deployed_by(plane, mode) == "1.6.4"
    assert dags_of(client, mode) == {SEEN[mode]}


def test_service_user_of_the_environment_may_do_all_that(stack, plane, latest):
    """The token of a contributor deploys, syncs, and has a task run."""
    shown = json.loads(stack("stack", "output", "--json", "--show-secrets").stdout)
    id_, secret = shown["token_id"], shown["token_secret"]
    variables = {**latest, "MODAL_TOKEN_ID": id_, "MODAL_TOKEN_SECRET": secret}
    for command in ("deploy", "sync"):
        shell(plane, stack.root, shown["synced"][command], variables)
    with plane.client(id_, secret) as user:
        assert dags_of(user, "synced") == {SEEN["synced"]}


def test_deployments_and_syncs_are_no_drift(stack, plane, client, supported):
    """What modalflow makes and uploads leaves nothing for the stack to change."""
    commands = stack.outputs()["synced"]
    shell(plane, stack.root, commands["modalflow_deploy"], supported)
    shell(plane, stack.root, commands["sync"], supported)
    assert files_of(client, "synced") == ["one.py"]
    assert_settled(stack)


def test_sync_into_a_volume_that_the_stack_fills_is_drift_by_name(
    stack, plane, client, tmp_path, supported
):
    """A refresh shows exactly the files that differ, and the next `up` undoes it."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "two.py").write_text("# another DAG")
    sync = f"modalflow sync --dags-path {other} --dags-volume my-dags"
    shell(plane, stack.root, f"MODAL_ENVIRONMENT=filled {sync}", supported)
    shown = stack("refresh", "--preview-only", "--diff").stdout
    files = re.findall(r"^ +([-+~]) (\S+): \{$", shown, re.MULTILINE)
    assert files == [("~", "files"), ("-", "one.py"), ("+", "two.py")], shown
    assert "~ 1 to update" in shown
    assert files_of(client, "filled") == ["two.py"]
    stack("up", "--yes", "--skip-preview", "--refresh")
    assert files_of(client, "filled") == ["one.py"]
    assert_settled(stack)


def test_modalflow_gets_these_wrong(stack, plane, supported, latest):
    """What docs/airflow-on-modal.md says of modalflow's own commands still is so."""
    wanted = "modalflow deploy --dags-source"
    told = shell(
        plane, stack.root, f"{wanted} local --dags-path dags", latest, ok=False
    )
    assert "must be specified with the -m flag" in told
    bucket = f"{wanted} cloud-bucket --dags-bucket s3://{BUCKET}/dags"
    named = "--dags-bucket-secret airflow-dags-bucket"
    in_bucket = f"MODAL_ENVIRONMENT=bucket {bucket} {named}"
    told = shell(plane, stack.root, in_bucket, supported, ok=False)
    assert "it must end in a '/'" in told
    elsewhere = f"{bucket}/ {named} --env bucket"
    told = shell(plane, stack.root, elsewhere, supported, ok=False)
    assert "'airflow-dags-bucket' not found in environment 'main'" in told


def test_key_is_sealed_in_the_state(stack, key):
    """Neither state nor outputs have the key that the stack was given in plaintext."""
    state = stack("stack", "export").stdout
    assert key["DAGS_KEY_SECRET"] not in state
    assert key["DAGS_KEY_SECRET"] not in json.dumps(stack.outputs())


def test_role_opens_the_bucket_for_its_environment_only(stack, plane, client, latest):
    """The same deployment elsewhere is refused by S3, and its task fails."""
    command = stack.outputs()["role"]["deploy"]
    elsewhere = command.replace("MODAL_ENVIRONMENT=role", "MODAL_ENVIRONMENT=baked")
    assert elsewhere != command
    shell(plane, stack.root, elsewhere, latest)
    with pytest.raises(modal.exception.RemoteError, match="AssumeRoleWithWebIdentity"):
        dags_of(client, "baked")


def test_everything_goes_with_the_stack(stack, plane):
    """A destroy deletes what modalflow wrote as well, where that was allowed."""
    stack("destroy", "--yes", "--skip-preview")
    listed = json.loads(plane.cli("environment", "list", "--json").stdout)
    assert {one["name"] for one in listed} == {"main"}
