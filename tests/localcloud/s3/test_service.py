"""S3 as a service of the local cloud: addresses, variables, the way back up."""

from __future__ import annotations

import json
import os
import signal

import boto3
import pytest

from tests.support.localcloud import LocalCloud
from tests.support.waiting import until


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """A local cloud of S3 alone."""
    with LocalCloud.start(tmp_path_factory.mktemp("cloud"), ["s3"]) as running:
        yield running


def client(cloud, monkeypatch):
    """A boto3 client that is told nothing but the variables of `env`."""
    env = json.loads(cloud.command("env", "--format", "json").stdout)
    assert {name[:4] for name in env} == {"AWS_"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return boto3.session.Session().client("s3")


def test_the_variables_of_env_are_all_that_a_client_needs(cloud, monkeypatch):
    """Unmodified boto3 reaches the local S3, encrypted, and nothing else."""
    s3 = client(cloud, monkeypatch)
    s3.create_bucket(Bucket="from-env")
    assert "from-env" in [each["Name"] for each in s3.list_buckets()["Buckets"]]
    assert s3.meta.endpoint_url.startswith("https://127.0.0.1:")


def test_status_names_it_and_no_secret(cloud):
    """The table has its addresses; its keys are nowhere to be seen."""
    table = cloud.command("status").stdout
    assert "AWS: S3, with the IAM, STS and KMS that buckets need" in table
    ports = cloud.run_record()["services"]["s3"]["ports"]
    assert all(f"127.0.0.1:{port}" in table for port in ports.values())
    held = json.loads((cloud.state_dir / "credentials.json").read_text())
    log = (cloud.state_dir / "logs/s3.log").read_text()
    for secret in held.values():
        assert secret not in table
        assert secret not in log


def test_the_supervisor_brings_it_back_with_all_it_had(cloud, monkeypatch):
    """A killed process is another one soon, on the same ports and the same data."""
    s3 = client(cloud, monkeypatch)
    s3.create_bucket(Bucket="survivor")
    s3.put_object(Bucket="survivor", Key="k", Body=b"x")
    record = cloud.run_record()["services"]["s3"]
    os.kill(record["process"]["pid"], signal.SIGKILL)

    def is_back():
        now = cloud.run_record()["services"]["s3"]
        return now["phase"] == "ready" and now["restarts"] > record["restarts"]

    until(is_back, 60, what="the restart")
    assert s3.get_object(Bucket="survivor", Key="k")["Body"].read() == b"x"
