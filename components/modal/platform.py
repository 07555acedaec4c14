"""One stack's Modal, from its settings: the environment and all in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pulumi

from components.kernel import ConfigurationError, Lookup, resolve
from components.kernel.references import refers

from .dict import ModalDict
from .environment import ModalEnvironment, environment_name
from .queue import ModalQueue
from .secret import ModalSecret
from .service_user import ModalServiceUser
from .settings import TokenSettings
from .token import ModalToken
from .volume import ModalVolume
from .volume_files import VolumeFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .settings import FilesSettings, ModalSettings, ServiceUserSettings

SETTINGS_PATH: Final = "modal"
# What a variable is called that holds what nobody should read.
_SECRET_KEY: Final = re.compile(
    r"(SECRET|PASSWORD|PASSWD|TOKEN|(API|PRIVATE|ACCESS|SECRET)_?KEY)$", re.IGNORECASE
)


class ModalPlatform(pulumi.ComponentResource):
    """The environment that a stack has to itself, and what the stack keeps in it.

    Attributes:
        environment: The environment.
        secrets, volumes, dicts, queues: What was made in it, by name.
        volume_files: What the stack keeps on its volumes, by their names.
        airflow: What an Airflow finds that runs its tasks there; None if none does.
        service_user: The identity of the stack's machines; None if it has none.
        token: The token that the stack hands to others, verified; None if there is
            neither a service user nor a token of its own.
    """

    def __init__(
        self,
        resource_name: str,
        settings: ModalSettings,
        *,
        groups: Mapping[str, Lookup],
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare all of it.

        Args:
            resource_name: Its name in the program and in state.
            settings: What there is.
            groups: What the settings may refer to, by the word before the dot.
            protect: Keep from every deletion what holds data: the environment, its
                volumes, dicts and queues.
            opts: Pulumi's resource options.

        Raises:
            ConfigurationError: The settings refer to what the stack does not have, or
                contradict themselves.
        """
        super().__init__("flowground:modal:Platform", resource_name, None, opts)
        self._settings = settings
        self._known = groups
        self._child = pulumi.ResourceOptions(parent=self)
        self._data = pulumi.ResourceOptions(parent=self, protect=protect)

        self._named = resource_name
        self._environment_name = _environment_name(settings)
        self.environment = ModalEnvironment(
            "environment",
            **{
                **self._resolved("environment", settings.environment),
                "name": self._environment_name,
            },
            opts=self._data,
        )
        self.secrets = {name: self._secret(name) for name in settings.secrets}
        self.volumes = {
            name: ModalVolume(
                name,
                **one.model_dump(exclude={"files"}),
                environment=self.environment,
                opts=self._data,
            )
            for name, one in settings.volumes.items()
        }
        self.volume_files = {
            name: self._files(name, one.files)
            for name, one in settings.volumes.items()
            if one.files is not None
        }
        self.dicts: dict[str, ModalDict] = self._stores(ModalDict, "dicts")
        self.queues: dict[str, ModalQueue] = self._stores(ModalQueue, "queues")
        self.airflow = (
            None
            if settings.airflow is None
            else settings.airflow.declare(
                "airflow",
                groups,
                f"{SETTINGS_PATH}.airflow",
                environment=self.environment,
                protect=protect,
                opts=self._child,
            )
        )
        self.service_user = (
            None
            if settings.service_user is None
            else self._service_user(settings.service_user)
        )
        self.token = self._token(settings.token or TokenSettings())
        self.register_outputs({})

    @property
    def groups(self) -> dict[str, Lookup]:
        """What later services may refer to, by the word before the dot."""
        facts: dict[str, pulumi.Output[str]] = {"environment": self.environment.name}
        if self.token is not None:
            facts |= {
                "workspace": self.token.workspace,
                "workspace_id": self.token.workspace_id,
                "token_id": self.token.token_id,
                "token_secret": self.token.token_secret,
            }
        return {
            "modal": facts.get,
            "modal_secrets": {n: one.name for n, one in self.secrets.items()}.get,
            "modal_volumes": {n: one.name for n, one in self.volumes.items()}.get,
        }

    def _resolved(self, group: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        return dict(resolve(entry, self._known, f"{SETTINGS_PATH}.{group}"))

    def _secret(self, name: str) -> ModalSecret:
        group = f"secrets.{name}"
        entry = self._settings.secrets[name]
        for key, value in entry.values.items():
            if _SECRET_KEY.search(key) and value and not refers(value):
                pulumi.log.warn(
                    f"{SETTINGS_PATH}.{group}.values.{key}: is written out in the "
                    "config, for all to read; if it is a secret, set it with `pulumi "
                    "config set --secret NAME`, and write ${secrets.NAME}",
                    self,
                )
        return ModalSecret(
            name,
            **self._resolved(group, dict(entry)),
            environment=self.environment,
            opts=self._child,
        )

    def _files(self, name: str, one: FilesSettings) -> VolumeFiles:
        volume = self.volumes[name]
        try:
            return VolumeFiles(name, volume=volume, **dict(one), opts=self._child)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"{SETTINGS_PATH}.volumes.{name}.files: {error}"
            ) from None

    def _stores(self, resource: type[Any], group: str) -> dict[str, Any]:
        entries: Mapping[str, Mapping[str, Any]] = getattr(self._settings, group)
        return {
            name: resource(
                name,
                **self._resolved(f"{group}.{name}", entry),
                environment=self.environment,
                opts=self._data,
            )
            for name, entry in entries.items()
        }

    def _service_user(self, one: ServiceUserSettings) -> ModalServiceUser:
        if self._environment_name in one.environment_roles:
            raise ConfigurationError(
                f"{SETTINGS_PATH}.service_user.environment_roles."
                f"{self._environment_name}: is the "
                "stack's own environment; remove it, and set `role` in its place"
            )
        return ModalServiceUser(
            "service-user",
            name=one.name or self._environment_name,
            environment_roles={
                **one.environment_roles,
                self._environment_name: one.role,
            },
            **one.model_dump(exclude={"name", "role", "environment_roles"}),
            # Its role in the environment is by name, which orders nothing.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.environment]),
        )

    def _token(self, one: TokenSettings) -> ModalToken | None:
        if self.service_user is not None:
            id_, secret = self.service_user.token_id, self.service_user.token_secret
        elif one.id is not None:
            given = self._resolved("token", {"id": one.id, "secret": one.secret})
            id_, secret = given["id"], given["secret"]
        else:
            return None
        return ModalToken(
            "token",
            token_id=id_,
            token_secret=secret,
            name=self._named,
            warn_days=one.warn_days,
            revoke_on_delete=one.revoke_on_delete,
            opts=self._child,
        )


def _environment_name(settings: ModalSettings) -> str:
    """Return the environment's name, which no other stack of the workspace has."""
    if named := settings.environment.get("name"):
        return str(named)
    name = f"{pulumi.get_project()}-{pulumi.get_stack()}"
    try:
        return environment_name(name)
    except ValueError as error:
        raise ConfigurationError(
            f"{SETTINGS_PATH}.environment.name: project and stack make '{name}' of it, "
            f"which {error}; set another one"
        ) from None
