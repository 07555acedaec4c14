"""Objects as S3 has them: conditions, checksums, parts, versions, batches."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest

from tests.support.s3_errors import refused

PART = 5 * 1024 * 1024


def crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def test_a_conditional_write_has_one_winner(root, bucket):
    """`If-None-Match: *` makes, `If-Match` replaces what was read: Pulumi's lock."""
    made = root.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        root.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    root.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=made["ETag"])
    with refused("PreconditionFailed", 412):
        root.put_object(Bucket=bucket, Key="k", Body=b"4", IfMatch=made["ETag"])
    assert root.get_object(Bucket=bucket, Key="k")["Body"].read() == b"3"


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_kept_and_told(s3, bucket, algorithm, tls):
    """Sent in a header (HTTP) or after the body (HTTPS), a checksum is the object's."""
    client = s3.client("s3", tls=tls)
    body = b"some text"
    client.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=algorithm)
    head = client.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    digest = {
        "CRC32": lambda: zlib.crc32(body).to_bytes(4, "big"),
        "SHA1": lambda: hashlib.sha1(body, usedforsecurity=False).digest(),
        "SHA256": lambda: hashlib.sha256(body).digest(),
    }[algorithm]()
    assert head[f"Checksum{algorithm}"] == base64.b64encode(digest).decode()
    assert "x-amz-content-sha256" not in head["ResponseMetadata"]["HTTPHeaders"]
    got = client.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == body


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ContentMD5": base64.b64encode(b"0" * 16).decode()}, "BadDigest"),
        ({"ContentMD5": "nonsense"}, "InvalidDigest"),
        ({"ChecksumCRC32": crc32(b"other")}, "BadDigest"),
        ({"ChecksumSHA256": base64.b64encode(b"0" * 32).decode()}, "BadDigest"),
    ],
)
def test_a_damaged_body_is_not_kept(root, bucket, given, code):
    """A body that is not what its digest says is refused; moto would keep it."""
    with refused(code, 400):
        root.put_object(Bucket=bucket, Key="k", Body=b"some text", **given)
    assert "Contents" not in root.list_objects_v2(Bucket=bucket)


def test_an_upload_in_parts_becomes_one_object(root, bucket):
    """Parts are assembled, its ETag and checksum are of the parts'."""
    bodies = [b"a" * PART, b"b" * 10]
    upload = root.create_multipart_upload(
        Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256"
    )["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        part = root.upload_part(
            Bucket=bucket,
            Key="k",
            UploadId=upload,
            PartNumber=number,
            Body=body,
            ChecksumAlgorithm="SHA256",
        )
        names = ("ETag", "ChecksumSHA256")
        parts.append({"PartNumber": number, **{name: part[name] for name in names}})
    assert "Contents" not in root.list_objects_v2(Bucket=bucket)
    root.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    head = root.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    digests = b"".join(hashlib.sha256(body).digest() for body in bodies)
    composite = base64.b64encode(hashlib.sha256(digests).digest()).decode()
    assert head["ContentLength"] == PART + 10
    assert head["ETag"].endswith('-2"')
    assert head["ChecksumSHA256"] == f"{composite}-2"
    assert head["ChecksumType"] == "COMPOSITE"
    last = root.get_object(Bucket=bucket, Key="k", Range=f"bytes={PART - 1}-")
    assert last["Body"].read() == b"a" + b"b" * 10


def test_versions_let_one_undo(root, bucket):
    """A versioned bucket keeps what was replaced and deleted, until told otherwise."""
    root.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    first = root.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    root.put_object(Bucket=bucket, Key="k", Body=b"2")
    marker = root.delete_object(Bucket=bucket, Key="k")["VersionId"]
    with refused("NoSuchKey"):
        root.get_object(Bucket=bucket, Key="k")
    root.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    assert root.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"
    old = root.get_object(Bucket=bucket, Key="k", VersionId=first)
    assert old["Body"].read() == b"1"
    with refused("BucketNotEmpty"):
        root.delete_bucket(Bucket=bucket)


def test_suspending_versioning_loses_no_version(root, bucket):
    """Writes and deletions then concern the version `null` alone; moto drops all."""
    root.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    kept = root.put_object(Bucket=bucket, Key="k", Body=b"kept")["VersionId"]
    root.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
    )
    for body in (b"a", b"b"):
        root.put_object(Bucket=bucket, Key="k", Body=body)
    listed = root.list_object_versions(Bucket=bucket)["Versions"]
    assert {each["VersionId"] for each in listed} == {kept, "null"}
    assert root.get_object(Bucket=bucket, Key="k")["Body"].read() == b"b"
    root.delete_object(Bucket=bucket, Key="k")
    found = root.list_object_versions(Bucket=bucket)
    assert [each["VersionId"] for each in found["Versions"]] == [kept]
    assert [each["VersionId"] for each in found["DeleteMarkers"]] == ["null"]
    old = root.get_object(Bucket=bucket, Key="k", VersionId=kept)
    assert old["Body"].read() == b"kept"


def test_deleting_a_version_that_is_not_there_deletes_nothing(root, bucket):
    """In an unversioned bucket moto deletes the object, whatever version is named."""
    root.put_object(Bucket=bucket, Key="k", Body=b"x")
    root.delete_object(Bucket=bucket, Key="k", VersionId="0" * 32)
    root.head_object(Bucket=bucket, Key="k")
    root.delete_object(Bucket=bucket, Key="k", VersionId="null")
    with refused("404"):
        root.head_object(Bucket=bucket, Key="k")


def test_objects_are_deleted_by_the_thousand(root, bucket):
    """A batch takes a thousand keys, strange ones too."""
    odd = ["a b/ü+%25&.py", "x<y>&z"]
    for key in odd:
        root.put_object(Bucket=bucket, Key=key, Body=b"")
    listed = root.list_objects_v2(Bucket=bucket)["Contents"]
    assert {each["Key"] for each in listed} == set(odd)
    names = [*odd, *(f"k{number}" for number in range(998))]
    done = root.delete_objects(
        Bucket=bucket,
        Delete={"Objects": [{"Key": key} for key in names], "Quiet": False},
    )
    assert "Errors" not in done
    assert "Contents" not in root.list_objects_v2(Bucket=bucket)


def test_metadata_and_tags_come_back(root, bucket):
    """Names keep their underscores, values their case."""
    root.put_object(
        Bucket=bucket,
        Key="k",
        Body=b"x",
        Metadata={"my_key": "Value", "other-key": "2"},
        Tagging="team=data&x=y",
        ContentType="text/x-python",
        CacheControl="no-cache",
    )
    head = root.head_object(Bucket=bucket, Key="k")
    assert head["Metadata"] == {"my_key": "Value", "other-key": "2"}
    assert (head["ContentType"], head["CacheControl"]) == ("text/x-python", "no-cache")
    tags = root.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "data", "x": "y"}


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [
        ("CRC32C", 0xE3069283.to_bytes(4, "big")),
        ("CRC64NVME", 0xAE8B14860A799888.to_bytes(8, "big")),
    ],
)
def test_the_newer_checksums_are_what_they_say(root, bucket, algorithm, value):
    """Known checksums of `123456789` are right; CRC32, as moto has it, is not."""
    right = {f"Checksum{algorithm}": base64.b64encode(value).decode()}
    root.put_object(Bucket=bucket, Key="k", Body=b"123456789", **right)
    head = root.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == right[f"Checksum{algorithm}"]
    wrong = {f"Checksum{algorithm}": crc32(b"123456789")}
    with refused("BadDigest", 400):
        root.put_object(Bucket=bucket, Key="k", Body=b"123456789", **wrong)
