"""A Modal token: one of a service user that the world has."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(world: World, name: str) -> Properties:
    user = world.make("modal:ServiceUser", {"name": name})
    return {
        "name": name,
        "token_id": user.outputs["token_id"],
        "token_secret": user.outputs["token_secret"],
        "warn_days": 3,
        "revoke_on_delete": True,
    }


def _remove(world: World, live: Object) -> None:
    gone = {"service_user_id": live.outputs["identity_id"]}
    world.call("rpc", "ServiceUserDelete", gone)


def _drift(world: World, live: Object) -> set[str]:
    _remove(world, live)
    return {"token_works"}


def _exists(world: World, live: Object) -> int:
    listed = world.call("rpc", "ServiceUserList").get("service_users", [])
    return [user["token_id"] for user in listed].count(live.outputs["token_id"])


_NEVER_BACK = (
    "a token that is gone never comes back; tests/contract/test_modal_token.py"
)
_NONE_TAKEN = "nothing is made, so nothing of that name can be there already"

SAMPLE = Sample(
    token="modal:Token",
    inputs=_inputs,
    mutable={
        "warning": {"warn_days": 30},
        "revocation": {"revoke_on_delete": False},
    },
    # In this order, as a deletion follows each.
    unset=("revoke_on_delete", "warn_days"),
    immutable={"name": "renamed"},
    invalid={
        "name": {"name": ""},
        "token_id": {"token_id": "wk-proxy"},
        "token_secret": {"token_secret": ""},
        "warn_days": {"warn_days": -1},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"warn_days": 30},
    secret=frozenset({"token_secret"}),
    without={
        "test_a_replacement_deletes_first": _NEVER_BACK,
        "test_drift_is_seen_property_by_property_and_repaired": _NEVER_BACK,
        "test_a_deletion_behind_our_back_is_seen_and_repaired": _NEVER_BACK,
        "test_a_different_object_is_refused_and_left_alone": _NONE_TAKEN,
        "test_a_lost_answer_makes_no_duplicate": "nothing is made, so nothing twice",
        "test_a_batch_of_reads_costs_what_one_costs": "a token is asked with itself",
    },
)
