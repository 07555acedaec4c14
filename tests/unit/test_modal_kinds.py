"""Modal's kinds: model and wire are inverses."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import (
    AccessError,
    Args,
    Local,
    NotFoundError,
    WriteOnly,
    differing,
)
from components.kernel.check import check_properties
from components.modal.client import Endpoint, ModalApi
from components.modal.dict import ModalDictArgs, ModalDictKind
from components.modal.environment import ModalEnvironmentArgs, ModalEnvironmentKind
from components.modal.queue import ModalQueueArgs
from components.modal.secret import ModalSecretArgs, ModalSecretKind
from components.modal.service_user import (
    ModalServiceUserArgs,
    ModalServiceUserKind,
    from_wire,
)
from components.modal.volume import ModalVolumeArgs, ModalVolumeKind

API: Any = SimpleNamespace(environment="env")
NAMES = st.from_regex(r"[a-zA-Z0-9_.-]{1,20}", fullmatch=True)
PLAIN = st.from_regex(r"[a-df-z0-9][a-z0-9-]{0,9}", fullmatch=True)
ROLES = st.sampled_from(["contributor", "viewer"])
IN_ENV = {"environment_name": st.just("env"), "name": NAMES}
ENVIRONMENTS = st.booleans().flatmap(
    lambda restricted: st.builds(
        ModalEnvironmentArgs,
        name=PLAIN,
        web_suffix=st.from_regex(r"[a-z0-9]{0,9}", fullmatch=True),
        restricted=st.just(restricted),
        default_member_role=ROLES if restricted else st.none(),
        member_roles=st.dictionaries(PLAIN, ROLES, max_size=2 if restricted else 0),
        image_builder_version=st.sampled_from(["", "2025.06"]),
    )
)
VALUES = st.dictionaries(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True),
    st.text(max_size=9),
    min_size=1,
    max_size=3,
)
SECRETS = st.builds(ModalSecretArgs, **IN_ENV, values=VALUES, rewrite=st.text())
VOLUMES = st.builds(ModalVolumeArgs, **IN_ENV, version=st.sampled_from([1, 2]))
STORES = st.builds(ModalDictArgs, **IN_ENV) | st.builds(ModalQueueArgs, **IN_ENV)
USERS = st.builds(
    ModalServiceUserArgs,
    name=PLAIN,
    environment_roles=st.dictionaries(PLAIN, ROLES, max_size=3),
    expires_in_seconds=st.none() | st.integers(1, 10**9),
    rotation=st.text(max_size=3),
    overlap=st.booleans(),
)


@given(ENVIRONMENTS | SECRETS | VOLUMES | STORES | USERS)
def test_check_is_idempotent(args: Args) -> None:
    """What check returns is what it returns for its own answer."""
    checked, failures = check_properties(type(args), args.to_properties())
    assert not failures
    assert check_properties(type(args), checked) == (checked, [])


def _seen(state: Args, args: Args) -> list[str]:
    """Name what differs, of what the control plane tells."""
    unseen = args.marked(Local) | args.marked(WriteOnly)
    return [field for field in differing(state, args) if field not in unseen]


@given(ENVIRONMENTS)
def test_an_environment_is_read_back_as_it_was_written(
    args: ModalEnvironmentArgs,
) -> None:
    """Roles come back as the protocol's enum, and only where they apply."""
    role = (args.default_member_role or "unspecified").upper().replace("-", "_")
    wire = {
        "environment_id": "en-1",
        "name": args.name,
        "webhook_suffix": args.web_suffix,
        "is_managed": args.restricted,
        "default_member_role": f"ENVIRONMENT_ROLE_{role}",
        "member_roles": dict(args.member_roles or {}),
        "image_builder_version": args.image_builder_version,
    }
    assert _seen(ModalEnvironmentKind().parse(API, wire), args) == []


def test_an_environment_that_goes_while_it_is_listed_is_left_out() -> None:
    """Another stack's destroy does not fail our refresh."""
    items = [
        {"name": name, "environment_id": name, "is_managed": name != "open"}
        for name in ("ours", "gone", "open")
    ]
    ada = {"user_name": "ada", "user_id": "us-1", "role_str": "viewer"}

    def answer(rpc: str, environment_id: str = "") -> dict[str, Any]:
        if rpc == "EnvironmentList":
            return {"items": items}
        if environment_id == "gone":
            raise NotFoundError("Modal says: Environment 'gone' not found")
        assert environment_id == "ours"
        return {"principal_roles": [{**ada, "has_role_assignment": True}]}

    api: Any = SimpleNamespace(call=answer)
    listed = {e["id"]: e["member_roles"] for e in ModalEnvironmentKind().list(api)}
    assert listed == {"ours": {"ada": "viewer"}, "open": {}}


def _metadata(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "creation_info": {"created_at": 1.5}, **more}


