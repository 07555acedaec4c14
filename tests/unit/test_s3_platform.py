"""A stack's S3, as its settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pydantic import ValidationError

from components.kernel import ConfigurationError
from components.kernel.check import failures_of
from components.s3.bucket_model import BucketArgs
from components.s3.dag_bucket import LIFECYCLE, DagBucket
from components.s3.platform import S3Platform
from components.s3.settings import KeySettings, RoleSettings, S3Settings
from tests.unit.kernel.program import Registered, Run, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRET = "canary-of-the-key"
ROLE = {"workspace_id": "ac-1"}


def declared(*, protect: bool = False, refer: str = "", **buckets: Any) -> Run:
    """Declare a stack's S3; the run's outputs are what `refer` stands for."""

    def program() -> Mapping[str, Any]:
        made = S3Platform(
            "s3",
            S3Settings.model_validate({"dag_buckets": buckets}),
            groups={"secrets": {"key": pulumi.Output.secret("arn:kms")}.get},
            protect=protect,
        )
        group, _, name = refer.partition(".")
        return {refer: made.groups[group](name)} if refer else {}

    return run(program, respond=lambda _: _minted())


def _minted() -> dict[str, Any]:
    return {
        "access_key_id": "AKIA1",
        "secret_access_key": SECRET,
        "arn": "arn:aws:iam::1:role/r",
        "home_region": "eu-west-1",
    }


def one(made: Run, kind: str) -> Registered:
    """Return the only resource of a kind."""
    (found,) = (r for r in made.registered if r.type.endswith(f"s3:{kind}"))
    return found


def faults(**buckets: Any) -> dict[str, str]:
    """Return what is wrong with settings, by path."""
    given = {"dag_buckets": buckets}
    try:
        S3Settings.model_validate(given)
    except ValidationError as error:
        return {fault.path: fault.reason for fault in failures_of(error, given)}
    return {}


def test_a_bucket_is_safe_with_nothing_said() -> None:
    """Versions, HTTPS only, a lifecycle that never takes what is current."""
    inputs = one(declared(dags={}), "Bucket").inputs
    assert inputs["name"] == "flowground-unit-dags"
    assert inputs["versioning"] is True
    assert inputs["tls_only"] is True
    assert not inputs["force_destroy"]
    assert inputs["lifecycle"].keys() == LIFECYCLE.keys()
    for rule in inputs["lifecycle"].values():
        assert "expire_after_days" not in rule
    assert BucketArgs.from_properties(inputs).public_access.block_policy


def test_what_is_said_goes_before_what_is_safe() -> None:
    """Field by field, and of the lifecycle rule by rule."""
    mine = {
        "name": "mine",
        "versioning": False,
        "kms_key": "arn:aws:kms:eu-west-1:1:key/k",
        "lifecycle": {"logs": {"prefix": "logs/", "expire_after_days": 9}},
        "tags": {"team": "data"},
    }
    inputs = one(declared(dags={"bucket": mine}), "Bucket").inputs
    assert (inputs["name"], inputs["versioning"]) == ("mine", False)
    assert inputs["bucket_key"] is True
    assert inputs["lifecycle"].keys() == {*LIFECYCLE, "logs"}


def test_a_reader_is_let_into_the_prefix_alone() -> None:
    """Both the role and the key, with the key that the objects are encrypted with."""
    kms_key = "arn:aws:kms:eu-west-1:1:key/k"
    made = declared(
        flows={
            "bucket": {"kms_key": kms_key},
            "prefix": "flows/etl/",
            "role": {**ROLE, "app": "etl"},
            "key": {"access": "write", "rotation": "2026"},
        }
    )
    for kind in ("OidcRole", "AccessKey"):
        inputs = one(made, kind).inputs
        assert inputs["name"] == "flowground-unit-flows"
        assert inputs["bucket"] == "flowground-unit-flows"
        assert inputs["prefix"] == "flows/etl/"
        assert inputs["kms_key"] == kms_key
    assert one(made, "OidcRole").inputs["environment"] == "flowground-unit"
    assert one(made, "OidcRole").inputs["app"] == "etl"
    assert one(made, "AccessKey").inputs["access"] == "write"
    assert "secret_access_key" in one(made, "AccessKey").secret_outputs


def test_files_go_below_the_prefix(tmp_path: Path) -> None:
    """To where the readers look for them."""
    (tmp_path / "etl.py").write_text("run = 1")
    made = declared(dags={"files": {"folder": str(tmp_path)}})
    inputs = one(made, "BucketFiles").inputs
    assert (inputs["bucket"], inputs["prefix"]) == ("flowground-unit-dags", "dags/")
    assert inputs["files"].keys() == {"etl.py"}


def test_a_folder_that_is_not_there_is_told_at_its_place() -> None:
    """A preview says which entry of the config names it."""
    with pytest.raises(ConfigurationError, match=r"^s3\.dag_buckets\.dags\.files: "):
        declared(dags={"files": {"folder": "no/such/folder"}})


@pytest.mark.parametrize(
    ("refer", "meant"),
    [
        ("buckets.dags", "flowground-unit-dags"),
        ("bucket_uris.dags", "s3://flowground-unit-dags/dags/"),
        ("bucket_regions.dags", "eu-west-1"),
        ("access_key_ids.dags", "AKIA1"),
        ("access_key_secrets.dags", SECRET),
        ("oidc_roles.dags", "arn:aws:iam::1:role/r"),
        ("oidc_roles.open", None),
        ("access_key_ids.open", None),
        ("buckets.none", None),
    ],
)
def test_later_services_refer_to_what_there_is(refer: str, meant: str | None) -> None:
    """By the bucket's key; nothing stands for what a bucket has not got."""
    made = declared(refer=refer, dags={"role": ROLE, "key": {}}, open={})
    assert made.outputs[refer] == meant


