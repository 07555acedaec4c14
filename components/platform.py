"""One environment, whole: what `__main__.py` declares."""

from __future__ import annotations

import json
import sys
from typing import Any, Final

import pulumi

from components.github.delivery import GitHubDelivery
from components.kernel import FlowgroundError, Lookup, redact, told
from components.modal.platform import ModalPlatform
from components.outputs import SCHEMA
from components.outputs.describe import (
    github_outputs,
    modal_credentials,
    modal_outputs,
    prefect_credentials,
    prefect_outputs,
    s3_credentials,
    s3_outputs,
)
from components.prefect.environment import PrefectEnvironment
from components.s3.platform import S3Platform
from components.settings import Settings, secret, secrets_of_config

# What the SDK's own exit for "already told" means to the language host: no traceback.
_ALREADY_TOLD: Final = 32


# What the services offer to each other's settings, by the word before the dot.
_GROUPS: Final = (
    *("buckets", "bucket_uris", "bucket_regions"),
    *("access_key_ids", "access_key_secrets", "oidc_roles"),
    *("modal", "modal_secrets", "modal_volumes"),
    *("prefect", "service_account_keys"),
)


class Platform(pulumi.ComponentResource):
    """Everything that one environment has.

    Attributes:
        s3: Its S3; None if it has none.
        modal: Its Modal; None if it has none.
        prefect: Its Prefect.
        github: What it delivers to GitHub; None if nothing.
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
        protect = settings.protects_data
        child = pulumi.ResourceOptions(parent=self)
        # A reference to a service that the stack does not have is an error too.
        groups: dict[str, Lookup] = {
            **dict.fromkeys(_GROUPS, _nothing),
            "secrets": secret,
            "json_secrets": _parsed,
        }
        self.s3 = (
            None
            if settings.s3 is None
            else S3Platform(
                "s3", settings.s3, groups=groups, protect=protect, opts=child
            )
        )
        groups |= {} if self.s3 is None else self.s3.groups
        self.modal = (
            None
            if settings.modal is None
            else ModalPlatform(
                "modal", settings.modal, groups=groups, protect=protect, opts=child
            )
        )
        groups |= {} if self.modal is None else self.modal.groups
        self.prefect = PrefectEnvironment(
            "prefect",
            settings.prefect,
            protect=protect,
            schedules=settings.runs_schedules,
            groups=groups,
            opts=child,
        )
        groups |= self.prefect.groups
        self.github = (
            None
            if settings.github is None
            else GitHubDelivery(
                "github", settings.github, groups=groups, protect=protect, opts=child
            )
        )
        self.register_outputs({})

    @classmethod
    def from_config(cls) -> Platform:
        """Declare what the running stack's config says, or end with one clear error."""
        try:
            return cls("platform", Settings.from_config())
        except FlowgroundError as error:
            error.args = (redact(str(error), secrets_of_config()),)
            pulumi.log.error(f"stack {pulumi.get_stack()}: {told(error)}")
            sys.exit(_ALREADY_TOLD)

    @property
    def outputs(self) -> dict[str, Any]:
        """What other teams consume: names, ids and addresses, and no secret."""
        return {
            "schema": SCHEMA,
            "stack": pulumi.get_stack(),
            "tier": self.settings.tier,
            "prefect": prefect_outputs(self.prefect),
            **({} if self.modal is None else {"modal": modal_outputs(self.modal)}),
            **({} if self.s3 is None else {"s3": s3_outputs(self.s3)}),
            **({} if self.github is None else {"github": github_outputs(self.github)}),
        }

    @property
    def credentials(self) -> dict[str, Any]:
        """What opens the doors: secrets, and nothing else."""
        modal = None if self.modal is None else modal_credentials(self.modal)
        return {
            "prefect": prefect_credentials(self.prefect),
            **({} if modal is None else {"modal": modal}),
            **({} if self.s3 is None else {"s3": s3_credentials(self.s3)}),
        }


def _nothing(_: str) -> None:
    return None


def _parsed(name: str) -> pulumi.Input[Any] | None:
    """Return a secret that is JSON, as what it says."""
    held = secret(name)

    def read(text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise pulumi.RunError(
                f"secret {name} is referred to as JSON and is none; set it anew with "
                f"`pulumi config set --secret {name}`, or refer to it as secrets.{name}"
            ) from None

    return None if held is None else held.apply(read)
