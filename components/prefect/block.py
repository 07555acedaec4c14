"""A Prefect block: a typed document of settings and secrets that flows load by name.

API: POST /block_documents/, PATCH and DELETE /block_documents/{id}, GET
/block_documents/{id}, POST /block_documents/filter.
Immutable: type_slug, name.

Quirks:

- The server checks no data, so `block_schema` does, against the newest schema.
- Answers mask secrets ("********"), and a PATCH with the mask keeps the old value; a
  secret that is a JSON object is not masked at all. So whatever the schema calls secret
  is taken out of every answer before anyone sees it.
- Answers show a referenced block's data in place of the reference.
- PATCH merges unless told not to, and then a removed field would stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import pulumi
from pydantic import AfterValidator, Field

from components.kernel import (
    AccessError,
    Immutable,
    Json,
    RefusedError,
    Stamp,
    Wire,
    WriteOnly,
    canonical_json,
    kind,
    property_path,
)

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike
from .block_data import MASK, Hidden, Plain, as_reference, reference_of, shown
from .block_schema import (
    BlockSchema,
    holds_secret,
    newest_schema,
    problems,
    secret_paths,
)
from .block_type import SLUG_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from components.kernel import Location

    from .client import PrefectApi


def _or_none(fields: dict[str, Json] | None) -> dict[str, Json] | None:
    return fields or None


class BlockArgs(PrefectArgs):
    """What a user writes for a block; see `Block`."""

    type_slug: Annotated[str, Field(pattern=SLUG_PATTERN), Immutable]
    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=255), Immutable]
    data: dict[str, Plain] = Field(default_factory=dict)
    secrets: Annotated[
        dict[str, Hidden] | None, AfterValidator(_or_none), WriteOnly
    ] = None

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield the fields that are given twice."""
        twice = (known.get("data") or {}).keys() & (known.get("secrets") or {}).keys()
        for key in sorted(twice):
            yield ("data", key), "is among the secrets too; keep one of the two"


class BlockState(BlockArgs):
    """A block as the server has it.

    Attributes:
        secrets: None where they are the program's; masked where they cannot be.
        updated: When anyone last wrote it, by the server's clock.
    """

    name: str
    data: dict[str, Json] = Field(default_factory=dict)
    secrets: Annotated[dict[str, Json] | None, WriteOnly] = None
    id: UUID
    updated: Annotated[str, Stamp]


def to_wire(args: BlockArgs, schema: BlockSchema) -> Wire:
    """Write all of a block's fields, as POST and PATCH take them."""
    return {
        "data": {**args.data, **(args.secrets or {})},
        "block_schema_id": str(schema.id),
    }


