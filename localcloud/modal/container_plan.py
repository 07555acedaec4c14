"""What a container is made of: its environment, its files, its arguments."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypedDict

from modal_proto import api_pb2

from localcloud.modal import app_layout, function_metadata, identity, images, objects
from localcloud.modal.buckets import Bucket
from localcloud.modal.checkouts import Checkout

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from localcloud.modal.containers import Container
    from localcloud.modal.plane import Plane
    from localcloud.modal.store import Store

# Where Modal puts the source of an app, and what it runs in.
HOME = PurePosixPath("/root")
IDENTITY = "MODAL_IDENTITY_TOKEN"
INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE"),
    # To a function the AWS that it reaches is the local cloud's.
    *("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"),
)


class Bind(TypedDict):
    """A file or folder, and where the function sees it."""

    source: str
    target: str
    read_only: bool


@dataclass
class Plan:
    """All that a container's process is started with."""

    environment: dict[str, str]
    cwd: str
    source: Path
    mounted: list[tuple[str, bytes, int]]
    """Files of mounts: where they belong, their content, their mode."""
    content_path: dict[bytes, Path] = field(default_factory=dict)
    binds: list[Bind] = field(default_factory=list)
    volumes: list[tuple[Checkout, list[sqlite3.Row]]] = field(default_factory=list)
    committed: set[str] = field(default_factory=set)
    """Ids of volumes whose changes are committed after every input."""
    buckets: list[Bucket] = field(default_factory=list)

    def prepare(self) -> None:
        """Write all files to where they will be mounted from; this blocks."""
        for path, sha256, mode in self.mounted:
            place = self.source / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(self.content_path[sha256].read_bytes())
            place.chmod(mode & 0o777)
        for checkout, rows in self.volumes:
            checkout.checkout(rows)
        for bucket in self.buckets:
            bucket.pull()
        for bind in self.binds:
            Path(bind["source"]).mkdir(parents=True, exist_ok=True)
        # First, so that a volume below one of these folders is mounted over it.
        self.binds = [*self._sources(), *self.binds]

    def _sources(self) -> list[Bind]:
        """Show what mounts bring outside of the home folder at its own path.

        What belongs into the home folder is found by `PYTHONPATH` instead: the
        machine's own `/root` may hold the very interpreter.
        """
        binds: dict[Path, Bind] = {}
        for path, _, _ in self.mounted:
            target = PurePosixPath(path)
            if target.is_relative_to(HOME):
                continue
            shown = next(
                (one for one in [*reversed(target.parents), target] if not _there(one)),
                target,
            )
            place = self.source / shown.relative_to("/")
            binds[place] = Bind(source=str(place), target=str(shown), read_only=False)
        return list(binds.values())

    def checkout(self, volume_id: str) -> Checkout | None:
        """Return the container's folder of a volume."""
        found = (one for one, _ in self.volumes if one.volume_id == volume_id)
        return next(found, None)


def make(plane: Plane, container: Container, folder: Path) -> Plan:
    """Put the plan together from the function's definition."""
    store = plane.store
    row = store.one(
        "SELECT objects.app_id, environments.name AS environment, functions.params "
        "FROM objects JOIN functions USING (id) JOIN environments "
        "ON environments.id = environment_id WHERE objects.id=?",
        container.function_id,
    )
    if row is None:
        msg = "its function is not there any more"
        raise LookupError(msg)
    function = function_metadata.definition(store, container.function_id)
    image = images.applied(store, function.image_id)
    source = folder / "source"
    mounted = _files(store, [*image.mount_ids, *function.mount_ids])
    plan = Plan(
        environment=_environment(plane, container, folder, row["environment"]),
        cwd=image.workdir or str(source / "root"),
        source=source,
        mounted=mounted,
        content_path={sha256: plane.content.path(sha256) for _, sha256, _ in mounted},
    )
    base = (pair.partition("=") for pair in plane.settings.image_env)
    plan.environment |= {name: value for name, _, value in base}
    plan.environment |= image.environment | _secrets(plane, function.secret_ids)
    named = function.function_name
    who = identity.whois(store, container.function_id, named, container.task_id)
    plan.environment[IDENTITY] = plane.identity.token(who)
    _mount_volumes(plane, plan, function, folder)
    _mount_buckets(plane, plan, function, folder)
    (source / "root").mkdir(parents=True)
    (folder / "stage").mkdir()
    arguments = api_pb2.ContainerArguments(
        task_id=container.task_id,
        function_id=container.function_id,
        app_id=row["app_id"],
        function_def=function,
        serialized_params=row["params"] or b"",
        environment_name=row["environment"],
        app_layout=app_layout.layout(
            store,
            row["app_id"],
            (one.object_id for one in function.object_dependencies),
        ),
    )
    (folder / "arguments").write_bytes(arguments.SerializeToString())
    return plan


