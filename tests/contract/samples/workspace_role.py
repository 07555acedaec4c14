"""A workspace role of the account's own."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": name,
        "description": "for tests",
        "scopes": ["see_flows", "manage_blocks"],
        "inherited_role": "Viewer",
    }


def _drift(world: World, live: Object) -> set[str]:
    body = {"description": "", "scopes": ["manage_blocks", "see_flows", "run_flows"]}
    world.call("PATCH", f"/workspace_roles/{live.id}", body)
    return {"description", "scopes"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/workspace_roles/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {"workspace_roles": {"name": {"any_": [live.inputs["name"]]}}}
    return len(world.call("POST", "/workspace_roles/filter", body))


SAMPLE = Sample(
    token="prefect:WorkspaceRole",
    inputs=_inputs,
    mutable={
        "name": {"name": "renamed"},
        "description": {"description": "changed"},
        "scopes": {"scopes": ["see_variables"]},
        "inherited role": {"inherited_role": "Runner"},
    },
    unset=("description", "scopes", "inherited_role"),
    invalid={
        "name": {"name": "Owner"},
        "scopes[0]": {"scopes": [1]},
        "inherited_role": {"inherited_role": 1},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"scopes": ["see_flows"]},
)
