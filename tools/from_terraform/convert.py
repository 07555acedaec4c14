"""From Terraform's objects to settings, by the description that discovery makes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from components.kernel import ConfigurationError, RefusedError
from components.kernel.parsing import of_that_form
from components.prefect.block_data import shown
from components.prefect.discovery import KINDS, Described, LeftOut, Live, describe
from components.prefect.discovery.live import name_of, place
from components.prefect.work_queue import DEFAULT, UNTOUCHED

from .wires import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .state import Instance

# What the settings cannot describe, and why.
_NOT: Final = {
    "account": "an account belongs to no stack; declare AccountSettings in a program",
    "account_member": "a member belongs to no stack",
    "block_access": "it would lock its owner out at its end; declare BlockAccess",
    "deployment_access": "as of blocks; declare DeploymentAccess in a program",
    "resource_sla": "Prefect has no call that reads it; declare DeploymentSla",
    "service_account": (
        "its key cannot be read, so it would get a new one; add it to "
        "`service_accounts` with `adopt: true` in its `account` once it may"
    ),
    "team": "teams belong to no stack; declare Team in a program",
    "team_access": "a team's members are said with the team; declare Team",
    "user": "people belong to no stack",
    "user_api_key": "a person's key belongs to no stack",
    "work_pool_access": "as of blocks; declare WorkPoolAccess in a program",
    "workspace_access": "as of blocks; declare WorkspaceAccess in a program",
    "workspace_role": "roles belong to no stack; declare WorkspaceRole in a program",
}
_PARTS: Final = {
    "deployment_schedule": ("deployment", "deployment_id"),
    "block_schema": ("block_type", "block_type_id"),
}


class Converted(NamedTuple):
    """What a state comes to.

    Attributes:
        described: The settings, and what must be known beside them.
        values: The secrets that the settings refer to, by name.
        workspace: What is known of the workspace; None for a server of one's own.
    """

    described: Described
    values: dict[str, str]
    workspace: dict[str, Any] | None


class _Nowhere:
    """Stands where a kind asks for its workspace; nothing is asked of it."""

    scope = ""

    def __init__(self, workspace_id: str | None) -> None:
        self.workspace_id = UUID(workspace_id) if workspace_id else None
        self.cloud = self


@of_that_form("the state", "write it by `terraform state pull`")
def convert(
    instances: Sequence[Instance],
    *,
    workspace_id: str | None = None,
    in_the_open: Sequence[str] = (),
) -> Converted:
    """Write a state as settings.

    Args:
        instances: All that the state has.
        workspace_id: Which workspace's, where the state has several.
        in_the_open: Which fields of blocks are no secrets: patterns on `TYPE.FIELD`.

    Raises:
        ConfigurationError: It has several, and it is not said which.
    """
    chosen = workspace_id or _only_workspace(instances)
    here, left_out = [], []
    for one in instances:
        if one.type == "workspace":
            continue
        if one.attributes.get("workspace_id") in (None, "", chosen):
            here.append(one)
        else:
            left_out.append(LeftOut(one.address, "it is in another workspace"))
    live = list(_live(here, chosen, in_the_open, left_out))
    addresses = {one.id: one.address for one in here}
    described = describe(sorted(live, key=place))
    told = [
        one._replace(what=_address(one.what, live, addresses))
        for one in described.left_out
    ]
    flows = described.settings.get("flows", {})
    deployed = {one.state.flow_id for one in live if one.sort == "Deployment"}
    idle = (
        LeftOut(addresses[one.id], "it has neither deployments nor tags to keep it for")
        for one in live
        if one.sort == "Flow" and one.name not in flows and one.state.id not in deployed
    )
    described = described._replace(left_out=[*left_out, *told, *idle])
    return Converted(described, _values(described), _workspace(instances, chosen))


def _only_workspace(instances: Iterable[Instance]) -> str | None:
    ids = sorted({str(i) for o in instances if (i := o.attributes.get("workspace_id"))})
    if len(ids) > 1:
        raise ConfigurationError(
            f"the state has objects of several workspaces; choose one by "
            f"--workspace-id: {', '.join(ids)}"
        )
    return ids[0] if ids else None


def _live(
    instances: Sequence[Instance],
    workspace_id: str | None,
    in_the_open: Sequence[str],
    left_out: list[LeftOut],
) -> Iterator[Live]:
    """Yield each object as it would have been read from its workspace."""
    nowhere: Any = _Nowhere(workspace_id)
    writer = Writer(instances, in_the_open)
    flows = {o.id: str(o.attributes["name"]) for o in instances if o.type == "flow"}
    wholes = {(one.type, one.id) for one in instances}
    for one in instances:
        if one.type in _PARTS:
            whole, field = _PARTS[one.type]
            if (whole, one.attributes[field]) not in wholes:
                left_out.append(LeftOut(one.address, f"the state has no {whole} of it"))
            continue
        if one.type not in writer.kinds:
            why = _NOT.get(one.type, "flowground has nothing of that kind")
            left_out.append(LeftOut(one.address, why))
            continue
        sort, write = writer.kinds[one.type]
        try:
            wire = write(one.attributes)
            if sort == "WorkQueue" and wire["name"] == DEFAULT:
                _refuse_untouched(wire)
            state = KINDS[sort].parse(nowhere, wire)
        except RefusedError as error:
            left_out.append(LeftOut(one.address, str(error)))
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            why = f"this version cannot express it ({type(error).__name__})"
            left_out.append(LeftOut(one.address, why))
        else:
            yield Live(sort, name_of(sort, state, flows), state, wire)


def _refuse_untouched(queue: dict[str, Any]) -> None:
    if UNTOUCHED.items() <= queue.items():
        raise RefusedError("its pool brings it")


def _address(what: str, live: Iterable[Live], addresses: dict[str, str]) -> str:
    """Return what Terraform calls an object that a description left out."""
    found = (addresses[one.id] for one in live if str(one) == what)
    return next(found, what)


def _values(described: Described) -> dict[str, str]:
    """Return the secrets themselves: Terraform keeps them, as Prefect does not."""
    values: dict[str, str] = {}
    for block in described.described:
        if block.sort == "Block":
            data = shown(block.wire)
            for needed in described.secrets:
                key, _, of = needed.of.partition(" of ")
                if of == str(block):
                    value = data[key]
                    text = json.dumps(value) if needed.is_json else str(value)
                    values[needed.name] = text
    return values


def _workspace(
    instances: Iterable[Instance], workspace_id: str | None
) -> dict[str, Any] | None:
    for one in instances:
        if one.type == "workspace" and workspace_id in (None, one.id):
            a = one.attributes
            said = {"layout": "own", "handle": a["handle"]}
            if a.get("name") not in (None, "", a["handle"]):
                said["name"] = a["name"]
            return said | (
                {"description": a["description"]} if a.get("description") else {}
            )
    return None if workspace_id is None else {}