def _environment(
    plane: Plane, container: Container, folder: Path, environment_name: str
) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    # A function that starts `python` or a command of a package means its image's.
    programs = (str(plane.settings.python.parent), inherited.get("PATH", os.defpath))
    return inherited | {
        "PATH": os.pathsep.join(programs),
        "PYTHONPATH": str(folder / "source" / "root"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MODAL_SERVER_URL": plane.grpc_url,
        "MODAL_IS_REMOTE": "1",
        "MODAL_TASK_ID": container.task_id,
        "MODAL_ENVIRONMENT": environment_name,
        "MODAL_CLOUD_PROVIDER": "CLOUD_PROVIDER_LOCAL",
        "MODAL_REGION": "local",
        "MODAL_CONTAINER_ARGUMENTS_PATH": str(folder / "arguments"),
        "MODAL_DISABLE_API_PROXY": "1",
        "MODAL_CONFIG_PATH": os.devnull,
    }


def _secrets(plane: Plane, secret_ids: Iterable[str]) -> dict[str, str]:
    """Return the values of all secrets; of one key, the last secret's wins."""
    values: dict[str, str] = {}
    for secret_id in secret_ids:
        current = objects.current_id(plane.store, secret_id)
        if not plane.store.run(
            "UPDATE objects SET used_at=? WHERE id=?", plane.store.stamp(), current
        ):
            msg = f"its secret '{secret_id}' was deleted: deploy the app again"
            raise LookupError(msg)
        for row in plane.store.all(
            "SELECT key, sealed FROM secret_values WHERE secret_id=?", current
        ):
            values[row["key"]] = plane.seal.open(row["sealed"]).decode()
    return values


def _files(store: Store, mount_ids: Iterable[str]) -> list[tuple[str, bytes, int]]:
    found = []
    for mount_id in mount_ids:
        rows = store.all("SELECT * FROM mount_files WHERE mount_id=?", mount_id)
        found += [(row["path"], row["sha256"], row["mode"]) for row in rows]
    return found


def _mount_volumes(
    plane: Plane, plan: Plan, function: api_pb2.Function, folder: Path
) -> None:
    for mount in function.volume_mounts:
        if not plane.store.value("SELECT 1 FROM objects WHERE id=?", mount.volume_id):
            msg = f"its volume '{mount.volume_id}' was deleted: deploy the app again"
            raise LookupError(msg)
        checkout = plan.checkout(mount.volume_id)
        if checkout is None:
            place = folder / "volumes" / mount.volume_id
            checkout = Checkout(plane.content, mount.volume_id, place)
            plan.volumes.append((checkout, checkout.rows(plane.store)))
        if mount.allow_background_commits and not mount.read_only:
            plan.committed.add(mount.volume_id)
        shown = checkout.folder / mount.sub_path.strip("/")
        plan.binds.append(
            Bind(source=str(shown), target=mount.mount_path, read_only=mount.read_only)
        )


def _mount_buckets(
    plane: Plane, plan: Plan, function: api_pb2.Function, folder: Path
) -> None:
    for number, mount in enumerate(function.cloud_bucket_mounts):
        secret_id = mount.credentials_secret_id
        credentials = _secrets(plane, [secret_id] if secret_id else [])
        token = plan.environment[IDENTITY]
        bucket = Bucket(mount, credentials, token, folder / "buckets" / str(number))
        plan.buckets.append(bucket)
        plan.binds.append(
            Bind(
                source=str(bucket.folder),
                target=mount.mount_path,
                read_only=mount.read_only,
            )
        )


def _there(path: PurePosixPath) -> bool:
    return Path(path).exists()
