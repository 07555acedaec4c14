"""What a program says of a bucket's files, and by what they are known."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3 import HTTPResponse

from components.kernel import ConfigurationError
from components.s3 import Bucket, BucketFiles
from components.s3 import objects as s3_objects
from components.s3.client import S3Api
from components.s3.session import Account, Session
from tests.support.mirrors import told, write
from tests.unit.kernel.program import run

if TYPE_CHECKING:
    from pathlib import Path


def test_a_program_names_a_bucket_and_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is made of it; neither modes nor the machine's path are in it."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "dags", {"etl.py": "1", "run.sh": "2"})
    (tmp_path / "dags/run.sh").chmod(0o755)

    def program() -> None:
        bucket = Bucket("store", name="acme-dags")
        BucketFiles("ours", bucket=bucket, folder="dags", prefix="dags/")
        BucketFiles("theirs", bucket="their-bucket", folder="dags")

    made = run(program)
    expected = told(tmp_path / "dags", mode=False) | {"folder": "dags"}
    for name, bucket in {"ours": "acme-dags", "theirs": "their-bucket"}.items():
        inputs = made[name].inputs
        assert {key: inputs[key] for key in expected} == expected
        assert inputs["bucket"] == bucket
    assert made["ours"].inputs["prefix"] == "dags/"


def test_a_folder_that_is_not_there_ends_the_program(tmp_path: Path) -> None:
    """At the first preview, by one sentence."""
    with pytest.raises(ConfigurationError, match="is not there; correct its path"):
        run(lambda: BucketFiles("x", bucket="bucket", folder=tmp_path / "no"))


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 9])
def test_a_small_files_etag_is_its_md5(tmp_path: Path, content: bytes) -> None:
    """As S3 gives it to what is put in one call, an empty file too."""
    (tmp_path / "file").write_bytes(content)
    md5 = hashlib.md5(content, usedforsecurity=False)
    assert s3_objects.etag_of(tmp_path / "file") == md5.hexdigest()


@pytest.mark.parametrize(("size", "parts"), [(10, 1), (11, 2), (20, 2), (21, 3)])
def test_a_large_files_etag_is_that_of_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, parts: int
) -> None:
    """The MD5 of their MD5s, and how many there are."""
    monkeypatch.setattr(s3_objects, "PART", 10)
    content = bytes(range(size))
    (tmp_path / "file").write_bytes(content)
    each = [
        hashlib.md5(content[at : at + 10], usedforsecurity=False).digest()
        for at in range(0, size, 10)
    ]
    whole = hashlib.md5(b"".join(each), usedforsecurity=False).hexdigest()
    assert s3_objects.etag_of(tmp_path / "file") == f"{whole}-{parts}"


@pytest.mark.parametrize(("size", "asks"), [(0, False), (10, False), (2**21, True)])
def test_only_what_is_large_is_asked_for_first(
    tmp_path: Path, size: int, *, asks: bool
) -> None:
    """A small file goes out with its call: asking would double the time of each."""
    sent: list[bool] = []

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        sent.append("Expect" in request.headers)
        empty = HTTPResponse(io.BytesIO(), preload_content=False)
        return AWSResponse(request.url, 200, {"ETag": '"e"'}, empty)

    account = Account(region="eu-west-1", key_id="k", secret="s")
    api = S3Api(Session(account), "files/b/", None)
    api.client().meta.events.register("before-send.s3.PutObject", answer)
    (tmp_path / "file").write_bytes(bytes(size))
    tag = s3_objects.Objects(api, "bucket").put("k", tmp_path / "file", size, "00")
    assert tag == "e"
    assert sent == [asks]
