"""A Modal secret: a named set of environment variables that functions run with.

API: SecretGetOrCreate (to create, and to overwrite), SecretList, SecretDelete.
Immutable: name. Quirks:

- No call returns a value. What shows is the id, the time of creation and the names of
  the keys; a single value that somebody else changed by a merge does not.
- An overwrite is the only way to have exactly these keys, and may make a new object.
  So a resource is known by environment and name, and all three that show are stamps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, TypeAlias

import pulumi
from pydantic import Field

from components.kernel import Immutable, Local, Names, Stamp, Wire, WriteOnly, kind

from .base import EnvironmentArgs, EnvironmentLike, ModalKind, ModalResource, ObjectName
from .client import FAIL_IF_EXISTS, OVERWRITE, ModalApi

# Limits: https://modal.com/docs/guide/secrets.
SecretKey: TypeAlias = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=16384)
]
SecretValue: TypeAlias = Annotated[str, Field(max_length=32768)]
SecretValues: TypeAlias = Annotated[dict[SecretKey, SecretValue], Field(min_length=1)]


class ModalSecretArgs(EnvironmentArgs):
    """What a user writes for a secret; see `ModalSecret`."""

    name: Annotated[ObjectName, Immutable]
    values: Annotated[SecretValues, WriteOnly]
    rewrite: Annotated[str, Local] = ""


class ModalSecretState(ModalSecretArgs):
    """A secret as the control plane has it.

    Attributes:
        id: Environment and name: an overwrite changes all else.
        values: None where they are the program's.
    """

    id: str
    name: str
    values: Annotated[dict[str, str] | None, WriteOnly] = None  # type: ignore[assignment]  # never read
    secret_id: Annotated[str, Stamp]
    created_at: Annotated[float, Stamp]
    keys: Annotated[Names, Stamp]


@kind("modal:Secret", key=("name",))
class ModalSecretKind(ModalKind[ModalSecretArgs, ModalSecretState]):
    """The life cycle of a secret."""

    def list(self, api: ModalApi) -> Iterable[Wire]:
        """Yield every secret of the environment, without its values."""
        for item in api.pages("SecretList", "items"):
            yield {**item, "id": f"{api.environment}/{item['label']}"}

    def parse(self, api: ModalApi, wire: Wire) -> ModalSecretState:
        """Project one secret on its canonical state."""
        metadata = wire["metadata"]
        return ModalSecretState(
            environment_name=api.environment,
            id=f"{api.environment}/{metadata['name']}",
            name=metadata["name"],
            secret_id=wire["secret_id"],
            created_at=metadata["creation_info"]["created_at"],
            keys=frozenset(metadata["keys"]),
        )

    def same(
        self, api: ModalApi, found: ModalSecretState, args: ModalSecretArgs
    ) -> Sequence[str]:
        """Name what differs; of the values, their keys can be compared."""
        differs = [*super().same(api, found, args)]
        if found.keys != args.values.keys():
            differs.append("values")
        return differs

    def create(self, api: ModalApi, args: ModalSecretArgs) -> ModalSecretState:
        """Make the secret."""
        return self._write(api, args, FAIL_IF_EXISTS)

    def update(
        self, api: ModalApi, old: ModalSecretState, new: ModalSecretArgs
    ) -> ModalSecretState:
        """Write all of it, so that it has these keys and no others."""
        del old
        return self._write(api, new, OVERWRITE)

    def delete(self, api: ModalApi, state: ModalSecretState) -> None:
        """Delete the secret of that name, whoever overwrote it last."""
        where = {"environment_name": api.environment, "deployment_name": state.name}
        found = api.call("SecretGetOrCreate", **where)
        api.call("SecretDelete", secret_id=found["secret_id"])

    def _write(
        self, api: ModalApi, args: ModalSecretArgs, how: str
    ) -> ModalSecretState:
        wire = api.call(
            "SecretGetOrCreate",
            environment_name=api.environment,
            deployment_name=args.name,
            object_creation_type=how,
            env_dict=args.values,
        )
        local = {"values": args.values, "rewrite": args.rewrite}
        return self.parse(api, wire).model_copy(update=local)


class ModalSecret(ModalResource, kind=ModalSecretKind):
    """A named set of environment variables that functions run with.

    Args:
        resource_name: Its name in the program and in state.
        values: The variables, by name. The secret gets exactly these; they are kept
            encrypted in state, and can be read nowhere.
        environment: The environment it lives in.
        name: Its name there; the resource's name if not given.
        rewrite: Any text; a different one has the values written again, for when
            somebody may have changed one behind our back.
        adopt: Take over a secret of this name that has other keys.
        opts: Pulumi's resource options.

    Attributes:
        keys: The names of the variables.

    See https://modal.com/docs/guide/secrets.
    """

    secret_id: pulumi.Output[str]
    keys: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        values: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        environment: EnvironmentLike,
        name: pulumi.Input[str] | None = None,
        rewrite: pulumi.Input[str] = "",
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "values": values,
                "rewrite": rewrite,
                "adopt": adopt,
            },
            environment=environment,
            opts=opts,
        )
