"""What a client was told is there after `kill -9`, and nothing else."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.s3_errors import refused
from tests.support.s3_plane import LocalS3

LARGE = 300_000
TRUST = '{"Version":"2012-10-17","Statement":[]}'


@pytest.fixture
def own(tmp_path):
    """A local S3 that this test may kill."""
    with LocalS3.start(tmp_path) as server:
        yield server


def test_everything_survives_a_kill(own):
    """Buckets with all their settings, objects, versions, uploads, users, keys."""
    s3, iam, kms = (own.client(service) for service in ("s3", "iam", "kms"))
    s3.create_bucket(Bucket="kept")
    s3.create_bucket(Bucket="gone")
    s3.put_bucket_versioning(
        Bucket="kept", VersioningConfiguration={"Status": "Enabled"}
    )
    s3.put_bucket_tagging(
        Bucket="kept", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    first = s3.put_object(Bucket="kept", Key="k", Body=b"1", Tagging="t=1")
    s3.put_object(Bucket="kept", Key="k", Body=b"2" * LARGE, Metadata={"m": "1"})
    s3.put_object(Bucket="kept", Key="deleted", Body=b"x")
    s3.delete_object(Bucket="kept", Key="deleted")
    upload = s3.create_multipart_upload(Bucket="kept", Key="parts")["UploadId"]
    part = s3.upload_part(
        Bucket="kept", Key="parts", UploadId=upload, PartNumber=1, Body=b"p" * LARGE
    )
    s3.delete_bucket(Bucket="gone")
    iam.create_user(UserName="u")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    made = iam.create_access_key(UserName="u")["AccessKey"]
    key_id = kms.create_key(Description="mine")["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key_id, Plaintext=b"secret")["CiphertextBlob"]
    before = (
        s3.list_object_versions(Bucket="kept"),
        s3.get_bucket_tagging(Bucket="kept")["TagSet"],
        s3.head_object(Bucket="kept", Key="k"),
    )
    own.kill()
    own.up()
    s3, iam, kms = (own.client(service) for service in ("s3", "iam", "kms"))
    after = (
        s3.list_object_versions(Bucket="kept"),
        s3.get_bucket_tagging(Bucket="kept")["TagSet"],
        s3.head_object(Bucket="kept", Key="k"),
    )
    for answer in (*before, *after):
        if isinstance(answer, dict):
            del answer["ResponseMetadata"]
    assert after == before
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["kept"]
    old = s3.get_object(Bucket="kept", Key="k", VersionId=first["VersionId"])
    assert old["Body"].read() == b"1"
    assert s3.get_object(Bucket="kept", Key="k")["Body"].read() == b"2" * LARGE
    tags = s3.get_object_tagging(Bucket="kept", Key="k", VersionId=first["VersionId"])
    assert tags["TagSet"] == [{"Key": "t", "Value": "1"}]
    s3.complete_multipart_upload(
        Bucket="kept",
        Key="parts",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    assert s3.get_object(Bucket="kept", Key="parts")["Body"].read() == b"p" * LARGE
    assert iam.get_role(RoleName="r")["Role"]["Arn"].endswith(":role/r")
    user = (made["AccessKeyId"], made["SecretAccessKey"])
    assert own.client("sts", user).get_caller_identity()["Arn"].endswith(":user/u")
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"


def test_a_kill_in_the_middle_of_uploads_keeps_what_was_answered(own):
    """Whatever got an answer is whole; whatever did not is whole or not there."""
    s3 = own.client("s3")
    s3.create_bucket(Bucket="bucket")
    answered: list[str] = []
    enough = threading.Event()

    def write(thread: int) -> None:
        mine = own.client("s3")
        for number in range(10_000):
            key = f"{thread}/{number}"
            size = LARGE if number % 2 else 1000
            try:
                mine.put_object(Bucket="bucket", Key=key, Body=_body(key, size))
            except (BotoCoreError, ClientError):
                return
            answered.append(key)
            if len(answered) >= 30:
                enough.set()

    threads = [threading.Thread(target=write, args=(each,)) for each in range(3)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    own.kill()
    for thread in threads:
        thread.join(60)
    own.up()
    s3 = own.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="bucket")
    held = {item["Key"] for page in pages for item in page.get("Contents", ())}
    assert set(answered) <= held
    for key in held:
        body = s3.get_object(Bucket="bucket", Key=key)["Body"].read()
        assert body == _body(key, len(body))
        assert len(body) in (1000, LARGE)
    # Of uploads that came to nothing no file is left behind.
    with closing(sqlite3.connect(own.state_dir / "state.db")) as database:
        (small,) = database.execute("SELECT count(*) FROM bodies").fetchone()
    large = len(list((own.state_dir / "bodies").iterdir()))
    assert small + large == len(held)


def _body(key: str, size: int) -> bytes:
    return (key.encode() * size)[:size]


def test_replaced_and_deleted_bodies_leave_the_disk(own):
    """The folder holds what the buckets hold."""
    s3 = own.client("s3")
    s3.create_bucket(Bucket="bucket")
    bodies = own.state_dir / "bodies"
    for body in (b"1" * LARGE, b"2" * LARGE):
        s3.put_object(Bucket="bucket", Key="k", Body=body)
    assert len(list(bodies.iterdir())) == 1
    with refused("PreconditionFailed"):
        s3.put_object(Bucket="bucket", Key="k", Body=b"3" * LARGE, IfNoneMatch="*")
    upload = s3.create_multipart_upload(Bucket="bucket", Key="l")["UploadId"]
    s3.upload_part(
        Bucket="bucket", Key="l", UploadId=upload, PartNumber=1, Body=b"4" * LARGE
    )
    assert len(list(bodies.iterdir())) == 2
    s3.abort_multipart_upload(Bucket="bucket", Key="l", UploadId=upload)
    s3.delete_object(Bucket="bucket", Key="k")
    assert list(bodies.iterdir()) == []


def test_a_clean_end_is_quick_and_successful(own):
    """SIGTERM ends it with success, with a client's connection still open."""
    own.client("s3").list_buckets()
    assert own.stop() == 0


@pytest.mark.usefixtures("own")
def test_a_second_server_on_the_folder_is_refused(tmp_path):
    """Two would each keep half of what is written."""
    second = LocalS3(tmp_path)
    second.log = tmp_path / "second.log"
    with pytest.raises(AssertionError, match="is in use by another local S3"):
        second.up()
    assert second.stop() == 1
