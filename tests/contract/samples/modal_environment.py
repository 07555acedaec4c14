"""A Modal environment."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World
from tests.support.modal_world import MEMBER


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": name,
        "web_suffix": f"{name}-web",
        "restricted": True,
        "default_member_role": "contributor",
        "member_roles": {MEMBER: "viewer"},
        "image_builder_version": "2024.10",
        "force_destroy": True,
    }


def _drift(world: World, live: Object) -> set[str]:
    body = {"current_name": live.inputs["name"], "image_builder_version": "2025.06"}
    world.call("rpc", "EnvironmentUpdate", body)
    opened = {"environment_id": live.id, "managed": False}
    world.call("rpc", "EnvironmentSetManaged", opened)
    roles = {"default_member_role", "member_roles"}
    return {"image_builder_version", "restricted"} | roles


def _remove(world: World, live: Object) -> None:
    world.call("rpc", "EnvironmentDelete", {"name": live.inputs["name"]})


def _exists(world: World, live: Object) -> int:
    items = world.call("rpc", "EnvironmentList")["items"]
    return [item["name"] for item in items].count(live.inputs["name"])


SAMPLE = Sample(
    token="modal:Environment",
    inputs=_inputs,
    mutable={
        "name": {"name": "renamed"},
        "suffix": {"web_suffix": "another-suffix"},
        "role": {"default_member_role": "no-access"},
        "another's role": {"member_roles": {MEMBER: "no-access"}},
        "nobody's role": {"member_roles": {}},
        "builder": {"image_builder_version": "2025.06"},
        "force_destroy": {"force_destroy": False},
    },
    unset=("image_builder_version", "force_destroy"),
    invalid={
        "name": {"name": "has.period"},
        "web_suffix": {"web_suffix": "Upper"},
        "default_member_role": {"default_member_role": "king"},
        f"member_roles.{MEMBER}": {"member_roles": {MEMBER: "queen"}},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"image_builder_version": "2025.06"},
)
