"""The stack's config for S3: the buckets that its code lies in, and who reads them.

What may be written here, and what is refused, is what the kinds themselves take; what
is not written has defaults that are safe for code. Strings of a bucket's own settings
may refer to the stack's secrets: `${secrets.NAME}`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from components.kernel import EntryOf, Part
from components.kernel.references import refers

from .base import Prefix
from .bucket_model import BucketArgs
from .identity import IdentityName
from .oidc_role import ModalName, WorkspaceId

Entry: TypeAlias = dict[str, Any]
BucketKey: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class FilesSettings(Part):
    """A folder mirrored to the bucket; see `BucketFiles`.

    Attributes:
        folder: What is mirrored; a relative path starts from the program's folder.
        ignore: What is left out, as in a .gitignore file, and left alone in the bucket.
        adopt: Take over a prefix that has other objects, which are removed.
    """

    folder: Annotated[str, Field(min_length=1)]
    ignore: tuple[str, ...] = ()
    adopt: bool = False


class RoleSettings(Part):
    """The role that Modal's functions read the bucket with, without any key.

    Attributes:
        workspace_id: The Modal workspace whose functions may: `ac-…`.
        environment: The Modal environment whose functions may; `<project>-<stack>` if
            not given, as Modal's own settings have it.
        app: The one app there whose functions may; every app's if not given.
        access: `read`, or `write` to read and write.
        name: Its name in the account; `<project>-<stack>-<bucket>` if not given.
    """

    workspace_id: WorkspaceId
    environment: ModalName | None = None
    app: ModalName | None = None
    access: Literal["read", "write"] = "read"
    name: IdentityName | None = None


class KeySettings(Part):
    """The key that the bucket is read with by who cannot take on a role.

    Attributes:
        access: `read`, or `write` to read and write.
        rotation: Any text; a different one makes another key.
        overlap: Have the key before the present one go on working, until the next
            rotation.
        name: The IAM user's name; `<project>-<stack>-<bucket>` if not given.
    """

    access: Literal["read", "write"] = "read"
    rotation: str = ""
    overlap: bool = True
    name: IdentityName | None = None


class DagBucketSettings(Part):
    """A bucket for the code of flows or DAGs, with what reads it.

    Attributes:
        bucket: What the bucket itself takes; see `Bucket`. Where nothing else is said,
            its name is `<project>-<stack>-<key>`, it keeps old versions (for 30 days,
            and the last five for longer), takes HTTPS only, and gives up uploads that
            were not ended within a week.
        prefix: The folder that the code lies in, with a slash at its end.
        files: What the stack keeps there; if not given, its content is left to others.
        role: Have Modal's functions read it by a role; rather this than a key.
        key: Have it read by a key.
    """

    bucket: Annotated[Entry, EntryOf(BucketArgs, optional=("name",))] = Field(
        default_factory=dict
    )
    prefix: Prefix = "dags/"
    files: FilesSettings | None = None
    role: RoleSettings | None = None
    key: KeySettings | None = None

    @model_validator(mode="after")
    def _readers_can_decrypt(self) -> Self:
        kms_key = self.bucket.get("kms_key")
        if kms_key is None or refers(kms_key) or not (self.role or self.key):
            return self
        if ":key/" not in kms_key:
            raise ValueError(
                f"is encrypted with '{kms_key}', to which nobody can be let by that "
                "name; give `kms_key` the ARN of the key: arn:aws:kms:…:key/…"
            )
        return self


class S3Settings(Part):
    """One stack's S3.

    Attributes:
        dag_buckets: By a name of the stack's own, by which the rest of the config
            refers to them.
    """

    dag_buckets: dict[BucketKey, DagBucketSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_each_bucket_once(self) -> Self:
        by_name: dict[str, str] = {}
        for key, one in self.dag_buckets.items():
            name = one.bucket.get("name")
            if name is None or refers(name):
                continue
            if name in by_name:
                raise ValueError(
                    f"has the bucket '{name}' twice, as `dag_buckets.{by_name[name]}` "
                    f"and as `dag_buckets.{key}`; remove one, or give one of them "
                    "another name"
                )
            by_name[name] = key
        return self
