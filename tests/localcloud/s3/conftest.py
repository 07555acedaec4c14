"""One local S3 for a test run's process, and names that no other test has."""

from __future__ import annotations

import json
import secrets

import pytest

from tests.support.s3_plane import LocalS3


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """A running local S3, shared by the tests of this process."""
    with LocalS3.start(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def root(s3):
    """The owner's client for S3."""
    return s3.client("s3")


@pytest.fixture
def name():
    """A name for this test's bucket, user or role."""
    return f"t-{secrets.token_hex(6)}"


@pytest.fixture
def bucket(root, name):
    """A new bucket, as AWS makes it."""
    root.create_bucket(Bucket=name)
    return name


@pytest.fixture
def user(s3, name):
    """Make an IAM user of some statements, and return a key of it."""
    iam = s3.client("iam")

    def make(*statements):
        iam.create_user(UserName=name)
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_user_policy(
            UserName=name, PolicyName="p", PolicyDocument=json.dumps(document)
        )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    return make