@kind("prefect:Block", key=("type_slug", "name"))
class BlockKind(PrefectKind[BlockArgs, BlockState]):
    """The life cycle of a block."""

    sees_write_only = True

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every named block of the workspace, its secrets masked."""
        return api.pages("/block_documents/filter")

    def parse(self, api: PrefectApi, wire: Wire) -> BlockState:
        """Project one block on its canonical state."""
        fields = wire["block_schema"]["fields"]
        data = shown(wire)
        hidden = {k for k, v in data.items() if holds_secret(fields, k, v)}
        return BlockState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            updated=wire["updated"],
            type_slug=wire["block_type"]["slug"],
            name=wire["name"],
            data={k: v for k, v in data.items() if k not in hidden},
            secrets=dict.fromkeys(hidden, MASK) or None,
        )

    def recall(self, state: BlockState, known: BlockArgs) -> BlockState:
        """Hide what the program keeps secret, whatever the schema says of it."""
        ours = (known.secrets or {}).keys()
        there = (state.secrets or {}).keys() | (ours & state.data.keys())
        secrets = None if there == ours else dict.fromkeys(there, MASK)
        data = {k: v for k, v in state.data.items() if k not in ours}
        return state.model_copy(update={"data": data, "secrets": secrets})

    def same(
        self, api: PrefectApi, found: BlockState, args: BlockArgs
    ) -> Sequence[str]:
        """Name what differs, comparing the secrets too where the key may see them."""
        differs = [*super().same(api, found, args)]
        if found.secrets is not None or not _keeps(api, found, args.secrets or {}):
            differs.append("secrets")
        return differs

    def create(self, api: PrefectApi, args: BlockArgs) -> BlockState:
        """Make the block."""
        schema = _checked(api, args)
        wire = api.post(
            "/block_documents/",
            {
                **to_wire(args, schema),
                "name": args.name,
                "block_type_id": str(schema.type_id),
            },
        )
        return self.recall(self.parse(api, wire), args)

    def update(self, api: PrefectApi, old: BlockState, new: BlockArgs) -> BlockState:
        """Write all its fields, so that a removed one goes."""
        schema = _checked(api, new)
        path = f"/block_documents/{old.id}"
        api.patch(path, {**to_wire(new, schema), "merge_existing_data": False})
        return self.recall(self.parse(api, api.get(path)), new)

    def delete(self, api: PrefectApi, state: BlockState) -> None:
        """Delete the block."""
        api.delete(f"/block_documents/{state.id}")


def _keeps(api: PrefectApi, found: BlockState, secrets: Mapping[str, Json]) -> bool:
    """Tell whether a block has these secrets; False where the key may not see them."""
    if not secrets:
        return True
    try:
        wire = api.get(f"/block_documents/{found.id}?include_secrets=true")
    except AccessError:
        return False
    there = shown(wire)
    held = {key: there.get(key) for key in secrets}
    return canonical_json(held) == canonical_json(dict(secrets))


def _checked(api: PrefectApi, args: BlockArgs) -> BlockSchema:
    """Return the schema to write a block with, which its fields have been held to.

    Raises:
        RefusedError: They do not fit; all that is wrong is said at once.
    """
    schema = newest_schema(api, args.type_slug)
    secrets = args.secrets or {}
    values = {**args.data, **secrets}
    targets = {
        key: target
        for key, value in values.items()
        if (target := reference_of(value)) is not None
    }
    wrong: list[tuple[Location, str]] = [
        (("data", key), "is a secret; move it to secrets")
        for key, value in sorted(args.data.items())
        if holds_secret(schema.fields, key, value)
    ]
    called_secret = {path[0] for path in secret_paths(schema.fields)} - values.keys()
    for at, why in (
        *problems(schema.fields, values, targets),
        *_dangling(api, targets),
    ):
        given_in = (
            "secrets" if at[:1] and at[0] in {*secrets, *called_secret} else "data"
        )
        wrong.append(((given_in, *at), why))
    if wrong:
        told = [f"{property_path(at)} {why}" for at, why in dict.fromkeys(wrong)]
        raise RefusedError(
            f"it does not fit its type: {'; '.join(told)} "
            f"(`prefect block type inspect {args.type_slug}` shows the type)"
        )
    return schema


def _dangling(
    api: PrefectApi, targets: Mapping[str, UUID]
) -> Iterable[tuple[Location, str]]:
    """Yield the references to blocks that are not there; the server only says 409."""
    if not targets:
        return
    ids = {"any_": sorted({str(target) for target in targets.values()})}
    wanted = {"block_documents": {"id": ids, "is_anonymous": None}}
    there = {wire["id"] for wire in api.pages("/block_documents/filter", wanted)}
    for key, target in targets.items():
        if str(target) not in there:
            yield (key,), f"refers to a block that does not exist ({target})"


class Block(PrefectResource, kind=BlockKind):
    """A typed document of settings and secrets that flows load by name.

    Args:
        resource_name: Its name in the program and in state.
        type_slug: The slug of its block type (`prefect block type ls`), such as
            `secret` or `slack-webhook`. A change replaces the block.
        name: Lower case letters, digits and `-`. The resource's name if not given. A
            change replaces the block.
        data: Its plain fields. To refer to another block, give its `reference`.
        secrets: The fields that its type calls secret, and any other that should not
            be seen; kept encrypted in state and never read back. A change by others
            shows as a change of all of them.
        workspace: The workspace it lives in.
        adopt: Take over a block of this type and name that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/concepts/blocks.
    """

    type_slug: pulumi.Output[str]
    name: pulumi.Output[str]
    data: pulumi.Output[dict[str, Any]]
    secrets: pulumi.Output[dict[str, Any] | None]
    updated: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        type_slug: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        data: pulumi.Input[Mapping[str, Any]] | None = None,
        secrets: pulumi.Input[Mapping[str, Any]] | None = None,
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "type_slug": type_slug,
                "name": name if name is not None else resource_name,
                "data": data,
                "secrets": secrets,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )

    @property
    def reference(self) -> pulumi.Output[Any]:
        """What a field of another block, or of a work pool's template, holds for it."""
        return self.id.apply(as_reference)
