"""A stack's S3 by real `pulumi` commands, on the local cloud's S3 alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from botocore.exceptions import ClientError
from modal.cloud_bucket_mount import _CloudBucketMount, cloud_bucket_mounts_to_proto

from tests.support.pulumi_project import ROOT, Project
from tests.support.s3_plane import LocalS3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET = "probe-dev-dags"
DRIFT = ("refresh", "--preview-only", "--expect-no-changes", "--diff")
PROGRAM = """
    import json

    import pulumi

    from components.s3.platform import S3Platform
    from components.s3.settings import S3Settings

    config = pulumi.Config()
    given = json.loads(pulumi.runtime.get_config(config.full_key("s3")))
    made = S3Platform(
        "s3",
        S3Settings.model_validate(given),
        groups={"secrets": config.get_secret},
        protect=False,
    )
    dags = made.dag_buckets["dags"]
    pulumi.export("uri", dags.uri)
    pulumi.export("mount", dags.mount)
    pulumi.export("variables", dags.variables)
    """
SETTINGS: dict[str, Any] = {
    "dag_buckets": {
        "dags": {
            "bucket": {"tags": {"team": "data"}},
            "files": {"folder": "dags"},
            "role": {"workspace_id": "ac-acme"},
            "key": {"rotation": "1"},
        }
    }
}


class S3Project(Project):
    """A program that has an `S3Platform` and nothing else, with its S3."""

    def __init__(self, folder: Path, s3: LocalS3) -> None:
        """Write the program and its config."""
        super().__init__(folder / "project")
        self.s3 = s3
        self.env = {k: v for k, v in self.env.items() if not k.startswith("AWS_")}
        self.write("dags/etl.py", "run = 1")
        self.write("dags/lib/of.py", "x = 1")
        (self.root / "components").symlink_to(ROOT / "components")
        self.program(PROGRAM)
        self.configure()

    def configure(self, **bucket: Any) -> None:
        """Write the stack's config, with something else said of the bucket."""
        settings = json.loads(json.dumps(SETTINGS))
        settings["dag_buckets"]["dags"]["bucket"] |= bucket
        path = self.root / "Pulumi.dev.yaml"
        known = yaml.safe_load(path.read_text()) if path.exists() else {}
        known.setdefault("config", {})["probe:s3"] = settings
        path.write_text(yaml.safe_dump(known))

    def up(self, *options: str) -> str:
        """Bring the stack up."""
        return self("up", "--yes", "--skip-preview", *options).stdout

    def told(self) -> dict[str, Any]:
        """Return the stack's outputs, secrets in plaintext."""
        shown = self("stack", "output", "--json", "--show-secrets").stdout
        return dict(json.loads(shown))

    def everything_written(self) -> str:
        """Return all of the backend, and what the server wrote to its log."""
        files = [*(self.root.parent / "state").rglob("*"), self.s3.log]
        return "".join(
            path.read_text(errors="replace") for path in files if path.is_file()
        )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Project]:
    """Return the program with its stack up, previewed where there was no S3 at all."""
    folder = tmp_path_factory.mktemp("s3-platform")
    with LocalS3.start(folder) as s3:
        made = S3Project(folder, s3)
        assert "+ 8 to create" in made("preview").stdout
        made.env |= s3.env
        made.up()
        yield made


def _key(told: dict[str, Any]) -> tuple[str, str]:
    variables = told["variables"]
    return variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]


def test_the_bucket_is_what_its_readers_find(project: S3Project) -> None:
    """By the key that the stack hands out, which opens the DAGs and nothing else."""
    told = project.told()
    assert told["uri"] == f"s3://{BUCKET}/dags/"
    reader = project.s3.client("s3", _key(told))
    listed = reader.list_objects_v2(Bucket=BUCKET, Prefix="dags/")["Contents"]
    assert [one["Key"] for one in listed] == ["dags/etl.py", "dags/lib/of.py"]
    body = reader.get_object(Bucket=BUCKET, Key="dags/etl.py")["Body"].read()
    assert body == b"run = 1"
    for refused in (
        lambda: reader.put_object(Bucket=BUCKET, Key="dags/etl.py", Body=b""),
        lambda: reader.list_objects_v2(Bucket=BUCKET),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
    plain = project.s3.client("s3", _key(told), tls=False)
    with pytest.raises(ClientError, match="AccessDenied"):
        plain.get_object(Bucket=BUCKET, Key="dags/etl.py")


def test_modals_own_code_takes_the_mount(project: S3Project) -> None:
    """As it is, for the role that the stack has made."""
    mount = _CloudBucketMount(**project.told()["mount"])
    ((sent,), _) = cloud_bucket_mounts_to_proto([("/dags", mount)])
    assert (sent.bucket_name, sent.key_prefix) == (BUCKET, "dags/")
    assert sent.read_only
    role = project.s3.client("iam").get_role(RoleName=BUCKET)["Role"]
    assert sent.oidc_auth_role_arn == role["Arn"]


def test_nothing_is_left_to_do_and_nothing_to_be_seen(project: S3Project) -> None:
    """A second run finds nothing, and the key's secret is written nowhere."""
    project(*DRIFT, "--run-program")
    seen = project("preview", "--expect-no-changes", "--diff", "--json").stdout
    seen += project("stack", "export").stdout + project.everything_written()
    _, secret = _key(project.told())
    assert len(secret) > 10
    assert secret not in seen


def test_drift_is_seen_and_mended(project: S3Project) -> None:
    """What somebody did to the bucket, its files and its role is named, and undone."""
    s3, iam = project.s3.client("s3"), project.s3.client("iam")
    s3.put_bucket_versioning(
        Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}
    )
    s3.delete_bucket_policy(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="dags/etl.py", Body=b"run = 2")
    s3.put_object(Bucket=BUCKET, Key="dags/theirs.py", Body=b"")
    iam.delete_role_policy(RoleName=BUCKET, PolicyName="flowground")
    said = project(*DRIFT, code=None).stdout
    said = "".join(said.split())
    for change in (
        "versioning:true=>false",
        "tls_only:true=>false",
        "etl.py",
        "theirs.py",
        'access:"read"=>"none"',
    ):
        assert change in said, change
    project.up("--refresh")
    project(*DRIFT)
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [one["Key"] for one in listed] == ["dags/etl.py", "dags/lib/of.py"]


def test_a_bucket_goes_with_what_it_holds_only_if_told(project: S3Project) -> None:
    """Old versions keep it from a destroy; `force_destroy` leaves nothing behind."""
    destroy = ("destroy", "--yes", "--skip-preview")
    said = project(*destroy, code=None)
    assert "it holds objects, or old versions of them" in said.stdout + said.stderr
    s3 = project.s3.client("s3")
    assert len(s3.list_object_versions(Bucket=BUCKET)["Versions"]) >= 2
    project.configure(force_destroy=True)
    project.up()
    project(*destroy)
    iam = project.s3.client("iam")
    assert s3.list_buckets()["Buckets"] == []
    assert iam.list_users()["Users"] == []
    assert iam.list_roles()["Roles"] == []
    providers = iam.list_open_id_connect_providers()
    assert providers["OpenIDConnectProviderList"] == []
