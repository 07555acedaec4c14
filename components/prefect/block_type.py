"""A Prefect block type: a sort of block, and the schema that its documents follow.

API: POST /block_types/, PATCH and DELETE /block_types/{id}, POST /block_types/filter;
POST /block_schemas/, POST /block_schemas/filter (newest first).
Immutable: name, slug. A changed schema is published beside the old ones, which the
documents made under them keep.

Quirks:

- A schema's identity is a checksum over the fields without `secret_fields`, and its
  version, across all types: the same fields again answer with what was there before,
  of another type or with other secrets. So each carries its type's slug, and each
  publication has a version of its own.
- POST answers with any type of that name, which need not be the new one.
- POST escapes `&<>` in the description and the example, PATCH does not.
- DELETE takes all documents of the type along, whoever made them.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import pulumi
from pydantic import AfterValidator, Field

from components.kernel import (
    AlreadyExistsError,
    DataLossError,
    Immutable,
    JsonObject,
    Local,
    Names,
    RefusedError,
    Wire,
    changed,
    differing,
    kind,
)

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike
from .block_schema import canonical_schema, forget_schema
from .client import part

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .client import PrefectApi

SLUG_PATTERN = r"^[a-z0-9-]+$"
# How many of the documents in the way an error names.
_NAMED_DOCUMENTS = 5


def _free(name: str) -> str:
    if name.lower().startswith("prefect"):
        raise ValueError("should not begin with 'Prefect', which is reserved")
    return name


class BlockTypeArgs(PrefectArgs):
    """What a user writes for a block type; see `BlockType`."""

    slug: Annotated[str, Field(pattern=SLUG_PATTERN, max_length=255), Immutable]
    name: Annotated[
        str, Field(pattern=r"^[^/%&><]+$"), AfterValidator(_free), Immutable
    ]
    fields: Annotated[JsonObject, AfterValidator(canonical_schema)]
    capabilities: Names = frozenset()
    description: str | None = None
    code_example: str | None = None
    documentation_url: Annotated[str, AfterValidator(str.strip)] | None = None
    logo_url: Annotated[str, AfterValidator(str.strip)] | None = None
    force_destroy: Annotated[bool, Local] = False


class BlockTypeState(BlockTypeArgs):
    """A block type as the server has it.

    Attributes:
        schema_id: Its newest schema; None while it has none.
        is_protected: Whether it is one of the few that Prefect guards.
    """

    name: str  # Prefect's own may begin with 'Prefect'
    fields: JsonObject
    id: UUID
    schema_id: UUID | None = None
    is_protected: bool = False


def to_wire(args: BlockTypeArgs) -> Wire:
    """Write a block type, without its schema, as the API stores it."""
    return {
        "name": args.name,
        "slug": args.slug,
        "description": _escaped(args.description),
        "code_example": _escaped(args.code_example),
        "documentation_url": args.documentation_url,
        "logo_url": args.logo_url,
    }


def _escaped(text: str | None) -> str | None:
    return None if text is None else html.escape(text, quote=False)


def _unescaped(text: str | None) -> str | None:
    return None if text is None else html.unescape(text)


def schema_to_wire(args: BlockTypeArgs, type_id: UUID) -> Wire:
    """Write a block type's schema as the API takes it."""
    return {
        "block_type_id": str(type_id),
        "fields": {**args.fields, "block_type_slug": args.slug},
        "capabilities": sorted(args.capabilities),
    }