@given(SECRETS)
def test_a_secret_is_read_back_without_its_values(args: ModalSecretArgs) -> None:
    """Its keys are told, and that is all."""
    metadata = _metadata(args.name, keys=sorted(args.values))
    wire = {"secret_id": "st-1", "metadata": metadata}
    kind = ModalSecretKind()
    state = kind.parse(API, wire)
    assert kind.same(API, state, args) == []
    assert state.keys == args.values.keys()
    assert state.values is None


@given(VOLUMES)
def test_a_volume_is_read_back_as_it_was_written(args: ModalVolumeArgs) -> None:
    """Its version comes back as the protocol's enum."""
    version = f"VOLUME_FS_VERSION_V{args.version}"
    metadata = _metadata(args.name, version=version)
    wire = {"volume_id": "vo-1", "metadata": metadata}
    assert _seen(ModalVolumeKind().parse(API, wire), args) == []


def test_a_volume_of_no_version_is_of_the_first() -> None:
    """So old ones are not replaced."""
    metadata = _metadata("old", version="VOLUME_FS_VERSION_UNSPECIFIED")
    wire = {"volume_id": "vo-1", "metadata": metadata}
    assert ModalVolumeKind().parse(API, wire).version == 1


@given(st.builds(ModalDictArgs, **IN_ENV))
def test_a_dict_is_read_back_as_it_was_written(args: ModalDictArgs) -> None:
    """There is a name, and nothing else."""
    wire = {"dict_id": "di-1", "metadata": _metadata(args.name)}
    assert _seen(ModalDictKind().parse(API, wire), args) == []


def _user(name: str, roles: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "service_user_id": f"su-{name}",
        "token_id": f"ak-{name}",
        "environment_roles": [
            {"environment_name": where, "role_str": role}
            for where, role in roles.items()
        ],
        **more,
    }


@given(USERS)
def test_a_service_user_is_read_back_as_it_was_written(
    args: ModalServiceUserArgs,
) -> None:
    """Its newest generation is what it is."""
    users = [_user("x-g2", dict(args.environment_roles)), _user("x-g1", {})]
    state = from_wire({"id": args.name, "users": users})
    assert _seen(state, args) == []
    assert state.previous_token_id == "ak-x-g1"


def test_generations_are_numbers_and_not_text() -> None:
    """The tenth comes after the ninth, and other users are nobody's generation."""
    names = ["ci-g9", "ci-g10", "ci-g", "other", "ci-g02"]
    listed = {"service_users": [_user(name, {}) for name in names]}
    api: Any = SimpleNamespace(call=lambda _rpc: listed)
    (wire,) = ModalServiceUserKind().list(api)
    assert from_wire(wire).service_user_name == "ci-g10"
    assert wire["newest"] == 10


def test_a_new_token_that_is_not_accepted_ends_no_other() -> None:
    """The rotation stops before anything is taken from anybody."""
    asked = []

    def answer(rpc: str, **_: Any) -> dict[str, Any]:
        asked.append(rpc)
        if rpc == "TokenInfoGet":
            raise AccessError("Modal says: Token unknown; set MODAL_TOKEN_ID")
        if rpc == "ServiceUserList":
            return {"service_users": [_user("ci-g1", {})]}
        return {"token_id": "ak-new", "token_secret": "as-new"}

    api: Any = SimpleNamespace(call=answer)
    api.acting_as = lambda *_: api
    old = from_wire({"id": "ci", "users": [_user("ci-g1", {})]})
    new = ModalServiceUserArgs(name="ci", overlap=False)
    told = r"not accepted \(Modal says: Token unknown\), so any before it was kept"
    with pytest.raises(AccessError, match=told):
        ModalServiceUserKind().update(api, old, new)
    assert "ServiceUserDelete" not in asked


@pytest.mark.parametrize(("hours", "works"), [(-1, False), (1, True)])
def test_a_token_that_ended_does_not_work(hours: int, works: bool) -> None:
    """So the next `up` makes another one."""
    ends = datetime.now(UTC) + timedelta(hours=hours)
    user = _user("x-g1", {}, expires_at=ends.timestamp())
    assert from_wire({"id": "x", "users": [user]}).token_works is works


def test_a_list_begins_ahead_of_every_clock() -> None:
    """The service may be ahead of us, and what it made just now must be listed."""
    asked = []

    def answer(_rpc: str, fields: dict[str, Any]) -> dict[str, Any]:
        asked.append(fields["pagination"]["created_before"])
        return {"items": []}

    endpoint = Endpoint("http://127.0.0.1:1", "ak-1", "as-1")
    transport = SimpleNamespace(call=answer)
    connection: Any = SimpleNamespace(endpoint=endpoint, transport=transport)
    assert list(ModalApi(connection, "env").pages("SecretList", "items")) == []
    (before,) = asked
    assert before > time.time() + 60 * 60
