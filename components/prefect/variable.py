"""A Prefect variable: a named JSON value that flows read at run time.

API: POST /variables/, PATCH and DELETE /variables/{id}, POST /variables/filter.
Immutable: nothing; a rename keeps the id. Quirk: null tags are refused (409), so
none is sent as [].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import pulumi
from pydantic import AfterValidator, Field, JsonValue

from components.kernel import Json, Names, Wire, canonical_json, changed, kind

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .client import PrefectApi

# MAX_VARIABLE_VALUE_LENGTH of the server, which counts the JSON text.
MAX_VALUE_LENGTH = 5000


def _fits(value: JsonValue) -> JsonValue:
    if (length := len(canonical_json(value))) > MAX_VALUE_LENGTH:
        raise ValueError(
            f"is {length} characters of JSON; Prefect takes at most "
            f"{MAX_VALUE_LENGTH}: keep it in a block or a file instead"
        )
    return value


class VariableArgs(PrefectArgs):
    """What a user writes for a variable; see `Variable`."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$", max_length=255)]
    value: Annotated[Json, AfterValidator(_fits)]
    tags: Names = frozenset()


class VariableState(VariableArgs):
    """A variable as the server has it."""

    id: UUID


def to_wire(args: VariableArgs) -> Wire:
    """Write a variable as the API takes it."""
    return {"name": args.name, "value": args.value, "tags": sorted(args.tags)}


@kind("prefect:Variable", key=("name",))
class VariableKind(PrefectKind[VariableArgs, VariableState]):
    """The life cycle of a variable."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every variable of the workspace."""
        return api.pages("/variables/filter")

    def parse(self, api: PrefectApi, wire: Wire) -> VariableState:
        """Project one variable on its canonical state."""
        return VariableState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            name=wire["name"],
            value=wire["value"],
            tags=frozenset(wire["tags"]),
        )

    def create(self, api: PrefectApi, args: VariableArgs) -> VariableState:
        """Make the variable."""
        return self.parse(api, api.post("/variables/", to_wire(args)))

    def update(
        self, api: PrefectApi, old: VariableState, new: VariableArgs
    ) -> VariableState:
        """Change what differs; a new name keeps the id."""
        api.patch(f"/variables/{old.id}", changed(to_wire(old), to_wire(new)))
        return VariableState(**{**dict(new), "id": old.id})

    def delete(self, api: PrefectApi, state: VariableState) -> None:
        """Delete the variable."""
        api.delete(f"/variables/{state.id}")


class Variable(PrefectResource, kind=VariableKind):
    """A named JSON value that flows read at run time.

    Args:
        resource_name: Its name in the program and in state.
        value: Any JSON value of at most 5,000 characters.
        name: The variable's name: lower case letters, digits, `_` and `-`. The
            resource's name if not given. Can be changed in place.
        tags: Labels to find it by; their order means nothing.
        workspace: The workspace it lives in.
        adopt: Take over a variable of this name that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/concepts/variables.
    """

    name: pulumi.Output[str]
    value: pulumi.Output[Any]
    tags: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        value: pulumi.Input[Any],
        name: pulumi.Input[str] | None = None,
        tags: pulumi.Input[Collection[str]] = (),
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": name if name is not None else resource_name,
                "value": value,
                "tags": tags,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
