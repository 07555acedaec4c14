"""Environments, and who may do what in them."""

from __future__ import annotations

import uuid

import modal
import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib import GRPCError, Status
from modal.exception import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    NotFoundError,
    PermissionDeniedError,
)
from modal_proto import api_pb2

from tests.support.checkout import ROOT
from tests.support.modal_raw import call, headers


def items(plane):
    listed = call(plane, "EnvironmentList", Empty()).items
    return {item.name: item for item in listed}


@pytest.fixture
def restricted(client):
    """The name of a fresh restricted environment."""
    name = f"restricted-{uuid.uuid4().hex[:8]}"
    modal.Environment.objects.create(name, restricted=True, client=client)
    return name


@pytest.fixture
def service_user(client):
    """A fresh service user's name, and headers with its token."""
    workspace = modal.Workspace.from_context(client=client)
    name = f"ci-{uuid.uuid4().hex[:8]}"
    made = workspace.service_users.create(name, expires_in=None)
    return name, headers(made.token_id, made.token_secret)


def set_role(client, environment, name, role):
    modal.Environment.from_name(environment, client=client).roles.update(
        service_users={name: role}
    )


def test_first_environment_is_main_and_the_default(plane):
    """A workspace begins with one environment, which an empty name means."""
    main = items(plane)["main"]
    assert (main.default, main.webhook_suffix, main.is_managed) == (True, "", False)
    reply = call(
        plane, "EnvironmentGetOrCreate", api_pb2.EnvironmentGetOrCreateRequest()
    )
    assert (reply.environment_id, reply.metadata.name) == (main.environment_id, "main")


def test_created_environment_is_listed_with_its_suffix(plane, environment):
    """The web suffix of a new environment comes from its name."""
    item = items(plane)[environment]
    assert item.webhook_suffix == environment
    assert not item.default


def test_taken_name_is_refused(client, environment):
    """Two environments of one name cannot be."""
    with pytest.raises(AlreadyExistsError):
        modal.Environment.objects.create(environment, client=client)


@pytest.mark.parametrize("name", ["a.b", "en-x", "-a", "", "a" * 65])
def test_invalid_names_are_refused_by_the_server_too(plane, name):
    """The rules hold for raw calls, which no client has checked."""
    with pytest.raises(GRPCError) as caught:
        call(plane, "EnvironmentCreate", api_pb2.EnvironmentCreateRequest(name=name))
    assert caught.value.status == Status.INVALID_ARGUMENT


def test_lookup_by_id_and_miss(client, plane, environment):
    """An id is as good as a name; a miss is NotFoundError."""
    found = modal.Environment.from_name(environment, client=client).hydrate()
    request = api_pb2.EnvironmentGetOrCreateRequest(deployment_name=found.object_id)
    reply = call(plane, "EnvironmentGetOrCreate", request)
    assert reply.metadata.name == environment
    with pytest.raises(NotFoundError):
        modal.Environment.from_name("absent", client=client).hydrate()


def test_update_keeps_the_id_and_refuses_what_is_taken(plane, environment):
    """Name, suffix and builder change in place; suffixes are unique."""
    before = items(plane)[environment]
    request = api_pb2.EnvironmentUpdateRequest(
        current_name=environment, image_builder_version="2024.10"
    )
    request.name.value = environment + "-x"
    request.web_suffix.value = "suffix-" + environment
    after = call(plane, "EnvironmentUpdate", request)
    assert after.environment_id == before.environment_id
    assert after.name == environment + "-x"
    assert after.image_builder_version == "2024.10"
    clash = api_pb2.EnvironmentUpdateRequest(current_name=after.name)
    clash.web_suffix.value = ""
    with pytest.raises(GRPCError) as caught:
        call(plane, "EnvironmentUpdate", clash)
    assert caught.value.status == Status.ALREADY_EXISTS


def test_deletion_takes_everything_with_it(client, environment):
    """Objects of a deleted environment are gone when its name comes back."""
    modal.Secret.objects.create(
        "s", {"A": "1"}, environment_name=environment, client=client
    )
    modal.Environment.objects.delete(environment, client=client)
    with pytest.raises(NotFoundError):
        modal.Environment.from_name(environment, client=client).hydrate()
    modal.Environment.objects.create(environment, client=client)
    assert modal.Secret.objects.list(environment_name=environment, client=client) == []


def test_default_environment_can_be_moved_and_never_deleted(client, environment):
    """The default is a workspace setting; what it names cannot be deleted."""
    workspace = modal.Workspace.from_context(client=client)
    with pytest.raises(ConflictError):
        modal.Environment.objects.delete("main", client=client)
    workspace.settings.set("default-environment", environment)
    try:
        secret = modal.Secret.from_name("absent", client=client)
        with pytest.raises(NotFoundError, match=environment):
            secret.hydrate()
    finally:
        workspace.settings.set("default-environment", "main")


