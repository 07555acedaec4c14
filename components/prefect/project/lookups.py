"""What variables and blocks hold that a prefect.yaml refers to.

What the stack itself makes is read off its resources, so that a plan shows what will
be. The rest is read from the workspace by the program: in a preview too where it can
be reached, so that a plan is exact, and for certain in an update. A workspace that
does not exist yet, or cannot be reached now, leaves a preview with "known later".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import pulumi

from components.kernel import FlowgroundError, NotFoundError
from components.prefect.client import SETTINGS, connect_workspace, part

if TYPE_CHECKING:
    from collections.abc import Callable

    from components.prefect.block import Block
    from components.prefect.client import PrefectApi
    from components.prefect.variable import Variable

_STEP: Final = re.compile(r"[^.\[\]]+")
_MISSING: Final = object()


class StackConfig:
    """The stack's settings for Prefect, as a kind's client asks for them."""

    def get(self, key: str) -> Any:
        """Return a setting, or None where the stack has none."""
        if key not in SETTINGS:
            return None
        # `Config.get` would warn of a setting that is a secret.
        return pulumi.runtime.get_config(pulumi.Config().full_key(key))


class Lookups:
    """Reads what a project's placeholders name.

    Args:
        workspace: The id of the workspace; None for the server of PREFECT_API_URL.
        variables: Those that the stack makes, by the name in the file.
        blocks: Those that the stack makes, by `type-slug.name`.
    """

    def __init__(
        self,
        workspace: pulumi.Input[str] | None,
        variables: Mapping[str, Variable],
        blocks: Mapping[str, Block],
    ) -> None:
        self.workspace = workspace
        self._variables = variables
        self._blocks = blocks
        self._read: dict[str, pulumi.Output[Any]] = {}

    def variable(self, name: str) -> pulumi.Output[Any]:
        """Return the value of a variable.

        Raises:
            LookupError: There is no name.
        """
        if not name:
            raise LookupError(
                "refers to a variable without its name; write prefect.variables.<name>"
            )
        if name in self._variables:
            return self._variables[name].value

        def read(api: PrefectApi) -> Any:
            return api.get(f"/variables/name/{part(name)}")["value"]

        return self._once(f"variable '{name}'", read)

    def block(self, path: str) -> pulumi.Output[Any]:
        """Return what is at `type-slug.name.field…` of the blocks, as a secret.

        Raises:
            LookupError: The path names no block.
        """
        slug, _, rest = path.partition(".")
        name, _, field = rest.partition(".")
        if not name:
            raise LookupError(
                f"refers to block '{path}', which names a type alone; write "
                f"prefect.blocks.<type-slug>.<name>"
            )
        if own := self._blocks.get(f"{slug}.{name}"):
            data: pulumi.Output[Any] = pulumi.Output.all(own.data, own.secrets).apply(
                lambda known: {**known[0], **(known[1] or {})}
            )
        else:

            def read(api: PrefectApi) -> Any:
                place = f"/block_types/slug/{part(slug)}/block_documents/name"
                wire = api.get(f"{place}/{part(name)}?include_secrets=true")
                return wire["data"]

            data = self._once(f"block '{slug}/{name}'", read)
        return pulumi.Output.secret(data.apply(lambda known: _in_block(known, field)))

    def _once(self, what: str, read: Callable[[PrefectApi], Any]) -> pulumi.Output[Any]:
        if what not in self._read:
            workspace = pulumi.Output.from_input(self.workspace)
            self._read[what] = workspace.apply(lambda id_: _reading(id_, what, read))
        return self._read[what]


def _reading(
    workspace: str | None, what: str, read: Callable[[PrefectApi], Any]
) -> Any:
    try:
        id_ = None if workspace is None else UUID(workspace)
        return read(connect_workspace(StackConfig(), id_))
    except NotFoundError:
        raise pulumi.RunError(
            f"a prefect.yaml refers to {what}, which the workspace does not have; "
            f"create it, or correct the name"
        ) from None
    except FlowgroundError as error:
        if pulumi.runtime.is_dry_run():
            return _Unknown().output
        raise pulumi.RunError(f"cannot read {what}: {error}") from None


class _Unknown:
    @cached_property
    def output(self) -> pulumi.Output[Any]:
        """Return what only an update will know."""

        async def answer(value: Any) -> Any:
            return value

        return pulumi.Output(
            answer(set()), answer(None), answer(False)
        )  # positional by design


def _in_block(data: Any, field: str) -> Any:
    """Follow a path into a block's data, as Prefect does."""
    if isinstance(data, Mapping) and [*data] == ["value"]:
        first = next(iter(_STEP.findall(field)), None)
        if first != "value":
            data = data["value"]
    return within(data, field)


def within(data: Any, field: str, default: Any = None) -> Any:
    """Follow a path of keys and indices, such as `servers[1].host`.

    Args:
        data: Mappings, lists and values.
        field: The path.
        default: What there is if it leads nowhere; None makes that an error.
    """
    for step in _STEP.findall(field):
        match data:
            case Mapping():
                data = data.get(step, _MISSING)
            case list() if step.isdigit() and int(step) < len(data):
                data = data[int(step)]
            case _:
                data = _MISSING
        if data is _MISSING and default is not None:
            return default
        if data is _MISSING:
            raise pulumi.RunError(
                f"a prefect.yaml refers to '{field}', which neither the block nor the "
                f"step that is meant has; correct it"
            )
    return data
