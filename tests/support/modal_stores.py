"""Samples of Modal's dicts and queues, which are names and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.sample import Sample

if TYPE_CHECKING:
    from tests.contract.sample import Object, Properties, World


def store_sample(noun: str) -> Sample:
    """Describe a kind of store: `Dict` or `Queue`."""
    lower = noun.lower()
    only_a_name = f"a {lower} is a name and nothing else"

    def inputs(_: World, name: str) -> Properties:
        return {"name": name, "force_destroy": True}

    def drift(_world: World, _live: Object) -> set[str]:
        return set()

    def remove(world: World, live: Object) -> None:
        world.call("rpc", f"{noun}Delete", {f"{lower}_id": live.id})

    def exists(world: World, live: Object) -> int:
        listed = world.call("rpc", f"{noun}List", world.place).get(f"{lower}s", [])
        return [item["name"] for item in listed].count(live.inputs["name"])

    return Sample(
        token=f"modal:{noun}",
        inputs=inputs,
        mutable={"force_destroy": {"force_destroy": False}},
        unset=("force_destroy",),
        immutable={"name": "renamed"},
        invalid={
            "environment_name": {"environment_name": ""},
            "name": {"name": "ap-0123456789abcdefABCDEF"},
        },
        drift=drift,
        remove=remove,
        exists=exists,
        different={"force_destroy": False},
        without={"test_a_different_object_is_refused_and_left_alone": only_a_name},
    )
