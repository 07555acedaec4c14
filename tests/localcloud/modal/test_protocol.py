"""What holds for all RPCs: replays, refusals, warnings, signed URLs."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib import GRPCError, Status
from modal_proto import api_pb2

from tests.support.modal_raw import SERVICE, call, headers, trailers


def fetch(url, body=None):
    method = "GET" if body is None else "PUT"
    request = urllib.request.Request(url, body, method=method)  # noqa: S310 - loopback
    with urllib.request.urlopen(request) as response:  # noqa: S310 - loopback
        return response.read()


def create(environment, **more):
    return api_pb2.SecretGetOrCreateRequest(
        deployment_name="s",
        environment_name=environment,
        object_creation_type=api_pb2.OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS,
        **more,
    )


def test_replayed_creation_gets_the_first_reply(plane, environment):
    """A retry under the same idempotency key is not ALREADY_EXISTS."""
    key = headers(key=str(uuid.uuid4()))
    first = call(plane, "SecretGetOrCreate", create(environment), key)
    assert call(plane, "SecretGetOrCreate", create(environment), key) == first
    other = headers(key=str(uuid.uuid4()))
    with pytest.raises(GRPCError) as caught:
        call(plane, "SecretGetOrCreate", create(environment), other)
    assert caught.value.status == Status.ALREADY_EXISTS


def test_replayed_secret_is_shown_again(plane):
    """A lost reply to a token's creation does not lose the token."""
    key = headers(key=str(uuid.uuid4()))
    request = api_pb2.ServiceUserCreateRequest(name=f"r-{uuid.uuid4().hex[:8]}")
    first = call(plane, "ServiceUserCreate", request, key)
    assert call(plane, "ServiceUserCreate", request, key) == first


def test_replayed_queue_get_loses_nothing(plane, environment):
    """Taking from a queue twice under one key takes once."""
    queue_id = call(
        plane,
        "QueueGetOrCreate",
        api_pb2.QueueGetOrCreateRequest(
            deployment_name="q",
            environment_name=environment,
            object_creation_type=api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING,
        ),
    ).queue_id
    put = api_pb2.QueuePutRequest(queue_id=queue_id, values=[b"1", b"2"])
    call(plane, "QueuePut", put)
    get = api_pb2.QueueGetRequest(queue_id=queue_id, n_values=1)
    key = headers(key=str(uuid.uuid4()))
    assert call(plane, "QueueGet", get, key).values == [b"1"]
    assert call(plane, "QueueGet", get, key).values == [b"1"]
    assert call(plane, "QueueGet", get).values == [b"2"]


def test_failed_request_leaves_nothing_behind(plane, environment):
    """A creation that fails half-way has created nothing."""
    with pytest.raises(GRPCError) as caught:
        call(
            plane,
            "SecretGetOrCreate",
            create(environment, env_dict={"GOOD": "1", "not good": "2"}),
        )
    assert caught.value.status == Status.INVALID_ARGUMENT
    listing = api_pb2.SecretListRequest(environment_name=environment)
    assert not call(plane, "SecretList", listing).items


def test_uncovered_rpc_is_refused_with_a_sentence(plane):
    """What is not covered says so, instead of pretending."""
    with pytest.raises(GRPCError) as caught:
        call(plane, "SandboxCreate", api_pb2.SandboxCreateRequest())
    assert caught.value.status == Status.UNIMPLEMENTED
    assert "SandboxCreate" in caught.value.message


def test_every_method_of_the_protocol_answers(plane):
    """No method of the service is unknown to the server."""
    assert "SecretGetOrCreate" in {method.name for method in SERVICE.methods}
    with pytest.raises(GRPCError) as caught:
        call(plane, "TunnelStart", api_pb2.TunnelStartRequest())
    assert caught.value.status == Status.UNIMPLEMENTED


def test_every_reply_says_that_it_is_local(plane):
    """The client's warning header names the local control plane."""
    header = trailers(plane, "ClientHello", Empty())["x-modal-warning"]
    assert "local Modal control plane" in urllib.parse.unquote(header)


def test_object_of_another_kind_is_not_found(plane, environment):
    """A dict's id is no secret's id."""
    dict_id = call(
        plane,
        "DictGetOrCreate",
        api_pb2.DictGetOrCreateRequest(
            environment_name=environment,
            object_creation_type=api_pb2.OBJECT_CREATION_TYPE_EPHEMERAL,
        ),
    ).dict_id
    with pytest.raises(GRPCError) as caught:
        call(plane, "SecretDelete", api_pb2.SecretDeleteRequest(secret_id=dict_id))
    assert caught.value.status == Status.NOT_FOUND


@pytest.mark.parametrize(
    "path", ["/", "/content/00?offset=0&length=1", "/token-flow/x"]
)
def test_http_side_serves_only_what_was_handed_out(plane, path):
    """An unsigned URL is refused, whatever it names."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(plane.http_url + path)
    assert caught.value.code == 403
    caught.value.close()


def test_upload_that_is_not_what_it_says_is_refused(plane, environment):
    """A block under the wrong hash is neither stored nor named."""
    volume_id = call(
        plane,
        "VolumeGetOrCreate",
        api_pb2.VolumeGetOrCreateRequest(
            deployment_name="v",
            environment_name=environment,
            object_creation_type=api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING,
            version=api_pb2.VOLUME_FS_VERSION_V2,
        ),
    ).volume_id
    request = api_pb2.VolumePutFiles2Request(volume_id=volume_id)
    file = request.files.add(path="f", size=3)
    file.blocks.add(contents_sha256=bytes(32))
    (missing,) = call(plane, "VolumePutFiles2", request).missing_blocks
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(missing.put_url, b"abc")
    assert caught.value.code == 400
    caught.value.close()
    assert len(call(plane, "VolumePutFiles2", request).missing_blocks) == 1
