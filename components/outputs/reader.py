"""Another team's view of a stack: its outputs, typed.

from components.outputs import PlatformOutputs

prod = PlatformOutputs.from_stack("organization/flowground/prod")
pulumi.export("pool", prod.prefect.apply(lambda it: it.work_pools["batch"].name))

What is not there ends the program with one sentence: an `apply` that asks for it fails
with OutputsError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import pulumi
from pydantic import BaseModel, ValidationError

from .contract import S3, SCHEMA, Credentials, Github, Modal, Outputs, Prefect
from .errors import OutputsError

if TYPE_CHECKING:
    from collections.abc import Callable

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")


def read(stack: str, told: object) -> Outputs:
    """Read a stack's output `flowground`, as plain data.

    Args:
        stack: The stack's name, for the errors.
        told: The output's value: of a StackReference, or of
            `pulumi stack output flowground --json`; None if there is no such output.

    Raises:
        OutputsError: There is no such output, or it follows another contract.
    """
    if told is None:
        raise OutputsError(
            f"stack {stack} has no output 'flowground': it was not brought up yet, or "
            f"is no flowground stack; run `pulumi up` on it, or correct the name"
        )
    if isinstance(told, Mapping) and (other := told.get("schema")) != SCHEMA:
        # Anything else but a name of ours might be anything, so it is not shown.
        ours = isinstance(other, str) and other.startswith("flowground/")
        raise OutputsError(
            f"stack {stack} keeps to {other if ours else 'another contract'}, and this "
            f"reader knows {SCHEMA}; bring the stack up with the release of flowground "
            f"that this program has, or install the one that the stack has"
        )
    return _validated(Outputs, stack, "flowground", told, {"stack": stack})


def read_credentials(stack: str, held: object) -> Credentials:
    """Read a stack's output `credentials`, revealed, as plain data.

    Raises:
        OutputsError: It does not keep to the contract.
    """
    context = {"stack": stack, "within": "credentials."}
    given = {} if held is None else held
    return _validated(Credentials, stack, "credentials", given, context)


def _validated(
    model: type[Model], stack: str, name: str, value: object, context: dict[str, str]
) -> Model:
    try:
        return model.model_validate(value, context=context)
    except ValidationError as error:
        # Its own text would show the values, and credentials are among them.
        said = "; ".join(
            f"{'.'.join([name, *map(str, one['loc'])])}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        )
        raise OutputsError(
            f"stack {stack} does not keep to {SCHEMA}: {said}; bring it up with the "
            f"release of flowground that this program has"
        ) from None


class PlatformOutputs:
    """What one environment's stack tells, and the credentials it hands out.

    Attributes:
        stack: The stack's full name.
        outputs: All that it tells.
    """

    def __init__(self, stack: str, reference: pulumi.StackReference) -> None:
        """Read a stack through a reference to it."""
        self.stack = stack
        self._reference = reference
        self.outputs: pulumi.Output[Outputs] = reference.get_output("flowground").apply(
            lambda told: read(stack, told)
        )

    @classmethod
    def from_stack(
        cls, stack: str, opts: pulumi.ResourceOptions | None = None
    ) -> PlatformOutputs:
        """Refer to a stack.

        Args:
            stack: Its full name: `organization/flowground/prod`; on a backend of one's
                own (S3, files) the first word is literally `organization`.
            opts: Pulumi's resource options.

        Raises:
            OutputsError: When its outputs are first used: the stack has none, follows
                another contract, or lacks the part that is asked for. A stack that the
                backend does not know is the engine's own error.
        """
        return cls(stack, pulumi.StackReference(stack, opts=opts))

    @property
    def prefect(self) -> pulumi.Output[Prefect]:
        """The environment's Prefect."""
        return self._part("prefect", lambda told: told.prefect)

    @property
    def modal(self) -> pulumi.Output[Modal]:
        """The environment's Modal."""
        return self._part("modal", lambda told: told.modal)

    @property
    def s3(self) -> pulumi.Output[S3]:
        """The environment's buckets."""
        return self._part("s3", lambda told: told.s3)

    @property
    def github(self) -> pulumi.Output[Github]:
        """What the environment delivers to GitHub."""
        return self._part("github", lambda told: told.github)

    @property
    def credentials(self) -> pulumi.Output[Credentials]:
        """What opens the environment's doors; a secret, wherever it is passed on."""
        held = pulumi.Output.secret(self._reference.get_output("credentials"))
        # Whose outputs cannot be read has no credentials to speak of either.
        both = pulumi.Output.all(self.outputs, held)
        return both.apply(lambda told: read_credentials(self.stack, told[1]))

    def _part(self, name: str, of: Callable[[Outputs], T | None]) -> pulumi.Output[T]:
        def part(told: Outputs) -> T:
            found = of(told)
            if found is None:
                raise OutputsError(
                    f"stack {self.stack} has no {name}; add `{name}` to its config, or "
                    f"do not ask for it"
                )
            return found

        return self.outputs.apply(part)
