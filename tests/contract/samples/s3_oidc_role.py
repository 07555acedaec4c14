"""A role that Modal's functions take on."""

from __future__ import annotations

import json

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": name,
        "bucket": "shared-dags",
        "prefix": "dags/",
        "access": "write",
        "kms_key": "arn:aws:kms:us-east-1:123456789012:key/k",
        "workspace_id": "ac-ours",
        "environment": "dev",
        "app": "modalflow-main",
        "max_session_seconds": 7200,
    }


def _drift(world: World, live: Object) -> set[str]:
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": anybody})
    role = {"RoleName": live.inputs["name"]}
    put = {**role, "PolicyDocument": document}
    world.call("iam", "update_assume_role_policy", put)
    world.call("iam", "delete_role_policy", {**role, "PolicyName": "flowground"})
    return {"workspace_id", "access"}


def _remove(world: World, live: Object) -> None:
    role = {"RoleName": live.inputs["name"]}
    world.call("iam", "delete_role_policy", {**role, "PolicyName": "flowground"})
    world.call("iam", "delete_role", role)


def _exists(world: World, live: Object) -> int:
    found = world.call("iam", "get_role", {"RoleName": live.inputs["name"]})
    return int(found is not None)


SAMPLE = Sample(
    token="s3:OidcRole",
    inputs=_inputs,
    mutable={
        "prefix": {"prefix": "dags/team/"},
        "access": {"access": "read"},
        "workspace": {"workspace_id": "ac-other"},
        "environment": {"environment": "staging"},
        "app": {"app": "another"},
        "session": {"max_session_seconds": 3600},
    },
    unset=("prefix", "access", "kms_key", "app", "max_session_seconds"),
    immutable={"name": "renamed"},
    invalid={
        "name": {"name": "not allowed"},
        "bucket": {"bucket": "Not_A_Bucket"},
        "prefix": {"prefix": "*/"},
        "workspace_id": {"workspace_id": "*"},
        "environment": {"environment": "dev*"},
        "app": {"app": "a:b"},
        "max_session_seconds": {"max_session_seconds": 60},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"environment": "prod"},
    without={
        "test_a_batch_of_reads_costs_what_one_costs": (
            "no call lists roles with their policies: each is read by itself"
        )
    },
)
