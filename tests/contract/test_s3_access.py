"""The traps of keys and roles: what is shown once, what is shared, what is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.support.servicer import CallError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.conftest import Worlds
    from tests.support.s3_world import AwsCall, S3World
    from tests.support.servicer import Object

KEY = "s3:AccessKey"
ROLE = "s3:OidcRole"
PROVIDER = "oidc.modal.com"


@pytest.fixture
def world(worlds: Worlds) -> S3World:
    """Return an account."""
    return worlds.of(KEY)


@pytest.fixture
def bucket(world: S3World, unique: str) -> Iterator[str]:
    """Yield a bucket with a file in each of two folders."""
    name = f"b-{unique}"
    world.call("s3", "create_bucket", {"Bucket": name})
    files = [{"Key": "dags/a.py"}, {"Key": "dags-secret/b.py"}]
    for file in files:
        world.call("s3", "put_object", {"Bucket": name, "Body": b"x", **file})
    yield name
    made = world.call("s3", "list_objects_v2", {"Bucket": name})["Contents"]
    listed = [{"Key": one["Key"]} for one in made]
    world.call("s3", "delete_objects", {"Bucket": name, "Delete": {"Objects": listed}})
    world.call("s3", "delete_bucket", {"Bucket": name})


def keys(world: S3World, user: str) -> set[str]:
    listed = world.call("iam", "list_access_keys", {"UserName": user})
    return {key["AccessKeyId"] for key in listed["AccessKeyMetadata"]}


def works(world: S3World, key_id: str, secret: str) -> bool:
    try:
        world.client("sts", (key_id, secret)).get_caller_identity()
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidClientTokenId":
            raise
        return False
    return True


def of(made: Object) -> tuple[str, str]:
    return made.outputs["access_key_id"], made.outputs["secret_access_key"]


def denied(call: Any, **parameters: str) -> bool:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"] in {"AccessDenied", "403"}


def is_minting(call: AwsCall) -> bool:
    return call.path.endswith("CreateAccessKey") and call.status == 200


def test_a_key_opens_its_prefix_and_nothing_else(
    world: S3World, bucket: str, unique: str
) -> None:
    """It reads and lists below the prefix, and writes only if it was told to."""
    wanted = {"name": unique, "bucket": bucket, "prefix": "dags/"}
    made = world.servicer.create(KEY, wanted)
    s3 = world.client("s3", of(made))
    s3.get_object(Bucket=bucket, Key="dags/a.py")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="dags/")["Contents"]
    assert [one["Key"] for one in listed] == ["dags/a.py"]
    assert denied(s3.get_object, Bucket=bucket, Key="dags-secret/b.py")
    assert denied(s3.list_objects_v2, Bucket=bucket)
    assert denied(s3.list_objects_v2, Bucket=bucket, Prefix="dags-secret/")
    assert denied(s3.put_object, Bucket=bucket, Key="dags/new.py")
    assert denied(s3.list_buckets)
    made = world.servicer.update(made, {**wanted, "access": "write"})
    s3.put_object(Bucket=bucket, Key="dags/new.py")
    s3.delete_object(Bucket=bucket, Key="dags/new.py")
    assert denied(s3.put_object, Bucket=bucket, Key="new.py")
    assert denied(s3.delete_bucket, Bucket=bucket)
    world.servicer.delete(made)
    assert not works(world, *of(made))


def test_a_rotation_leaves_the_old_key_one_more_turn(
    world: S3World, unique: str
) -> None:
    """Two slots: the key before the present one works until the next rotation."""
    wanted = {"name": unique, "bucket": "shared-dags", "rotation": "1"}
    first = world.servicer.create(KEY, wanted)
    second = world.servicer.update(first, {**wanted, "rotation": "2"})
    assert of(second) != of(first)
    assert works(world, *of(first))
    assert works(world, *of(second))
    assert second.outputs["previous_access_key_id"] == of(first)[0]
    third = world.servicer.update(second, {**wanted, "rotation": "3"})
    assert keys(world, unique) == {of(second)[0], of(third)[0]}
    assert not works(world, *of(first))
    alone = world.servicer.update(third, {**third.inputs, "overlap": False})
    assert of(alone) == of(third)
    assert keys(world, unique) == {of(third)[0]}
    world.servicer.delete(alone)


def test_without_overlap_the_old_key_ends_last(world: S3World, unique: str) -> None:
    """It ends at once, but not before the new one was seen to work."""
    wanted = {"name": unique, "bucket": "shared-dags", "overlap": False}
    first = world.servicer.create(KEY, wanted)
    with world.recording() as calls:
        second = world.servicer.update(first, {**wanted, "rotation": "2"})
    done = [call.path.partition("=")[2] for call in calls]
    verified = done.index("GetCallerIdentity")
    assert done.index("CreateAccessKey") < verified < done.index("DeleteAccessKey")
    assert keys(world, unique) == {of(second)[0]}
    world.servicer.delete(second)


def test_a_key_whose_answer_was_lost_is_not_left_behind(
    world: S3World, unique: str
) -> None:
    """Nobody has its secret: it is deleted, and neither slot is lost to it."""
    wanted = {"name": unique, "bucket": "shared-dags"}
    world.lose_one_answer(is_minting)
    first = world.servicer.create(KEY, wanted)
    assert keys(world, unique) == {of(first)[0]}
    assert works(world, *of(first))
    world.lose_one_answer(is_minting)
    second = world.servicer.update(first, {**wanted, "rotation": "2"})
    assert keys(world, unique) == {of(first)[0], of(second)[0]}
    assert works(world, *of(second))
    world.servicer.delete(second)


@pytest.mark.parametrize("how", ["deactivated", "deleted"])
def test_a_key_that_ended_is_seen_and_made_anew(
    world: S3World, unique: str, how: str
) -> None:
    """Whoever ended it, the next `up` has a key that works."""
    made = world.servicer.create(KEY, {"name": unique, "bucket": "shared-dags"})
    key = {"UserName": unique, "AccessKeyId": of(made)[0]}
    if how == "deleted":
        world.call("iam", "delete_access_key", key)
    else:
        world.call("iam", "update_access_key", {**key, "Status": "Inactive"})
    live = world.servicer.read(made)
    assert live is not None
    assert world.servicer.diff(live, made.inputs) == (["key_works"], [])
    mended = world.servicer.update(live, made.inputs)
    assert works(world, *of(mended))
    again = world.servicer.read(mended)
    assert again is not None
    assert again.inputs == made.inputs
    world.servicer.delete(mended)


def test_a_second_key_made_by_hand_is_not_taken_for_ours(
    world: S3World, unique: str
) -> None:
    """The key in use stays the one whose secret the stack has, though it is older."""
    made = world.servicer.create(KEY, {"name": unique, "bucket": "shared-dags"})
    theirs = world.call("iam", "create_access_key", {"UserName": unique})["AccessKey"]
    live = world.servicer.read(made)
    assert live is not None
    assert live.outputs["access_key_id"] == of(made)[0]
    assert live.outputs["previous_access_key_id"] == theirs["AccessKeyId"]
    assert world.servicer.diff(live, made.inputs) == ([], [])
    world.servicer.delete(made)


def test_a_user_that_was_half_made_is_gone_on_with(world: S3World, unique: str) -> None:
    """Cut short after CreateUser, the next run ends with one user and one key."""
    ours = [{"Key": "managed-by", "Value": "flowground"}]
    world.call("iam", "create_user", {"UserName": unique, "Tags": ours})
    made = world.servicer.create(KEY, {"name": unique, "bucket": "shared-dags"})
    assert works(world, *of(made))
    world.servicer.delete(made)


def test_a_person_of_that_name_gets_no_key(world: S3World, unique: str) -> None:
    """A user that we have not made is refused, and left as it is."""
    world.call("iam", "create_user", {"UserName": unique})
    with pytest.raises(CallError, match="already there and differs in access"):
        world.servicer.create(KEY, {"name": unique, "bucket": "shared-dags"})
    assert keys(world, unique) == set()
    world.call("iam", "delete_user", {"UserName": unique})


def role(unique: str, number: int = 1, environment: str = "dev") -> dict[str, str]:
    return {
        "name": f"{unique}-{number}",
        "bucket": "shared-dags",
        "workspace_id": "ac-ours",
        "environment": environment,
    }


def provider(world: S3World) -> str | None:
    listed = world.call("iam", "list_open_id_connect_providers")
    arns = [one["Arn"] for one in listed["OpenIDConnectProviderList"]]
    return next((arn for arn in arns if arn.endswith(PROVIDER)), None)


@pytest.fixture
def no_provider(world: S3World) -> None:
    """Start without what roles of other tests may have left."""
    world.end(ROLE)
    assert provider(world) is None


@pytest.mark.usefixtures("no_provider")
def test_roles_share_a_provider_until_the_last(world: S3World, unique: str) -> None:
    """The first role brings the provider, and only the last one takes it away."""
    first = world.servicer.create(ROLE, role(unique, 1))
    second = world.another.create(ROLE, role(unique, 2))
    assert provider(world)
    world.servicer.delete(first)
    assert provider(world)
    world.another.delete(second)
    assert provider(world) is None


@pytest.mark.usefixtures("no_provider")
def test_a_provider_that_the_lost_call_made_is_used(
    world: S3World, unique: str
) -> None:
    """The call is sent again, and is told that there is one already."""
    world.lose_one_answer(lambda call: call.writes and call.status < 300)
    made = world.servicer.create(ROLE, role(unique, 1))
    assert provider(world)
    world.servicer.delete(made)
    assert provider(world) is None


@pytest.mark.usefixtures("no_provider")
def test_somebody_elses_provider_stays(world: S3World, unique: str) -> None:
    """A provider made by hand is used, made to take AWS's tokens, and left there."""
    theirs = {"Url": f"https://{PROVIDER}", "ClientIDList": ["theirs"]}
    world.call("iam", "create_open_id_connect_provider", theirs)
    made = world.servicer.create(ROLE, role(unique))
    arn = provider(world)
    asked = {"OpenIDConnectProviderArn": arn}
    found = world.call("iam", "get_open_id_connect_provider", asked)
    assert set(found["ClientIDList"]) == {"theirs", PROVIDER}
    world.servicer.delete(made)
    assert provider(world) == arn
    world.call("iam", "delete_open_id_connect_provider", asked)


@pytest.mark.usefixtures("no_provider")
def test_a_provider_that_is_gone_is_seen_and_made_anew(
    world: S3World, unique: str
) -> None:
    """Without it nobody gets in, whatever the role says."""
    made = world.servicer.create(ROLE, role(unique))
    gone = {"OpenIDConnectProviderArn": provider(world)}
    world.call("iam", "delete_open_id_connect_provider", gone)
    live = world.servicer.read(made)
    assert live is not None
    assert world.servicer.diff(live, made.inputs) == (["provider_there"], [])
    world.servicer.update(live, made.inputs)
    assert provider(world)
    world.servicer.delete(made)


def test_a_role_that_was_half_made_is_gone_on_with(world: S3World, unique: str) -> None:
    """Cut short before it could do anything, it is made what is wanted by then."""
    wanted = role(unique, environment="staging")
    half = world.servicer.create(ROLE, {**wanted, "environment": "dev"})
    policy = {"RoleName": half.id, "PolicyName": "flowground"}
    world.call("iam", "delete_role_policy", policy)
    made = world.another.create(ROLE, wanted)
    live = world.another.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    world.another.delete(made)
