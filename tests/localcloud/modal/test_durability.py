"""What a control plane still knows after `kill -9`."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import os
import socket
import threading
import urllib.parse

import modal
import pytest
from modal_proto import api_pb2

from tests.support.modal_plane import running_plane
from tests.support.modal_raw import call, headers
from tests.support.waiting import until

MIB = 1024 * 1024


def create_volume(plane, version):
    return call(
        plane,
        "VolumeGetOrCreate",
        api_pb2.VolumeGetOrCreateRequest(
            deployment_name="v",
            object_creation_type=api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING,
            version=version,
        ),
    ).volume_id


def begin_put(url, body, length):
    """Send the head of a PUT and part of its body, and leave it at that."""
    parts = urllib.parse.urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port))
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\n"
    connection.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode() + body)
    return connection


def test_everything_acknowledged_survives_a_kill(tmp_path, begin):
    """Secrets, volumes, entries, roles and tokens are there after `kill -9`."""
    plane = begin(tmp_path / "state")
    with plane.client() as client:
        modal.Environment.objects.create("prod", restricted=True, client=client)
        where = {"environment_name": "prod", "client": client}
        modal.Secret.objects.create("s", {"A": "1"}, **where)
        volume = modal.Volume.from_name("v", create_if_missing=True, version=2, **where)
        with volume.batch_upload() as batch:
            batch.put_file(io.BytesIO(b"content"), "/d/f")
        entries = modal.Dict.from_name("d", create_if_missing=True, **where)
        entries["k"] = "value"
        items = modal.Queue.from_name("q", create_if_missing=True, **where)
        items.put_many([1, 2])
        workspace = modal.Workspace.from_context(client=client)
        made = workspace.service_users.create("ci", expires_in=None)
        workspace.service_users.set_role("ci", "prod", role="viewer")
        plane.kill()
    with running_plane(tmp_path / "state") as again, again.client() as client:
        where = {"environment_name": "prod", "client": client}
        assert modal.Secret.from_name("s", **where).hydrate()._get_keys() == {"A"}
        volume = modal.Volume.from_name("v", **where)
        assert b"".join(volume.read_file("d/f")) == b"content"
        assert modal.Dict.from_name("d", **where)["k"] == "value"
        assert modal.Queue.from_name("q", **where).get_many(5) == [1, 2]
        listing = api_pb2.SecretListRequest(environment_name="prod")
        token = headers(made.token_id, made.token_secret)
        assert len(call(again, "SecretList", listing, token).items) == 1


@pytest.mark.parametrize("version", [1, 2])
def test_kill_in_the_middle_of_an_upload_leaves_consistent_data(
    tmp_path, version, begin
):
    """Half an upload is no file; the same upload then succeeds from the start."""
    data = os.urandom(6 * MIB)
    plane = begin(tmp_path / "state")
    volume_id = create_volume(plane, version)
    if version == 1:
        url = begin_blob(plane, data)
    else:
        (missing,) = call(
            plane, "VolumePutFiles2", block_of(volume_id, data)
        ).missing_blocks
        url = missing.put_url
    connection = begin_put(url, data[: 3 * MIB], len(data))
    plane.kill()
    connection.close()
    with running_plane(tmp_path / "state") as again, again.client() as client:
        volume = modal.Volume.from_name("v", client=client)
        assert volume.listdir("/") == []
        with volume.batch_upload() as batch:
            batch.put_file(io.BytesIO(data), "f")
        assert b"".join(volume.read_file("f")) == data


def put_all(volume, files):
    with volume.batch_upload(force=True) as batch:
        for name, data in files.items():
            batch.put_file(io.BytesIO(data), name)


@pytest.mark.parametrize("version", [1, 2])
def test_kill_while_files_are_replaced_leaves_each_of_them_whole(
    tmp_path, version, begin
):
    """What the SDK was replacing is all old or all new, and can be replaced again."""
    old, new = (
        {f"d/{number}": os.urandom(MIB) for number in range(30)} for _ in range(2)
    )
    state = tmp_path / "state"
    plane = begin(state)
    with plane.client() as client:
        volume = modal.Volume.from_name(
            "v", create_if_missing=True, version=version, client=client
        )
        put_all(volume, old)
        kept = number_of_files(state / "content")

        def replace():
            # For minutes the SDK tries again what the killed plane does not answer; a
            # later test that refuses connections does so by what is no Exception.
            with contextlib.suppress(BaseException):
                put_all(volume, new)

        threading.Thread(target=replace, daemon=True).start()
        until(lambda: number_of_files(state / "content") > kept + 5)
        plane.kill()
    with running_plane(state) as again, again.client() as client:
        volume = modal.Volume.from_name("v", client=client)
        assert read_all(volume) in (old, new)
        put_all(volume, new)
        assert read_all(volume) == new


def number_of_files(folder):
    return sum(path.is_file() for path in folder.rglob("*"))


def read_all(volume):
    paths = [entry.path for entry in volume.listdir("/d")]
    return {path: b"".join(volume.read_file(path)) for path in paths}


def begin_blob(plane, data):
    request = api_pb2.BlobCreateRequest(
        content_sha256_base64=base64.b64encode(hashlib.sha256(data).digest()).decode(),
        content_length=len(data),
    )
    return call(plane, "BlobCreate", request).upload_url


def block_of(volume_id, data):
    request = api_pb2.VolumePutFiles2Request(volume_id=volume_id)
    file = request.files.add(path="f", size=len(data))
    file.blocks.add(contents_sha256=hashlib.sha256(data).digest())
    return request


def test_kill_during_many_writes_keeps_a_prefix(tmp_path, begin):
    """Of writes in a row, exactly those that were answered are there, in order."""
    plane = begin(tmp_path / "state")
    answered = []
    enough = threading.Event()
    with plane.client() as client:

        def write():
            entries = modal.Dict.from_name("d", create_if_missing=True, client=client)
            for number in range(100_000):
                entries[number] = number
                answered.append(number)
                if number == 50:
                    enough.set()

        def write_until_the_end():
            with contextlib.suppress(Exception):
                write()

        writer = threading.Thread(target=write_until_the_end, daemon=True)
        writer.start()
        assert enough.wait(60)
        plane.kill()
        count = len(answered)
        with running_plane(tmp_path / "state") as again, again.client() as other:
            keys = list(modal.Dict.from_name("d", client=other).keys())
    assert keys == list(range(len(keys)))
    assert count <= len(keys) <= count + 1


def test_bootstrap_token_is_valid_again_at_every_start(tmp_path):
    """The credentials of the command line always work, new ones included."""
    with running_plane(tmp_path / "state"):
        pass
    changed = "--token-secret=as-canary-other"
    with running_plane(tmp_path / "state", changed) as again:
        with again.client(token_secret="as-canary-other") as client:
            client.hello()
        with again.client() as client, pytest.raises(modal.exception.AuthError):
            client.hello()


def test_state_folder_has_one_control_plane_at_a_time(tmp_path, begin):
    """A second process on the same folder ends with a sentence."""
    with (
        running_plane(tmp_path / "state"),
        pytest.raises(AssertionError, match="another control plane runs"),
    ):
        begin(tmp_path / "state")


def test_termination_is_clean(tmp_path, begin):
    """SIGTERM ends the process with code 0."""
    plane = begin(tmp_path / "state")
    assert plane.stop() == 0
