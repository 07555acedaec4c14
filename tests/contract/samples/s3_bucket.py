"""A bucket of S3."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World

_STATEMENT = {
    "Sid": "NoTape",
    "Effect": "Deny",
    "Principal": {"AWS": ["*"]},
    "Action": ["s3:PutObject"],
    "Resource": "arn:aws:s3:::anything/*",
    "Condition": {"StringEquals": {"s3:x-amz-storage-class": "GLACIER"}},
}


def _inputs(_: World, name: str) -> Properties:
    statement = {**_STATEMENT, "Resource": f"arn:aws:s3:::{name}/*"}
    return {
        "name": name,
        "region": "us-east-1",
        "versioning": True,
        "encryption": "kms",
        "kms_key": "alias/aws/s3",
        "bucket_key": True,
        "public_access": {"block_policy": True, "restrict_access": False},
        "ownership": "BucketOwnerPreferred",
        "tls_only": True,
        "policy": {"Statement": statement},
        "lifecycle": {
            "old": {
                "prefix": "dags/",
                "noncurrent_expire_after_days": 30,
                "noncurrent_keep": 5,
                "larger_than": 1024,
                "tags": {"keep": "no", "and": "so"},
            },
            "logs": {"prefix": "logs/", "expire_after_days": 90},
            "uploads": {"abort_uploads_after_days": 7, "enabled": False},
        },
        "tags": {"team": "data"},
        "event_bridge": True,
        "force_destroy": True,
    }


def _drift(world: World, live: Object) -> set[str]:
    name = live.inputs["name"]
    suspended = {"VersioningConfiguration": {"Status": "Suspended"}}
    world.call("s3", "put_bucket_versioning", {"Bucket": name, **suspended})
    world.call("s3", "delete_bucket_lifecycle", {"Bucket": name})
    world.call("s3", "delete_public_access_block", {"Bucket": name})
    return {"versioning", "lifecycle", "public_access"}


def _remove(world: World, live: Object) -> None:
    world.call("s3", "delete_bucket", {"Bucket": live.inputs["name"]})


def _exists(world: World, live: Object) -> int:
    found = world.call("s3", "head_bucket", {"Bucket": live.inputs["name"]})
    return int(found is not None)


_ALL = {"block_acls": True, "ignore_acls": True, "block_policy": True}

SAMPLE = Sample(
    token="s3:Bucket",
    inputs=_inputs,
    mutable={
        "versioning": {"versioning": False},
        "bucket key": {"bucket_key": False},
        "public access": {"public_access": {**_ALL, "restrict_access": True}},
        "ownership": {"ownership": "BucketOwnerEnforced"},
        "tls": {"tls_only": False},
        "lifecycle": {"lifecycle": {"logs": {"expire_after_days": 9, "prefix": "l/"}}},
        "tags": {"tags": {"team": "ops", "stage": "dev"}},
        "events": {"event_bridge": False},
        "force_destroy": {"force_destroy": False},
    },
    unset=(
        "versioning",
        "bucket_key",
        "public_access",
        "ownership",
        "tls_only",
        "policy",
        "lifecycle",
        "tags",
        "event_bridge",
        "force_destroy",
    ),
    immutable={"name": "renamed", "region": "eu-west-1"},
    invalid={
        "name": {"name": "Not_A_Name"},
        "region": {"region": "Virginia!"},
        "encryption": {"encryption": "rot13"},
        "policy": {"policy": {"Statement": []}},
        "lifecycle.x.noncurrent_keep": {"lifecycle": {"x": {"noncurrent_keep": 101}}},
        "tags.aws:team": {"tags": {"aws:team": "x"}},
        "ownership": {"ownership": "everybody"},
        "notifications.all.target": {
            "notifications": {"all": {"target": "me", "events": ["s3:ObjectCreated:*"]}}
        },
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"tags": {"team": "other"}},
    without={
        "test_a_batch_of_reads_costs_what_one_costs": (
            "no call lists buckets with their settings: each is read by itself"
        )
    },
)