def test_restricted_environment_has_a_default_role(plane, client, restricted):
    """Restriction shows in the listing with the role that members fall back to."""
    item = items(plane)[restricted]
    assert item.is_managed
    assert item.default_member_role == api_pb2.ENVIRONMENT_ROLE_VIEWER
    with pytest.raises(InvalidError):
        modal.Environment.objects.create(
            restricted + "-2", default_role="viewer", client=client
        )


def test_new_service_user_has_no_access(plane, environment, service_user):
    """Without a role a service user neither sees nor reads an environment."""
    _, token = service_user
    listed = call(plane, "EnvironmentList", Empty(), token).items
    assert environment not in {item.name for item in listed}
    request = api_pb2.SecretListRequest(environment_name=environment)
    with pytest.raises(GRPCError) as caught:
        call(plane, "SecretList", request, token)
    assert caught.value.status == Status.PERMISSION_DENIED


def test_viewer_reads_and_contributor_writes(plane, client, environment, service_user):
    """A viewer is refused every change; a contributor is not."""
    name, token = service_user
    create = api_pb2.SecretGetOrCreateRequest(
        deployment_name="s",
        environment_name=environment,
        object_creation_type=api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING,
        env_dict={"A": "1"},
    )
    listing = api_pb2.SecretListRequest(environment_name=environment)
    set_role(client, environment, name, "viewer")
    assert not call(plane, "SecretList", listing, token).items
    with pytest.raises(GRPCError) as caught:
        call(plane, "SecretGetOrCreate", create, token)
    assert caught.value.status == Status.PERMISSION_DENIED
    set_role(client, environment, name, "contributor")
    secret_id = call(plane, "SecretGetOrCreate", create, token).secret_id
    set_role(client, environment, name, "viewer")
    call(
        plane, "SecretGetInfo", api_pb2.SecretGetInfoRequest(secret_id=secret_id), token
    )
    delete = api_pb2.SecretDeleteRequest(secret_id=secret_id)
    with pytest.raises(GRPCError) as caught:
        call(plane, "SecretDelete", delete, token)
    assert caught.value.status == Status.PERMISSION_DENIED


def test_roles_are_listed_and_can_be_taken_away(client, environment, service_user):
    """Assigned roles show as such; an unknown role or member is refused."""
    name, _ = service_user
    roles = modal.Environment.from_name(environment, client=client).roles
    assert roles.list()["users"]["local-owner"] == "contributor"
    assert roles.list()["service_users"][name] == "no-access"
    roles.update(service_users={name: "viewer"})
    assert roles.list(exclude_default=True) == {
        "users": {},
        "service_users": {name: "viewer"},
    }
    with pytest.raises(modal.exception.Error, match="Unknown role"):
        roles.update(service_users={name: "emperor"})
    with pytest.raises(modal.exception.Error, match="not restricted"):
        roles.update(users={"local-owner": "viewer"})


def test_service_user_manages_nothing(plane, service_user):
    """Workspace management needs a manager's own token."""
    _, token = service_user
    for method, request in [
        ("EnvironmentCreate", api_pb2.EnvironmentCreateRequest(name="e")),
        ("ServiceUserCreate", api_pb2.ServiceUserCreateRequest(name="x")),
        ("TokensList", Empty()),
    ]:
        with pytest.raises(GRPCError) as caught:
            call(plane, method, request, token)
        assert caught.value.status == Status.PERMISSION_DENIED, method


def test_permission_error_says_whom_and_where(plane, environment, service_user):
    """The sentence names the caller, the role and the environment."""
    name, token = service_user
    with plane.client(
        token["x-modal-token-id"], token["x-modal-token-secret"]
    ) as scoped:
        secret = modal.Secret.from_name(
            "s", environment_name=environment, client=scoped
        )
        with pytest.raises(PermissionDeniedError) as caught:
            secret.hydrate()
    assert name in str(caught.value)
    assert environment in str(caught.value)


def test_contributor_of_one_environment_deploys_and_calls_there(
    plane, client, environment
):
    """An app's own mounts name no environment: they are where the app is."""
    workspace = modal.Workspace.from_context(client=client).hydrate()
    name = f"ci-{environment}"
    made = workspace.service_users.create(name, expires_in=None)
    workspace.service_users.set_role(name, environment, role="contributor")
    token = {"MODAL_TOKEN_ID": made.token_id, "MODAL_TOKEN_SECRET": made.token_secret}
    app_file = str(ROOT / "tests/support/modal_example_app.py")
    modal.Secret.objects.create(
        "example-secret", {"A": "1"}, environment_name=environment, client=client
    )
    plane.cli("deploy", "--env", environment, app_file, env=plane.env(**token))
    with plane.client(made.token_id, made.token_secret) as user:
        square = modal.Function.from_name(
            "example", "square", environment_name=environment, client=user
        )
        assert square.remote(3) == 9
