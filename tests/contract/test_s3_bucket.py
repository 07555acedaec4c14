"""The traps of buckets: what is lost, what is overwritten, what is half made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.support.servicer import CallError, Servicer

if TYPE_CHECKING:
    from tests.contract.conftest import Worlds
    from tests.support.s3_world import S3World
    from tests.support.servicer import Object

BUCKET = "s3:Bucket"
SETTINGS = 8
"""As many settings of a bucket have calls of their own."""


@pytest.fixture
def world(worlds: Worlds) -> S3World:
    """Return an account."""
    return worlds.of(BUCKET)


def put(world: S3World, bucket: str, key: str, body: bytes = b"x") -> None:
    world.call("s3", "put_object", {"Bucket": bucket, "Key": key, "Body": body})


def there(world: S3World, bucket: str) -> bool:
    return world.call("s3", "head_bucket", {"Bucket": bucket}) is not None


def emptied(world: S3World, made: Object) -> None:
    world.servicer.delete(
        world.servicer.update(made, {**made.inputs, "force_destroy": True})
    )


def test_a_bucket_is_not_deleted_with_what_it_holds(
    world: S3World, unique: str
) -> None:
    """Objects keep their bucket, and so do old versions and markers of deletions."""
    made = world.servicer.create(BUCKET, {"name": unique, "versioning": True})
    put(world, unique, "dags/a.py")
    with pytest.raises(CallError, match="it holds objects, or old versions of them"):
        world.servicer.delete(made)
    put(world, unique, "dags/a.py", b"y")
    world.call("s3", "delete_object", {"Bucket": unique, "Key": "dags/a.py"})
    assert not world.call("s3", "list_objects_v2", {"Bucket": unique})["KeyCount"]
    with pytest.raises(CallError, match="set force_destroy=True and run `pulumi up`"):
        world.servicer.delete(made)
    assert there(world, unique)
    emptied(world, made)
    assert not there(world, unique)


def test_a_new_bucket_is_closed_to_all_the_world(world: S3World, unique: str) -> None:
    """With nothing said, nobody outside can be let in, not even by a policy."""
    made = world.servicer.create(BUCKET, {"name": unique})
    asked = world.call("s3", "get_public_access_block", {"Bucket": unique})
    assert set(asked["PublicAccessBlockConfiguration"].values()) == {True}
    asked = world.call("s3", "get_bucket_ownership_controls", {"Bucket": unique})
    (rule,) = asked["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerEnforced"
    world.servicer.delete(made)


def test_only_what_changed_is_written(world: S3World, unique: str) -> None:
    """A new tag is one call, not one for each of a bucket's settings."""
    made = world.servicer.create(BUCKET, {"name": unique, "versioning": True})
    with world.recording() as calls:
        made = world.servicer.update(made, {**made.inputs, "tags": {"a": "b"}})
    assert [call for call in calls if call.writes] == [
        call for call in calls if call.method == "PUT"
    ]
    assert sum(call.writes for call in calls) == 1
    world.servicer.delete(made)


def test_a_read_costs_one_call_a_setting(world: S3World, unique: str) -> None:
    """And one more, that says whether the bucket is there."""
    made = world.servicer.create(BUCKET, {"name": unique})
    with world.recording() as calls:
        assert world.servicer.read(made) is not None
    assert len(calls) == SETTINGS + 1
    world.servicer.delete(made)
    with world.recording() as calls:
        assert world.servicer.read(made) is None
    assert len(calls) == 1


def test_a_create_that_was_cut_short_is_gone_on_with(
    world: S3World, unique: str
) -> None:
    """An empty bucket with some of the settings, and no others, is taken for ours."""
    world.call("s3", "create_bucket", {"Bucket": unique})
    on = {"VersioningConfiguration": {"Status": "Enabled"}}
    world.call("s3", "put_bucket_versioning", {"Bucket": unique, **on})
    wanted = {"name": unique, "versioning": True, "tls_only": True, "tags": {"a": "b"}}
    made = world.servicer.create(BUCKET, wanted)
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    world.servicer.delete(made)


def test_a_bucket_with_objects_is_nobodys_leftover(world: S3World, unique: str) -> None:
    """Somebody's bucket that nothing is set for is not configured behind their back."""
    world.call("s3", "create_bucket", {"Bucket": unique})
    put(world, unique, "theirs")
    with pytest.raises(CallError, match=r"differs in tls_only.*set adopt=True"):
        world.servicer.create(BUCKET, {"name": unique, "tls_only": True})
    assert world.call("s3", "get_bucket_policy", {"Bucket": unique}) is None
    wanted = {"name": unique, "tls_only": True, "force_destroy": True, "adopt": True}
    world.servicer.delete(world.servicer.create(BUCKET, wanted))


