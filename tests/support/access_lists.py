"""What the samples of access lists share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.sample import Object, Properties, World

EVERYBODY = ["*"]


def somebody(world: World, name: str) -> Properties:
    """Return who may manage and view: a service account, a team, and everybody."""
    account = world.make("prefect:ServiceAccount", {"name": name}, placed=False)
    team = world.make("prefect:Team", {"name": name}, placed=False)
    return {
        "manage_actor_ids": [account.outputs["actor_id"]],
        "manage_team_ids": [team.id],
        "view_actor_ids": EVERYBODY,
    }


def mutable() -> dict[str, Properties]:
    """Return changes that update in place."""
    return {
        "view": {"view_actor_ids": []},
        "teams": {"manage_team_ids": []},
    }


def invalid() -> dict[str, Properties]:
    """Return what is not a list of ids."""
    return {
        "manage_actor_ids[0]": {"manage_actor_ids": ["somebody"]},
        "view_team_ids[0]": {"view_team_ids": ["*"]},
    }


def write(world: World, path: str, **allowed: list[str]) -> None:
    """Write a list behind our back."""
    world.call("PUT", f"{path}/access", {"access_control": allowed})


def drift(world: World, live: Object, path: str) -> set[str]:
    """Take the team off a list, and write nobody where everybody was."""
    kept = {
        field: live.inputs[field]
        for field in ("manage_actor_ids", "run_actor_ids")
        if field in live.inputs
    }
    write(world, path, **kept)
    return {"manage_team_ids", "view_actor_ids"}


def remove(world: World, path: str) -> None:
    """Let everybody do everything."""
    write(world, path, manage_actor_ids=EVERYBODY, view_actor_ids=EVERYBODY)


def exists(world: World, path: str) -> int:
    """Tell whether anybody is kept out."""
    access = world.call("GET", f"{path}/access")
    shown = {each["id"] for actors in access.values() for each in actors}
    return int(shown != {"*"})
