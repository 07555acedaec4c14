"""The stack's config for Airflow in Modal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from components.kernel import ConfigurationError, Lookup, Part, resolve
from components.kernel.references import refers

from .airflow import AirflowOnModal, DagBucket, DagVolume
from .base import ObjectName
from .modalflow import LOGS, STATE, bucket_uri


def _in_s3(uri: str) -> str:
    if refers(uri):
        return uri
    try:
        return bucket_uri(uri)
    except ConfigurationError as error:
        raise ValueError(str(error)) from None


# A secret never stands in the config itself.
_Reference: TypeAlias = Annotated[str, Field(pattern=r"^\$\{[a-z_]+\.[^}]+\}$")]


class DagVolumeSettings(Part):
    """DAGs on a Modal volume.

    Attributes:
        name: The volume's name.
        folder: What the stack keeps on it, from the program's folder on; if not
            given, its content is left to `modalflow sync`.
        ignore: What of the folder is left out, as in a .gitignore file.
        adopt: Have the folder take the place of what was synced before.
    """

    name: ObjectName = "airflow-dags"
    folder: str | None = None
    ignore: tuple[str, ...] = ()
    adopt: bool = False


class DagBucketSettings(Part):
    """DAGs in an S3 bucket; every field may refer to what the stack has of S3.

    Attributes:
        uri: Where they are: `s3://bucket/dags/`.
        access_key_id: The id of the key that reads them, if no role does.
        access_key_secret: The key's secret; write `${secrets.NAME}`, or the like.
        role_arn: The IAM role that reads them, if no key does.
        region: The bucket's region, with a key; found by Modal if not given.
        secret: The name of the Modal secret that holds the key.
    """

    uri: Annotated[str, AfterValidator(_in_s3)]
    access_key_id: str | None = None
    access_key_secret: _Reference | None = None
    role_arn: str | None = None
    region: str | None = None
    secret: ObjectName = "airflow-dags-bucket"  # noqa: S105  # its name

    @model_validator(mode="after")
    def _has_one_way_in(self) -> Self:
        try:
            DagBucket(**dict(self))
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return self


class AirflowSettings(Part):
    """Airflow's part of the environment; see `AirflowOnModal`.

    Attributes:
        dag_volume: Keep the DAGs on a volume.
        dag_bucket: Read the DAGs from a bucket. With neither, they are baked into the
            function's image.
        dags_path: The folder of the DAGs where modalflow's commands are run.
        airflow_version: The version of Airflow that tasks run with; modalflow's own
            choice if not given.
        force_destroy: Let a destroy delete logs, states and DAGs.
    """

    dag_volume: DagVolumeSettings | None = None
    dag_bucket: DagBucketSettings | None = None
    dags_path: str = "dags"
    airflow_version: str | None = None
    force_destroy: bool = False

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if self.dag_volume is not None and self.dag_bucket is not None:
            raise ValueError(
                "has its DAGs in two places; give either `dag_volume` or `dag_bucket`"
            )
        return self

    @property
    def names(self) -> dict[str, set[str]]:
        """What it makes, by the groups of Modal's settings that could make it too."""
        made = {"volumes": {LOGS}, "dicts": {STATE}}
        if self.dag_volume is not None:
            made["volumes"].add(self.dag_volume.name)
        if self.dag_bucket is not None and self.dag_bucket.role_arn is None:
            made["secrets"] = {self.dag_bucket.secret}
        return made

    def declare(
        self, resource_name: str, groups: Mapping[str, Lookup], path: str, **fields: Any
    ) -> AirflowOnModal:
        """Declare what the settings say.

        Args:
            resource_name: Its name in the program and in state.
            groups: What they may refer to, by the word before the dot.
            path: Where they stand in the config, for errors.
            **fields: What else `AirflowOnModal` takes.

        Raises:
            ConfigurationError: They refer to what the stack does not have, or there is
                no such folder.
        """
        dags: DagVolume | DagBucket | None = None
        if self.dag_volume is not None:
            dags = DagVolume(**dict(self.dag_volume))
        elif self.dag_bucket is not None:
            given = resolve(dict(self.dag_bucket), groups, f"{path}.dag_bucket")
            dags = DagBucket(**given)
        given = self.model_dump(exclude={"dag_volume", "dag_bucket"})
        try:
            return AirflowOnModal(resource_name, dags=dags, **given, **fields)
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from None
