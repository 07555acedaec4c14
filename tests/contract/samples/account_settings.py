"""The account's settings."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World

ALWAYS_THERE = "an account always has settings"


def _inputs(_: World, name: str) -> Properties:
    del name
    return {
        "allow_public_workspaces": True,
        "ai_log_summaries": False,
        "managed_execution": True,
        "enforce_webhook_authentication": False,
    }


def _drift(world: World, live: Object) -> set[str]:
    del live
    changes = {"allow_public_workspaces": False, "ai_log_summaries": True}
    world.call("PATCH", "/settings", changes)
    return set(changes)


def _remove(world: World, live: Object) -> None:
    raise NotImplementedError(ALWAYS_THERE)


def _exists(world: World, live: Object) -> int:
    del live
    return len([world.call("GET", "/settings")])


SAMPLE = Sample(
    token="prefect:AccountSettings",
    inputs=_inputs,
    mutable={
        "public": {"allow_public_workspaces": False},
        "webhooks": {"enforce_webhook_authentication": True},
        "execution": {"managed_execution": False, "ai_log_summaries": True},
    },
    invalid={
        "allow_public_workspaces": {"allow_public_workspaces": "maybe"},
        "ai_log_summaries": {"ai_log_summaries": 7},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"allow_public_workspaces": False},
    singleton=True,
    without={
        "test_a_deletion_behind_our_back_is_seen_and_repaired": ALWAYS_THERE,
        "test_deleting_twice_is_fine": ALWAYS_THERE,
        "test_a_different_object_is_refused_and_left_alone": ALWAYS_THERE,
        "test_a_batch_of_reads_costs_what_one_costs": "there is one of them",
    },
)