def test_a_bucket_may_refer_to_the_stacks_secrets() -> None:
    """As every config does, and a wrong name is told with its path."""
    made = declared(dags={"bucket": {"kms_key": "${secrets.key}"}})
    assert one(made, "Bucket").inputs["kms_key"] == "arn:kms"
    with pytest.raises(ConfigurationError, match=r"s3\.dag_buckets\.dags\.bucket"):
        declared(dags={"bucket": {"kms_key": "${secrets.none}"}})


def test_every_fault_is_told_at_its_place() -> None:
    """One preview names all that is wrong, each by its path in the config."""
    told = faults(
        dags={
            "bucket": {"name": "Upper", "versionning": True},
            "prefix": "dags",
            "role": {"workspace_id": "acme"},
            "key": {"access": "all"},
        },
        flows={"files": {"folder": ""}},
    )
    assert told.keys() == {
        "dag_buckets.dags.bucket.name",
        "dag_buckets.dags.bucket.versionning",
        "dag_buckets.dags.prefix",
        "dag_buckets.dags.role.workspace_id",
        "dag_buckets.dags.key.access",
        "dag_buckets.flows.files.folder",
    }


def test_who_reads_must_be_able_to_decrypt() -> None:
    """Policies know a key of KMS by its ARN alone; an alias would lock readers out."""
    aliased = {"kms_key": "alias/mine"}
    assert not faults(dags={"bucket": aliased})
    told = faults(dags={"bucket": aliased, "key": {}})
    assert "give `kms_key` the ARN" in told["dag_buckets.dags"]


def _bucket(**given: Any) -> dict[str, Any]:
    def program() -> dict[str, Any]:
        made = DagBucket("dags", **given)
        return {
            "uri": made.uri,
            "mount": made.mount,
            "variables": made.variables,
            "credentials": made.aws_credentials_block,
            "block": made.s3_bucket_block,
        }

    return run(program, respond=lambda _: _minted()).outputs


def test_a_role_needs_no_secret() -> None:
    """A mount with a role is whole; there is nothing to put into a Modal secret."""
    told = _bucket(role=RoleSettings(workspace_id="ac-1"))
    assert told["mount"] == {
        "bucket_name": "flowground-unit-dags",
        "key_prefix": "dags/",
        "read_only": True,
        "oidc_auth_role_arn": "arn:aws:iam::1:role/r",
    }
    assert told["variables"] == {}
    assert told["credentials"] == {}


def test_a_key_is_told_as_each_of_its_readers_wants_it() -> None:
    """AWS's variables for Modal's secret, and the fields of Prefect's blocks."""
    told = _bucket(key=KeySettings(), prefix="flows/")
    assert told["uri"] == "s3://flowground-unit-dags/flows/"
    assert told["variables"] == {
        "AWS_ACCESS_KEY_ID": "AKIA1",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "eu-west-1",
    }
    assert told["credentials"] == {
        "aws_access_key_id": "AKIA1",
        "aws_secret_access_key": SECRET,
        "region_name": "eu-west-1",
    }
    assert told["block"] == {
        "bucket_name": "flowground-unit-dags",
        "bucket_folder": "flows",
    }


def test_a_bucket_belongs_to_one_entry() -> None:
    """Two entries of one name would each take what the other has put for its own."""
    named = {"bucket": {"name": "acme-code"}}
    [told] = faults(flows=named, dags=named).values()
    assert told.startswith(
        "has the bucket 'acme-code' twice, as `dag_buckets.flows` and as "
        "`dag_buckets.dags`; "
    )
    referred = {"bucket": {"name": "${secrets.name}"}}
    assert faults(flows=referred, dags=referred, more={}) == {}
