"""A key to one prefix of a bucket."""

from __future__ import annotations

import json

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": name,
        "bucket": "shared-dags",
        "prefix": "dags/team-a/",
        "access": "write",
        "kms_key": "arn:aws:kms:us-east-1:123456789012:key/k",
        "rotation": "1",
        "overlap": False,
    }


def _drift(world: World, live: Object) -> set[str]:
    all_of_it = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": all_of_it})
    put = {"PolicyName": "flowground", "PolicyDocument": document}
    world.call("iam", "put_user_policy", {"UserName": live.inputs["name"], **put})
    return {"access"}


def _remove(world: World, live: Object) -> None:
    user = {"UserName": live.inputs["name"]}
    key = {"AccessKeyId": live.outputs["access_key_id"]}
    world.call("iam", "delete_access_key", {**user, **key})
    world.call("iam", "delete_user_policy", {**user, "PolicyName": "flowground"})
    world.call("iam", "delete_user", user)


def _exists(world: World, live: Object) -> int:
    found = world.call("iam", "get_user", {"UserName": live.inputs["name"]})
    return int(found is not None)


SAMPLE = Sample(
    token="s3:AccessKey",
    inputs=_inputs,
    mutable={
        "prefix": {"prefix": "dags/"},
        "bucket": {"bucket": "other-dags"},
        "access": {"access": "read"},
        "key": {"kms_key": "arn:aws:kms:us-east-1:123456789012:key/other"},
        "rotation": {"rotation": "2"},
        "overlap": {"overlap": True},
    },
    unset=("prefix", "access", "kms_key", "rotation", "overlap"),
    immutable={"name": "renamed"},
    invalid={
        "name": {"name": "not allowed"},
        "bucket": {"bucket": "Not_A_Bucket"},
        "prefix": {"prefix": "no-slash"},
        "access": {"access": "everything"},
        "kms_key": {"kms_key": "alias/mine"},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"prefix": "dags/team-b/"},
    secret=frozenset({"secret_access_key"}),
    without={
        "test_a_batch_of_reads_costs_what_one_costs": (
            "no call lists users with their keys: each is read by itself"
        )
    },
)
