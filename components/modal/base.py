"""What the kinds of a Modal workspace have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import pulumi
from pydantic import AfterValidator, Field

from components.kernel import Args, Config, Immutable, Kind, ManagedResource

from .client import SETTINGS, ModalApi, connect

Role: TypeAlias = Literal["contributor", "viewer", "no-access"]


def _no_app_id(name: str) -> str:
    if name.startswith("ap-") and len(name) == len("ap-") + 22 and name[3:].isalnum():
        raise ValueError("looks like the id of an app; choose another name")
    return name


ObjectName: TypeAlias = Annotated[
    str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,64}$"), AfterValidator(_no_app_id)
]
"""What secrets, volumes, dicts and queues may be called."""


class EnvironmentArgs(Args):
    """What every object of an environment has.

    Attributes:
        environment_name: The environment it lives in. Never left to a default: that
            would be whatever MODAL_ENVIRONMENT or the workspace has it be.
    """

    environment_name: Annotated[str, Field(min_length=1), Immutable]


A = TypeVar("A", bound=EnvironmentArgs)
S = TypeVar("S", bound=EnvironmentArgs)
WorkspaceA = TypeVar("WorkspaceA", bound=Args)
WorkspaceS = TypeVar("WorkspaceS", bound=Args)


class ModalKind(Kind[ModalApi, A, S]):
    """A kind whose objects live in an environment."""

    def connect(self, config: Config, args: A) -> ModalApi:
        """Return the API of the object's environment."""
        return connect(config, args.environment_name)


class WorkspaceKind(Kind[ModalApi, WorkspaceA, WorkspaceS]):
    """A kind whose objects live in the workspace."""

    def connect(self, config: Config, args: WorkspaceA) -> ModalApi:
        """Return the API of the workspace that the token is of."""
        del args
        return connect(config)


class ModalResource(ManagedResource):
    """An object of an environment that the stack owns."""

    settings = SETTINGS
    name: pulumi.Output[str]
    environment_name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        inputs: dict[str, Any],
        *,
        environment: EnvironmentLike,
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        name = (
            environment.name  # type: ignore[attr-defined]  # a ModalEnvironment has one
            if isinstance(environment, pulumi.CustomResource)
            else environment
        )
        super().__init__(resource_name, {**inputs, "environment_name": name}, opts)


EnvironmentLike: TypeAlias = "pulumi.CustomResource | pulumi.Input[str]"
"""A `ModalEnvironment`, or an environment's name."""
