"""One environment, whole: what `__main__.py` declares."""

from __future__ import annotations

import json
import sys
from typing import Any, Final

import pulumi

from components.kernel import FlowgroundError, Lookup
from components.outputs import SCHEMA
from components.outputs.describe import prefect_credentials, prefect_outputs
from components.prefect.environment import PrefectEnvironment
from components.settings import Settings, secret

# What the SDK's own exit for "already told" means to the language host: no traceback.
_ALREADY_TOLD: Final = 32


class Platform(pulumi.ComponentResource):
    """Everything that one environment has.

    Attributes:
        prefect: Its Prefect.
    """

    def __init__(
        self,
        resource_name: str,
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the environment.

        Args:
            resource_name: Its name in the program and in state.
            settings: What it has.
            opts: Pulumi's resource options.
        """
        super().__init__("flowground:index:Platform", resource_name, None, opts)
        self.settings = settings
        child = pulumi.ResourceOptions(parent=self)
        protect = settings.protects_data
        groups: dict[str, Lookup] = {"secrets": secret, "json_secrets": _parsed}
        self.prefect = PrefectEnvironment(
            "prefect",
            settings.prefect,
            protect=protect,
            schedules=settings.runs_schedules,
            groups=groups,
            opts=child,
        )
        self.register_outputs({})

    @classmethod
    def from_config(cls) -> Platform:
        """Declare what the running stack's config says, or end with one clear error."""
        try:
            return cls("platform", Settings.from_config())
        except FlowgroundError as error:
            pulumi.log.error(f"stack {pulumi.get_stack()}: {error}")
            sys.exit(_ALREADY_TOLD)

    @property
    def outputs(self) -> dict[str, Any]:
        """What other teams consume: names, ids and addresses, and no secret."""
        return {
            "schema": SCHEMA,
            "stack": pulumi.get_stack(),
            "tier": self.settings.tier,
            "prefect": prefect_outputs(self.prefect),
        }

    @property
    def credentials(self) -> dict[str, Any]:
        """What opens the doors: secrets, and nothing else."""
        return {"prefect": prefect_credentials(self.prefect)}


def _parsed(name: str) -> pulumi.Input[Any] | None:
    """Return a secret that is JSON, as what it says."""
    held = secret(name)
    return None if held is None else held.apply(json.loads)
