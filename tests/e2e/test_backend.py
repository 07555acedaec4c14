"""Pulumi's own state on an S3 bucket: moved there, locked, sealed, and recovered."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.pulumi_project import ROOT, Project, wait_until
from tests.support.s3_plane import LocalS3
from tools.backend import PROJECT, STACK, BackendError, Pulumi, Target, put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET = "states-of-everything"
CANARY = "canary-5f1e"
# It makes one bucket, and waits for a file before the second.
PROGRAM = f"""
    import time
    from pathlib import Path

    import pulumi

    from components.s3 import Bucket

    pulumi.export("secret", pulumi.Output.secret("{CANARY}"))
    first = Bucket("made-by-the-stack", tls_only=True)

    def gate(_: str) -> str:
        deadline = time.monotonic() + 60
        while not Path("go").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return "made-after-the-gate"

    Bucket("second", name=first.name.apply(gate))
    """


class Stateful(Project):
    """A program whose state moves, and the S3 that it moves to."""

    def __init__(self, folder: Path, s3: LocalS3) -> None:
        """Write the program."""
        super().__init__(folder)
        self.s3 = s3
        self.home = folder / "flowground"
        self.home.mkdir()
        kept = {k: v for k, v in self.env.items() if not k.startswith("AWS_")}
        self.env = {**kept, **s3.env}
        (self.root / "components").symlink_to(ROOT / "components")
        self.program(PROGRAM)

    def put(self, target: Target) -> list[str]:
        """Put the state on a bucket, and work there from now on."""
        moved = put(target, ("dev",), self.root, self.env, self.home)
        self.env["PULUMI_BACKEND_URL"] = target.url
        return moved

    def open_gate(self, *, is_open: bool = True) -> None:
        """Let the program go on to the second bucket, or not."""
        if is_open:
            self.write("go", "")
        else:
            (self.root / "go").unlink()

    def held(self, prefix: str = "") -> dict[str, str]:
        """Return what is on the bucket: keys and texts."""
        client = self.s3.client("s3")
        listed = client.list_objects_v2(Bucket=BUCKET, Prefix=f".pulumi/{prefix}")
        return {
            each["Key"]: client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"]
            .read()
            .decode(errors="replace")
            for each in listed.get("Contents", ())
        }

    def buckets(self) -> set[str]:
        """Return the buckets that there are."""
        listed = self.s3.client("s3").list_buckets()["Buckets"]
        return {each["Name"] for each in listed}


@pytest.fixture(scope="module")
def target(s3: LocalS3) -> Target:
    """Where the state is put."""
    return Target(BUCKET, "us-east-1", s3.https_url)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalS3]:
    """A local S3."""
    with LocalS3.start(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, s3: LocalS3, target: Target
) -> Stateful:
    """A stack that was up on a file backend, and moved."""
    made = Stateful(tmp_path_factory.mktemp("backend"), s3)
    made.open_gate()
    made("up", "--yes", "--skip-preview")
    before = made("stack", "export", "--show-secrets").stdout
    assert made.put(target) == ["dev"]
    assert made("stack", "export", "--show-secrets").stdout == before
    return made


def test_stacks_move_whole_and_once(project: Stateful, target: Target) -> None:
    """Nothing is left behind, nothing is to do, and a second run does nothing."""
    project("preview", "--expect-no-changes")
    file = (project.root.parent / "state").as_uri()
    old = Pulumi(project.root, project.env, file)
    assert not old.has("dev")
    assert project.put(target) == []
    project("preview", "--expect-no-changes")


def test_the_bucket_is_a_resource_whose_state_is_in_it(project: Stateful) -> None:
    """It is versioned, closed to plain HTTP, protected, and without a diff."""
    folder = project.home / "backend"
    own = Pulumi(folder, project.env, project.env["PULUMI_BACKEND_URL"])
    assert own.resources(STACK) > 1
    assert any(f"stacks/{PROJECT}/{STACK}.json" in key for key in project.held())
    client = project.s3.client("s3")
    assert client.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert "aws:SecureTransport" in client.get_bucket_policy(Bucket=BUCKET)["Policy"]
    assert own.try_("destroy", "--yes", "--stack", STACK).returncode != 0
    assert BUCKET in project.buckets()


def test_no_secret_is_on_the_bucket_in_plain_text(project: Stateful) -> None:
    """What the state holds of secrets is sealed by the passphrase."""
    texts = project.held()
    assert any("stacks/probe/dev.json" in key for key in texts)
    assert CANARY not in "".join(texts.values())
    assert project.outputs()["secret"] == "[secret]"


def test_two_ups_at_once_never_both_apply(project: Stateful) -> None:
    """One holds the lock, the other ends; or both end, and nothing is applied."""
    project.open_gate(is_open=False)
    project.program(PROGRAM.replace("made-after-the-gate", "made-by-the-winner"))
    both = [project.start("up", "--yes", "--skip-preview") for _ in range(2)]
    try:
        wait_until(
            lambda: any(each.poll() is not None for each in both),
            60,
            "the end of at least one of two runs at once",
        )
    finally:
        project.open_gate()
        said = [each.communicate()[0] for each in both]
    codes = [each.returncode for each in both]
    assert codes.count(0) <= 1, said
    refused = [text for each, text in zip(both, said, strict=True) if each.returncode]
    assert all("currently locked" in text for text in refused), said
    if not codes.count(0):
        project("up", "--yes", "--skip-preview")
    assert "made-by-the-winner" in project.buckets()
    assert "made-after-the-gate" not in project.buckets()
    assert project.held("locks") == {}


def test_a_killed_up_is_recovered_as_documented(project: Stateful) -> None:
    """Its lock stays and says whose it is; after `make recover`, `up` goes through."""
    project.open_gate(is_open=False)
    project.program(PROGRAM.replace("made-after-the-gate", "made-after-the-kill"))
    running = project.start("up", "--yes", "--skip-preview")
    wait_until(lambda: project.held("locks"), 60, "the lock")
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    project.open_gate()
    wait_until(lambda: not project.processes(), 60, "the end of all processes")
    refused = project("up", "--yes", "--skip-preview", code=None)
    assert "currently locked" in refused.stderr + refused.stdout
    assert f"pid {running.pid}" in refused.stderr + refused.stdout
    # docs/state.md: `make recover`, then `make up`.
    project("cancel", "--yes")
    project("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    project("up", "--yes", "--skip-preview")
    project("preview", "--expect-no-changes")
    assert "made-after-the-kill" in project.buckets()
    assert project.held("locks") == {}


def test_a_stack_that_is_on_both_is_left_alone(
    project: Stateful, target: Target, tmp_path: Path
) -> None:
    """Which of two states is right, nobody can know but their owner."""
    other = Stateful(tmp_path, project.s3)
    other.env["PULUMI_CONFIG_PASSPHRASE"] = project.env["PULUMI_CONFIG_PASSPHRASE"]
    other.program("import pulumi\npulumi.export('x', 1)")
    other("up", "--yes", "--skip-preview")
    with pytest.raises(BackendError, match="both backends have a state of stack dev"):
        other.put(target)
    assert other.outputs() == {"x": 1}


def test_a_key_of_kms_seals_instead_of_the_passphrase(
    project: Stateful, tmp_path: Path
) -> None:
    """Bucket and secrets are under the key; the passphrase is of no use any more."""
    kms = project.s3.client("kms")
    key = kms.create_key(Description="state")["KeyMetadata"]
    kms.create_alias(AliasName="alias/state", TargetKeyId=key["KeyId"])
    sealed = Target(BUCKET, "us-east-1", project.s3.https_url, "alias/state")
    project.put(sealed)
    # On another machine, without what the first one left beside the program.
    project.home = tmp_path
    project.put(sealed)
    del project.env["PULUMI_CONFIG_PASSPHRASE"]
    shown = project("stack", "output", "secret", "--show-secrets").stdout
    assert shown.strip() == CANARY
    project("up", "--yes", "--skip-preview")
    state = json.loads(project.held()[".pulumi/stacks/probe/dev.json"])
    assert state["checkpoint"]["latest"]["secrets_providers"]["type"] == "cloud"
    head = project.s3.client("s3").head_object(
        Bucket=BUCKET, Key=".pulumi/stacks/probe/dev.json"
    )
    assert head["ServerSideEncryption"] == "aws:kms"
    kms.disable_key(KeyId=key["KeyId"])
    try:
        project("stack", "output", "secret", "--show-secrets", code=None)
    finally:
        kms.enable_key(KeyId=key["KeyId"])