def test_plain_http_is_refused_if_so_wanted(world: S3World, unique: str) -> None:
    """With `tls_only` the object is there by HTTPS, and denied by HTTP."""
    wanted = {"name": unique, "tls_only": True, "force_destroy": True}
    made = world.servicer.create(BUCKET, wanted)
    put(world, unique, "dags/a.py")
    asked = {"Bucket": unique, "Key": "dags/a.py"}
    with pytest.raises(ClientError, match="AccessDenied"):
        world.client("s3", tls=False).get_object(**asked)
    open_to_all = world.servicer.update(made, {**wanted, "tls_only": False})
    world.client("s3", tls=False).get_object(**asked)
    world.servicer.delete(open_to_all)


def _policy(world: S3World, bucket: str) -> list[dict[str, Any]]:
    asked = world.call("s3", "get_bucket_policy", {"Bucket": bucket})
    return list(json.loads(asked["Policy"])["Statement"])


def test_a_policy_is_both_ours_and_the_programs(world: S3World, unique: str) -> None:
    """What somebody adds shows as the policy's drift, what they drop as its own."""
    theirs = {
        "Sid": "Theirs",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:DeleteBucket",
        "Resource": f"arn:aws:s3:::{unique}",
    }
    made = world.servicer.create(BUCKET, {"name": unique, "tls_only": True})
    added = [*_policy(world, unique), theirs]
    put_policy = {"Bucket": unique, "Policy": json.dumps({"Statement": added})}
    put_policy["Policy"] = put_policy["Policy"].replace(
        '{"Statement"', '{"Version": "2012-10-17", "Statement"', 1
    )
    world.call("s3", "put_bucket_policy", put_policy)
    live = world.servicer.read(made)
    assert live is not None
    assert world.servicer.diff(live, made.inputs) == (["policy"], [])
    assert json.loads(live.inputs["policy"])["Statement"] == [theirs]
    world.call("s3", "delete_bucket_policy", {"Bucket": unique})
    live = world.servicer.read(made)
    assert live is not None
    assert world.servicer.diff(live, made.inputs) == (["tls_only"], [])
    mended = world.servicer.update(live, made.inputs)
    assert len(_policy(world, unique)) == 1
    world.servicer.delete(mended)


def test_what_others_are_told_is_left_alone(world: S3World, unique: str) -> None:
    """A change of ours to what a bucket tells does not silence somebody else."""
    made = world.servicer.create(BUCKET, {"name": unique})
    queue = {
        "Id": "theirs",
        "QueueArn": "arn:aws:sqs:us-east-1:123456789012:theirs",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "dags/"}]}},
    }
    told = {"NotificationConfiguration": {"QueueConfigurations": [queue]}}
    world.call(
        "s3", "put_bucket_notification_configuration", {"Bucket": unique, **told}
    )
    live = world.servicer.read(made)
    assert live is not None
    assert world.servicer.diff(live, made.inputs) == ([], [])
    made = world.servicer.update(made, {**made.inputs, "event_bridge": True})
    asked = {"Bucket": unique}
    found = world.call("s3", "get_bucket_notification_configuration", asked)
    assert [one["Id"] for one in found["QueueConfigurations"]] == ["theirs"]
    ours = {"target": queue["QueueArn"], "events": ["s3:ObjectRemoved:*"]}
    wanted = {**made.inputs, "notifications": {"ours": ours}}
    made = world.servicer.update(made, wanted)
    found = world.call("s3", "get_bucket_notification_configuration", asked)
    assert [one["Id"] for one in found["QueueConfigurations"]] == ["ours"]
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    world.servicer.delete(made)


def test_a_bucket_can_live_in_another_region(world: S3World, unique: str) -> None:
    """It is made there, and found there by a credential of this region."""
    wanted = {"name": unique, "region": "eu-west-1"}
    made = world.servicer.create(BUCKET, wanted)
    place = world.call("s3", "get_bucket_location", {"Bucket": unique})
    assert place["LocationConstraint"] == "eu-west-1"
    live = world.servicer.read(made)
    assert live is not None
    assert live.outputs["home_region"] == "eu-west-1"
    assert live.inputs == made.inputs
    world.servicer.delete(made)


def test_a_rule_that_cannot_be_said_is_told(world: S3World, unique: str) -> None:
    """A lifecycle of dates, made by hand, is an error to mend and no silent loss."""
    made = world.servicer.create(BUCKET, {"name": unique})
    rule = {
        "ID": "by date",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Date": "2030-01-01T00:00:00Z"},
    }
    rules = {"LifecycleConfiguration": {"Rules": [rule]}}
    world.call("s3", "put_bucket_lifecycle_configuration", {"Bucket": unique, **rules})
    with pytest.raises(CallError, match="cannot express"):
        world.servicer.read(made)
    world.servicer.delete(made)


def test_a_credential_without_the_right_is_told(world: S3World, unique: str) -> None:
    """A 403 names the bucket and both ways out, and not the credential."""
    world.call("iam", "create_user", {"UserName": unique})
    key = world.call("iam", "create_access_key", {"UserName": unique})["AccessKey"]
    env = {
        **world.env,
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    with Servicer(env) as other, pytest.raises(CallError) as refused:
        other.create(BUCKET, {"name": unique})
    said = str(refused.value)
    assert f"cannot create bucket '{unique}': AWS says" in said
    assert "a policy that allows it" in said
    assert key["SecretAccessKey"] not in said
