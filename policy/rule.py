"""What a rule is: a name, whom it stops, and a function that finds what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pulumi_policy import EnforcementLevel

from components.kernel.lifecycle import LOOKUP

if TYPE_CHECKING:
    from .stack import Stack
    from .update import Update

_DYNAMIC: Final = "pulumi-python:dynamic/"

# By tier: where a rule is not looked at, only told, and where it stops an update.
Levels = Mapping[str, EnforcementLevel]

DISABLED: Final = EnforcementLevel.DISABLED
TOLD: Final = EnforcementLevel.ADVISORY
STOPS: Final = EnforcementLevel.MANDATORY

EVERYWHERE: Final[Levels] = {"dev": TOLD, "staging": TOLD, "prod": STOPS}
NOT_IN_DEV: Final[Levels] = {"dev": DISABLED, "staging": TOLD, "prod": STOPS}
OF_DATA: Final[Levels] = {"dev": TOLD, "staging": STOPS, "prod": STOPS}
ONLY_PROD: Final[Levels] = {"dev": DISABLED, "staging": DISABLED, "prod": STOPS}
ONLY_DEV: Final[Levels] = {"dev": TOLD, "staging": DISABLED, "prod": DISABLED}

# What is lost for good when it is deleted.
HOLDS_DATA: Final = frozenset(
    {
        "prefect:Workspace",
        *("modal:Environment", "modal:Volume", "modal:Dict", "modal:Queue"),
        "s3:Bucket",
    }
)


def kind_of(resource_type: str) -> str:
    """Return a resource type as a kind's token, or "" if it is none of ours."""
    token = resource_type.removeprefix(_DYNAMIC)
    return "" if token == resource_type else token


class Thing(NamedTuple):
    """One object that the program declares.

    Attributes:
        kind: Its kind's token.
        name: Its name in the program.
        inputs: Its arguments, checked and complete, as `wire.read` returns them.
        protect: Whether Pulumi refuses to delete it.
    """

    kind: str
    name: str
    inputs: Mapping[str, Any]
    protect: bool = False

    @property
    def ours(self) -> bool:
        """Whether the stack makes it, and does not only look it up."""
        return bool(self.kind) and not self.inputs.get(LOOKUP)


class Finding(NamedTuple):
    """What is wrong with what, of a whole update.

    Attributes:
        name: The name of the resource, which an exemption may name; "" for none.
        message: What is wrong, and what to do.
        urn: The resource if it is still declared.
    """

    name: str
    message: str
    urn: str | None = None


@dataclass(frozen=True)
class Rule:
    """A rule about one object.

    Attributes:
        name: What exemptions call it.
        description: The rule in one sentence.
        levels: Whom it stops.
        check: Yields what is wrong with a thing of a stack, and what to do.
    """

    name: str
    description: str
    levels: Levels
    check: Callable[[Thing, Stack], Iterator[str]]


@dataclass(frozen=True)
class StackRule:
    """A rule about an update as a whole; as `Rule` else."""

    name: str
    description: str
    levels: Levels
    check: Callable[[Update, Stack], Iterator[Finding]]
