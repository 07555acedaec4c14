"""The connection to AWS, against a real server or none at all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from components.kernel import AccessError, ConfigurationError, ServiceError
from components.s3 import client
from tests.support.modal_s3 import free_port

if TYPE_CHECKING:
    from tests.contract.conftest import Worlds
    from tests.support.s3_world import S3World

QUICK_SECONDS = 10


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    # Nor a developer's own profile, nor a machine's role.
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def world(worlds: Worlds) -> S3World:
    """Return an account."""
    return worlds.of("s3:Bucket")


@pytest.fixture
def config(world: S3World) -> dict[str, str]:
    """Return the stack's settings."""
    return {
        "awsEndpointUrl": world.env["AWS_ENDPOINT_URL"],
        "awsRegion": "us-east-1",
        "awsAccessKeyId": world.env["AWS_ACCESS_KEY_ID"],
        "awsSecretAccessKey": world.env["AWS_SECRET_ACCESS_KEY"],
    }


def test_previews_do_not_import_boto3() -> None:
    """Half a second is only paid where a call is really made."""
    code = "import sys, components.s3; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_stacks_config_is_enough(config: dict[str, str]) -> None:
    """Endpoint and credential need not be in the environment."""
    assert "Buckets" in client.connect(config, "account").call("s3", "list_buckets")


def test_a_dead_endpoint_is_one_sentence_and_quick(config: dict[str, str]) -> None:
    """boto3 by itself tries for half a minute."""
    url = f"http://127.0.0.1:{free_port()}"
    api = client.connect({**config, "awsEndpointUrl": url}, "account")
    begun = time.monotonic()
    with pytest.raises(ServiceError) as told:
        api.call("s3", "list_buckets")
    assert time.monotonic() - begun < QUICK_SECONDS
    assert str(told.value) == (
        f"AWS at {url} cannot be reached; check AWS_ENDPOINT_URL, AWS_REGION and the "
        "network"
    )


def test_a_wrong_secret_is_told_and_not_shown(config: dict[str, str]) -> None:
    """Nor is the signature, by which it could be guessed."""
    wrong = {**config, "awsSecretAccessKey": "canary/of+the=wrong"}
    with pytest.raises(AccessError, match="SignatureDoesNotMatch") as told:
        client.connect(wrong, "account").call("s3", "list_buckets")
    assert "to a valid key" in str(told.value)
    assert "canary" not in str(told.value)


def test_no_credential_is_told(config: dict[str, str]) -> None:
    """With none of AWS's own ways to find one either."""
    bare = {k: v for k, v in config.items() if "Access" not in k}
    with pytest.raises(ConfigurationError, match="or AWS_PROFILE"):
        client.connect(bare, "account").call("s3", "list_buckets")


def test_threads_share_one_client(config: dict[str, str], world: S3World) -> None:
    """Whoever comes first makes it, and all get their own answers."""
    api = client.connect({**config, "awsRegion": "eu-west-1"}, "account")

    def place(number: int) -> str:
        name = f"threads-{number}-{world.canary[-8:]}"
        api.call(
            "s3",
            "create_bucket",
            Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
        )
        answer = api.call("s3", "get_bucket_location", Bucket=name)
        api.call("s3", "delete_bucket", Bucket=name)
        return str(answer["LocationConstraint"])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(place, range(16))) == {"eu-west-1"}


def test_pages_are_all_seen(config: dict[str, str], world: S3World) -> None:
    """However small the service makes them."""
    api = client.connect(config, "account")
    name = f"pages-{world.canary[-8:]}"
    api.call("s3", "create_bucket", Bucket=name)
    keys = [f"{number}" for number in range(5)]
    for key in keys:
        api.call("s3", "put_object", Bucket=name, Key=key, Body=b"")
    pages = api.pages("s3", "list_objects_v2", Bucket=name, MaxKeys=2)
    seen = [one["Key"] for page in pages for one in page["Contents"]]
    assert seen == keys
    listed = [{"Key": key} for key in keys]
    api.call("s3", "delete_objects", Bucket=name, Delete={"Objects": listed})
    api.call("s3", "delete_bucket", Bucket=name)
