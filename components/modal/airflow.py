"""Airflow whose tasks run in Modal: all that modalflow finds in an environment.

One Modal environment has one Airflow, as the names are modalflow's; see `modalflow`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from components.kernel import ConfigurationError

from .dict import ModalDict
from .modalflow import LOGS, STATE, Modalflow, bucket_uri
from .secret import ModalSecret
from .volume import ModalVolume
from .volume_files import VolumeFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .base import EnvironmentLike


@dataclass(frozen=True)
class DagVolume:
    """DAGs on a Modal volume, which change without a deployment.

    Attributes:
        name: The volume's name.
        folder: What the stack keeps on it, from the program's folder on; if not
            given, its content is left to `modalflow sync`.
        ignore: What of the folder is left out; see `VolumeFiles`.
        adopt: Have the folder take the place of what was synced before.
    """

    name: pulumi.Input[str] = "airflow-dags"
    folder: str | None = None
    ignore: Sequence[str] = ()
    adopt: bool = False


@dataclass(frozen=True)
class DagBucket:
    """DAGs in an S3 bucket, which every task reads as they are then.

    Attributes:
        uri: Where they are: `s3://bucket/dags/`.
        access_key_id: The id of the key that reads them, if no role does.
        access_key_secret: The key's secret.
        role_arn: The IAM role that reads them, if no key does. It must trust Modal's
            identity tokens of this environment.
        region: The bucket's region, with a key; found by Modal if not given.
        secret: The name of the Modal secret that holds the key.
    """

    uri: pulumi.Input[str]
    access_key_id: pulumi.Input[str] | None = None
    access_key_secret: pulumi.Input[str] | None = None
    role_arn: pulumi.Input[str] | None = None
    region: pulumi.Input[str] | None = None
    secret: pulumi.Input[str] = "airflow-dags-bucket"  # noqa: S105  # its name

    def __post_init__(self) -> None:
        """Refuse a bucket that nothing opens, or that two things do.

        Raises:
            ConfigurationError: There is neither a whole key nor a role, or both.
        """
        # Of outputs, only whether they are there is known.
        key = [self.access_key_id is not None, self.access_key_secret is not None]
        if any(key) != all(key) or all(key) == (self.role_arn is not None):
            raise ConfigurationError(
                "the DAGs' bucket needs one way in: give either access_key_id and "
                "access_key_secret, or role_arn"
            )

    @property
    def key(self) -> dict[str, pulumi.Input[str]]:
        """Return the variables by which Modal opens the bucket; none for a role."""
        given = {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.access_key_secret,
            "AWS_REGION": self.region,
        }
        return {name: value for name, value in given.items() if value is not None}


class AirflowOnModal(pulumi.ComponentResource):
    """What modalflow finds in a Modal environment, in each of its three modes.

    With neither a volume nor a bucket, the DAGs are baked into the function's image,
    and every change to them is a deployment.

    Attributes:
        logs: The volume that tasks write their logs to.
        state: The dict by which tasks tell the executor how they end. A deployment
            does not make it, and an executor without it hears nothing.
        dag_volume: The DAGs' volume; None in the other modes.
        dag_files: What the stack keeps on that volume; None where it is left to sync.
        dag_secret: The secret that opens the DAGs' bucket; None in the other modes,
            and where a role opens it.
        variables: What a deployment needs in its environment.
        airflow_variables: What Airflow's own processes need in theirs, beside Modal's
            credentials and AIRFLOW__CORE__EXECUTION_API_SERVER_URL.
        commands: `deploy`, and where they work `modalflow_deploy` and `sync`; see
            `Modalflow.commands`.
    """

    logs: ModalVolume
    state: ModalDict
    dag_volume: ModalVolume | None
    dag_files: VolumeFiles | None
    dag_secret: ModalSecret | None
    variables: pulumi.Output[dict[str, str]]
    airflow_variables: pulumi.Output[dict[str, str]]
    commands: pulumi.Output[dict[str, str]]

    def __init__(
        self,
        resource_name: str,
        *,
        environment: EnvironmentLike,
        dags: DagVolume | DagBucket | None = None,
        dags_path: str = "dags",
        airflow_version: str | None = None,
        force_destroy: bool = False,
        protect: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare what modalflow finds.

        Args:
            resource_name: Its name in the program and in state.
            environment: The Modal environment, which has no other Airflow.
            dags: Where tasks find the DAGs; in the function's image if not given.
            dags_path: The folder of the DAGs where the commands are run.
            airflow_version: The version of Airflow that tasks run with, which should
                be the scheduler's; modalflow's own choice if not given.
            force_destroy: Let a destroy delete logs, states and DAGs.
            protect: Keep logs, states and DAGs from being deleted by any update.
            opts: Pulumi's resource options.
        """
        super().__init__("flowground:modal:AirflowOnModal", resource_name, None, opts)
        self._called, self._environment = resource_name, environment
        self._force_destroy = force_destroy
        self._kept = pulumi.ResourceOptions(parent=self, protect=protect)
        child = pulumi.ResourceOptions(parent=self)
        self.logs = self._volume("logs", LOGS)
        self.state = ModalDict(
            f"{resource_name}-state",
            name=STATE,
            environment=environment,
            force_destroy=force_destroy,
            opts=self._kept,
        )
        self.dag_volume = self.dag_files = self.dag_secret = None
        found: dict[str, pulumi.Input[Any]] = {}
        if isinstance(dags, DagVolume):
            self.dag_volume = self._volume("dags", dags.name)
            found["volume"] = self.dag_volume.name
            if dags.folder is not None:
                self.dag_files = VolumeFiles(
                    f"{resource_name}-dags",
                    volume=self.dag_volume,
                    folder=dags.folder,
                    ignore=dags.ignore,
                    adopt=dags.adopt,
                    opts=child,
                )
                found["filled"] = True
        elif isinstance(dags, DagBucket):
            found["bucket"] = pulumi.Output.from_input(dags.uri).apply(bucket_uri)
            if dags.role_arn is not None:
                found["role_arn"] = dags.role_arn
            else:
                self.dag_secret = ModalSecret(
                    f"{resource_name}-dags",
                    name=dags.secret,
                    values=dags.key,
                    environment=environment,
                    opts=child,
                )
                found["secret"] = self.dag_secret.name
        run = pulumi.Output.all(environment=self.logs.environment_name, **found).apply(
            lambda known: Modalflow(
                **known, dags_path=dags_path, airflow_version=airflow_version
            )
        )
        self.variables = run.apply(lambda known: known.variables)
        self.airflow_variables = run.apply(lambda known: known.airflow_variables)
        self.commands = run.apply(lambda known: known.commands)
        self.register_outputs({"commands": self.commands})

    def _volume(self, what: str, name: pulumi.Input[str]) -> ModalVolume:
        return ModalVolume(
            f"{self._called}-{what}",
            name=name,
            environment=self._environment,
            force_destroy=self._force_destroy,
            opts=self._kept,
        )
