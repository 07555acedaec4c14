"""The stack's config for Modal: what the stack has in a workspace.

What may be written here, and what is refused, is what the kinds themselves take; only
an object's name is its entry's key. Strings may refer to what the stack has besides:
`${secrets.NAME}`, and whatever the services offer that are made before Modal, such as
`${bucket_uris.NAME}`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from components.kernel import EntryOf, Part

from .airflow_settings import AirflowSettings
from .base import ObjectName
from .dict import ModalDictArgs
from .environment import ModalEnvironmentArgs
from .queue import ModalQueueArgs
from .secret import SecretValues
from .service_user import Lifetime, ServiceUserName, ServiceUserRole
from .token import WARN_DAYS, TokenId, WarnDays
from .volume import VolumeVersion

Entry: TypeAlias = dict[str, Any]
_PLACED = ("environment_name", "name")


class SecretSettings(Part):
    """A secret: a named set of environment variables that functions run with.

    Attributes:
        values: The variables, by name; write `${secrets.NAME}` for what nobody may
            read. The secret gets exactly these.
        rewrite: Any text; a different one has the values written again, for when
            somebody may have changed one behind our back.
        adopt: Take over a secret of this name that has other keys.
    """

    values: SecretValues
    rewrite: str = ""
    adopt: bool = False


class FilesSettings(Part):
    """A folder mirrored to a volume; see `VolumeFiles`.

    Attributes:
        folder: What is mirrored; a relative path starts from the program's folder.
        path: Where in the volume; its root if not given.
        ignore: What is left out, as in a .gitignore file, and left alone in the
            volume.
        verify: "full" has every refresh read all files back; "stamps" only those
            whose time has changed.
        adopt: Take over a path that has other files, which are removed.
    """

    folder: Annotated[str, Field(min_length=1)]
    path: str = ""
    ignore: tuple[str, ...] = ()
    verify: Literal["stamps", "full"] = "stamps"
    adopt: bool = False


class VolumeSettings(Part):
    """A volume: a file system that functions share.

    Attributes:
        version: 1 or 2; another one replaces the volume, and is refused while it has
            files.
        force_destroy: Let a destroy delete it with its files.
        adopt: Take over a volume of this name that differs.
        files: What the stack keeps on it; if not given, its content is left to others.
    """

    version: VolumeVersion = 1
    force_destroy: bool = False
    adopt: bool = False
    files: FilesSettings | None = None


class ServiceUserSettings(Part):
    """The identity of the stack's machines, and its token.

    Attributes:
        name: Its name in the workspace; the environment's if not given.
        role: What it may do in the stack's environment.
        environment_roles: What it may do in other environments, by their names.
        expires_in_seconds: How long a token works; for ever if not given. Another
            number makes another token.
        rotation: Any text; a different one makes another token.
        overlap: Have the token before the present one go on working, until the next
            rotation.
        adopt: Take over a service user of this name that differs.
    """

    name: ServiceUserName | None = None
    role: ServiceUserRole = "contributor"
    environment_roles: dict[str, ServiceUserRole] = Field(default_factory=dict)
    expires_in_seconds: Lifetime = None
    rotation: str = ""
    overlap: bool = True
    adopt: bool = False


class TokenSettings(Part):
    """The token that the stack hands to others.

    Attributes:
        id: Its id, `ak-…`, where it is not the service user's.
        secret: Its secret, where it is not the service user's: `${secrets.NAME}`.
        warn_days: How many days before its end previews and updates begin to warn; 0
            for never.
        revoke_on_delete: Have it end when the stack is destroyed. Refused for the
            token that flowground itself works with.
    """

    id: TokenId | None = None
    secret: Annotated[str, Field(pattern=r"^\$\{secrets\.[^}]+\}$")] | None = None
    warn_days: WarnDays = WARN_DAYS
    revoke_on_delete: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.id is None) != (self.secret is None):
            raise ValueError("has half a token; give both `id` and `secret`, or none")
        return self


class ModalSettings(Part):
    """One stack's Modal.

    Attributes:
        environment: The environment that it has to itself; `<project>-<stack>` if it
            is given no `name`.
        secrets: By name.
        volumes: By name.
        dicts: By name; see `ModalDict`.
        queues: By name; see `ModalQueue`.
        airflow: What an Airflow finds that runs its tasks here; None for none.
        service_user: The identity of its machines; None for none.
        token: The token that it hands to others: the service user's, or one of its
            own.
    """

    environment: Annotated[Entry, EntryOf(ModalEnvironmentArgs, optional=("name",))] = (
        Field(default_factory=dict)
    )
    secrets: dict[ObjectName, SecretSettings] = Field(default_factory=dict)
    volumes: dict[ObjectName, VolumeSettings] = Field(default_factory=dict)
    dicts: dict[ObjectName, Annotated[Entry, EntryOf(ModalDictArgs, *_PLACED)]] = Field(
        default_factory=dict
    )
    queues: dict[ObjectName, Annotated[Entry, EntryOf(ModalQueueArgs, *_PLACED)]] = (
        Field(default_factory=dict)
    )
    airflow: AirflowSettings | None = None
    service_user: ServiceUserSettings | None = None
    token: TokenSettings | None = None

    @model_validator(mode="after")
    def _leaves_airflow_its_names(self) -> Self:
        taken = {} if self.airflow is None else self.airflow.names
        for group, names in taken.items():
            for name in names & getattr(self, group).keys():
                raise ValueError(
                    f"has '{name}' twice, in `{group}` and as what `airflow` makes; "
                    f"remove it from `{group}`, or give one of them another name"
                )
        return self

    @model_validator(mode="after")
    def _has_one_token(self) -> Self:
        if self.token is None:
            return self
        if self.service_user is not None and self.token.id is not None:
            raise ValueError(
                "has two tokens; remove `service_user`, or `id` and `secret` of `token`"
            )
        if self.service_user is None and self.token.id is None:
            raise ValueError(
                "has a `token` of nobody; add a `service_user`, or give the token's "
                "`id` and `secret`"
            )
        return self
