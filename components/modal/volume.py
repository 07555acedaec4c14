"""A Modal volume: a file system that functions share.

API: VolumeGetOrCreate (to create), VolumeRename, VolumeDelete, VolumeList,
VolumeListFiles and VolumeListFiles2.
Immutable: version. A rename keeps the id and the files. Quirk: deleting one deletes
its files, so that is refused unless it is empty or `force_destroy` is set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, TypeAlias

import pulumi
from pydantic import Field

from components.kernel import DataLossError, Immutable, Local, Wire, kind

from .base import EnvironmentArgs, EnvironmentLike, ModalKind, ModalResource, ObjectName
from .client import FAIL_IF_EXISTS, ModalApi
from .still_there import require_listed

_VERSION: Final = "VOLUME_FS_VERSION_V"
_LIST_FILES: Final = {1: "VolumeListFiles", 2: "VolumeListFiles2"}

VolumeVersion: TypeAlias = Annotated[int, Field(ge=1, le=2)]


class ModalVolumeArgs(EnvironmentArgs):
    """What a user writes for a volume; see `ModalVolume`."""

    name: ObjectName
    version: Annotated[VolumeVersion, Immutable] = 1
    force_destroy: Annotated[bool, Local] = False


class ModalVolumeState(ModalVolumeArgs):
    """A volume as the control plane has it."""

    id: str
    name: str


def version_of(metadata: Wire) -> int:
    """Return a volume's version; those made before there were any have the first."""
    number = metadata["version"].removeprefix(_VERSION)
    return int(number) if number.isdecimal() else 1


@kind("modal:Volume", key=("name",))
class ModalVolumeKind(ModalKind[ModalVolumeArgs, ModalVolumeState]):
    """The life cycle of a volume."""

    def list(self, api: ModalApi) -> Iterable[Wire]:
        """Yield every volume of the environment."""
        for item in api.pages("VolumeList", "items"):
            yield {**item, "id": item["volume_id"]}

    def parse(self, api: ModalApi, wire: Wire) -> ModalVolumeState:
        """Project one volume on its canonical state."""
        metadata = wire["metadata"]
        return ModalVolumeState(
            environment_name=api.environment,
            id=wire["volume_id"],
            name=metadata["name"],
            version=version_of(metadata),
        )

    def create(self, api: ModalApi, args: ModalVolumeArgs) -> ModalVolumeState:
        """Make the volume."""
        wire = api.call(
            "VolumeGetOrCreate",
            environment_name=api.environment,
            deployment_name=args.name,
            object_creation_type=FAIL_IF_EXISTS,
            version=f"{_VERSION}{args.version}",
        )
        made = self.parse(api, wire)
        return made.model_copy(update={"force_destroy": args.force_destroy})

    def update(
        self, api: ModalApi, old: ModalVolumeState, new: ModalVolumeArgs
    ) -> ModalVolumeState:
        """Rename the volume if its name changes."""
        if old.name != new.name:
            api.call("VolumeRename", volume_id=old.id, name=new.name)
        return ModalVolumeState(**{**dict(new), "id": old.id})

    def delete(self, api: ModalApi, state: ModalVolumeState) -> None:
        """Delete the volume if nothing would be lost with it.

        Raises:
            DataLossError: It has files, and `force_destroy` is not set.
        """
        require_listed(self.list(api), state.id)
        listing = {"path": "/", "recursive": False, "max_entries": 1}
        rpc = _LIST_FILES[state.version]
        if not state.force_destroy and any(
            part["entries"] for part in api.stream(rpc, volume_id=state.id, **listing)
        ):
            raise DataLossError(
                "it has files; set force_destroy=True and run `pulumi up` first if "
                "all of them may be lost"
            )
        api.call("VolumeDelete", volume_id=state.id)


class ModalVolume(ModalResource, kind=ModalVolumeKind):
    """A file system that functions share.

    Args:
        resource_name: Its name in the program and in state.
        environment: The environment it lives in.
        name: Its name there; the resource's name if not given. Can be changed in
            place.
        version: 1 or 2, as what it is made; another one replaces it, and is refused
            while it has files.
        force_destroy: Let a destroy delete it with its files.
        adopt: Take over a volume of this name that differs.
        opts: Pulumi's resource options.

    See https://modal.com/docs/guide/volumes.
    """

    version: pulumi.Output[int]

    def __init__(
        self,
        resource_name: str,
        *,
        environment: EnvironmentLike,
        name: pulumi.Input[str] | None = None,
        version: pulumi.Input[int] = 1,
        force_destroy: pulumi.Input[bool] = False,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "version": version,
                "force_destroy": force_destroy,
                "adopt": adopt,
            },
            environment=environment,
            opts=opts,
        )
