"""The stack's config as typed models, read and checked before anything is declared.

`Pulumi.<stack>.yaml` says only what differs between environments; every key is
documented here, and a wrong one is one error that names stack, path and fix.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, Literal

import pulumi
from pydantic import ValidationError

from components.github.settings import GithubSettings
from components.kernel import ConfigurationError, Part
from components.kernel.check import failures_of, listed
from components.kernel.lifecycle import texts_of
from components.modal.settings import ModalSettings
from components.prefect.settings import PrefectSettings
from components.s3.settings import S3Settings

Tier = Literal["dev", "staging", "prod"]

# Of the config's own keys, those that hold structure rather than one value.
_STRUCTURED: Final = ("s3", "modal", "prefect", "github")


class Settings(Part):
    """One stack.

    Attributes:
        tier: What rules the environment follows. `prod`: data is protected, schedules
            run. `staging`: as prod, unprotected. `dev`: schedules are off unless asked
            for.
        s3: What it has of S3; nothing if not given.
        modal: What it has of Modal; nothing if not given.
        prefect: What it has of Prefect.
        github: What it delivers to GitHub; nothing if not given.
    """

    tier: Tier
    s3: S3Settings | None = None
    modal: ModalSettings | None = None
    prefect: PrefectSettings
    github: GithubSettings | None = None

    @property
    def protects_data(self) -> bool:
        """Whether what holds data is kept from every deletion."""
        return self.tier == "prod"

    @property
    def runs_schedules(self) -> bool:
        """Whether schedules run where the settings do not say."""
        return self.tier != "dev"

    @classmethod
    def from_config(cls) -> Settings:
        """Read the running stack's config.

        Raises:
            ConfigurationError: It is not valid; the message has a line for each fault.
        """
        config = pulumi.Config()
        given: dict[str, Any] = {"tier": config.get("tier")}
        for key in _STRUCTURED:
            # Plain JSON: `get_object` would log a warning for a key that holds a
            # secret, and secrets have config keys of their own.
            text = pulumi.runtime.get_config(config.full_key(key))
            given[key] = None if text is None else _read(text)
        present = {key: value for key, value in given.items() if value is not None}
        try:
            return cls.model_validate(present)
        except ValidationError as error:
            lines = listed(failures_of(error, present), f"{config.name}:")
            raise ConfigurationError(
                "\n".join(["its config is not valid:", *lines])
            ) from None


def _read(text: str) -> Any:
    """Read a key that holds structure; what holds none is told by its model."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def secrets_of_config() -> Iterator[str]:
    """Yield every text that the stack's config has encrypted, for errors to leave out.

    Of a key that holds structure the engine says only that some of it is a secret, so
    all its texts count.
    """
    config = pulumi.Config()
    for key in Settings.model_fields:
        full = config.full_key(key)
        if pulumi.runtime.is_config_secret(full):
            yield from texts_of(_read(pulumi.runtime.get_config(full) or ""))


def secret(name: str) -> pulumi.Output[str] | None:
    """Return a secret of the stack's config, or None where it has none so named."""
    return pulumi.Config().get_secret(name)