@kind("prefect:BlockType", key=("slug",))
class BlockTypeKind(PrefectKind[BlockTypeArgs, BlockTypeState]):
    """The life cycle of a block type."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every block type of the workspace, with its newest schema."""
        newest: dict[str, Wire] = {}
        for schema in api.pages("/block_schemas/filter"):
            newest.setdefault(schema["block_type_id"], schema)
        for wire in api.pages("/block_types/filter"):
            yield {**wire, "schema": newest.get(wire["id"])}

    def parse(self, api: PrefectApi, wire: Wire) -> BlockTypeState:
        """Project one block type on its canonical state."""
        schema = wire["schema"] or {"id": None, "fields": {}, "capabilities": []}
        ours = {"block_type_slug": wire["slug"], "block_schema_references": {}}
        return BlockTypeState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            schema_id=schema["id"],
            is_protected=wire["is_protected"],
            slug=wire["slug"],
            name=wire["name"],
            fields={
                k: v
                for k, v in schema["fields"].items()
                if k not in ours or v != ours[k]
            },
            capabilities=frozenset(schema["capabilities"]),
            description=_unescaped(wire["description"]),
            code_example=_unescaped(wire["code_example"]),
            documentation_url=wire["documentation_url"],
            logo_url=wire["logo_url"],
        )

    def find(
        self, api: PrefectApi, args: BlockTypeArgs, listed: BlockTypeState | None
    ) -> BlockTypeState | None:
        """Return the type of this slug, unless `create` has yet to finish it."""
        del api
        return None if listed is not None and _half_made(listed, args) else listed

    def create(self, api: PrefectApi, args: BlockTypeArgs) -> BlockTypeState:
        """Make the type and its schema, or the schema that a crashed run owes it."""
        body = {
            **to_wire(args),
            "description": args.description,
            "code_example": args.code_example,
        }
        slug = f"/block_types/slug/{part(args.slug)}"
        try:
            api.post("/block_types/", body)
        except AlreadyExistsError:
            if not _half_made(self._with_schema(api, api.get(slug)), args):
                raise
        return self._published(api, args, api.get(slug)["id"])

    def _with_schema(self, api: PrefectApi, wire: Wire) -> BlockTypeState:
        of_type = {"block_schemas": {"block_type_id": {"any_": [wire["id"]]}}}
        schema = next(api.pages("/block_schemas/filter", of_type), None)
        return self.parse(api, {**wire, "schema": schema})

    def _published(
        self, api: PrefectApi, args: BlockTypeArgs, type_id: UUID
    ) -> BlockTypeState:
        schema = api.post(
            "/block_schemas/",
            {
                **schema_to_wire(args, type_id),
                "version": datetime.now(UTC).isoformat(),
            },
        )
        forget_schema(api, args.slug)
        return BlockTypeState(
            **{**dict(args), "id": type_id, "schema_id": schema["id"]}
        )

    def update(
        self, api: PrefectApi, old: BlockTypeState, new: BlockTypeArgs
    ) -> BlockTypeState:
        """Change what differs; a changed schema is published as a new one."""
        _refuse_protected(old)
        api.patch(f"/block_types/{old.id}", changed(to_wire(old), to_wire(new)))
        if {"fields", "capabilities"} & set(differing(old, new)):
            return self._published(api, new, old.id)
        return BlockTypeState(**{**dict(new), "id": old.id, "schema_id": old.schema_id})

    def delete(self, api: PrefectApi, state: BlockTypeState) -> None:
        """Delete the type and its schemas, unless documents would go with it.

        Raises:
            DataLossError: Documents of the type exist.
        """
        _refuse_protected(state)
        if not state.force_destroy:
            _refuse_documents(api, state)
        api.delete(f"/block_types/{state.id}")
        forget_schema(api, state.slug)


def _half_made(state: BlockTypeState, args: BlockTypeArgs) -> bool:
    owed = {"fields", "capabilities", "force_destroy"}
    return state.schema_id is None and set(differing(state, args)) <= owed


def _refuse_protected(state: BlockTypeState) -> None:
    if state.is_protected:
        raise RefusedError(
            "it is protected: Prefect itself keeps it; use it as it is, and take "
            "its BlockType out of the program"
        )


def _refuse_documents(api: PrefectApi, state: BlockTypeState) -> None:
    of_type = {
        "block_types": {"slug": {"any_": [state.slug]}},
        "block_documents": {"is_anonymous": None},
    }
    names = [wire["name"] for wire in api.pages("/block_documents/filter", of_type)]
    if names:
        more = ", …" if len(names) > _NAMED_DOCUMENTS else ""
        raise DataLossError(
            f"Prefect would delete its blocks with it, and there are {len(names)} "
            f"({', '.join(names[:_NAMED_DOCUMENTS])}{more}); delete them first, or "
            f"give them up with force_destroy=True"
        )


class BlockType(PrefectResource, kind=BlockTypeKind):
    """A sort of block, and the schema that its documents follow.

    Args:
        resource_name: Its name in the program and in state.
        fields: The JSON Schema of a document's data. `properties` names its fields;
            `secret_fields` lists the dotted paths of those that Prefect must mask
            (`headers.*` for all below `headers`). Changing it publishes a new schema;
            documents follow it from their next change on.
        slug: What flows and documents call it: lower case letters, digits and `-`.
            The resource's name if not given. A change replaces the type.
        name: What people read. The slug if not given. A change replaces the type.
        capabilities: What its blocks can do (`get-directory`, `notify`), for
            Prefect's UI to offer them where that is asked for.
        description: What it is for, in Markdown.
        code_example: How a flow uses it, in Markdown.
        documentation_url: Where to read more.
        logo_url: Its picture.
        force_destroy: Delete its documents with it, also those that others made.
        workspace: The workspace it lives in.
        adopt: Take over a block type of this slug that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/concepts/blocks.
    """

    slug: pulumi.Output[str]
    name: pulumi.Output[str]
    fields: pulumi.Output[dict[str, Any]]
    capabilities: pulumi.Output[list[str]]
    description: pulumi.Output[str | None]
    code_example: pulumi.Output[str | None]
    documentation_url: pulumi.Output[str | None]
    logo_url: pulumi.Output[str | None]
    force_destroy: pulumi.Output[bool]
    schema_id: pulumi.Output[str]
    is_protected: pulumi.Output[bool]

    def __init__(
        self,
        resource_name: str,
        *,
        fields: pulumi.Input[dict[str, Any]],
        slug: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        capabilities: pulumi.Input[Collection[str]] = (),
        description: pulumi.Input[str] | None = None,
        code_example: pulumi.Input[str] | None = None,
        documentation_url: pulumi.Input[str] | None = None,
        logo_url: pulumi.Input[str] | None = None,
        force_destroy: bool = False,
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        slug = slug if slug is not None else resource_name
        super().__init__(
            resource_name,
            {
                "slug": slug,
                "name": name if name is not None else slug,
                "fields": fields,
                "capabilities": capabilities,
                "description": description,
                "code_example": code_example,
                "documentation_url": documentation_url,
                "logo_url": logo_url,
                "force_destroy": force_destroy,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
