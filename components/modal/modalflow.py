"""How modalflow 0.3.1 is run: the names it goes by, and the commands that work.

modalflow (https://pypi.org/project/modalflow) is Airflow's executor in Modal. It finds
what it uses by name, and takes its settings from variables. What its own commands get
wrong, and how those here get around it, is in docs/airflow-on-modal.md.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Final

from components.kernel import ConfigurationError

# What `--env` and MODALFLOW_ENV say. No other works: the function is not told of it,
# and would write its tasks' states where no executor reads them.
ENV: Final = "main"
APP: Final = f"modalflow-{ENV}"
LOGS: Final = f"airflow-logs-{ENV}"
STATE: Final = f"airflow-state-{ENV}"
EXECUTOR: Final = "modalflow.executor.ModalExecutor"
# `modalflow deploy` leaves out the `-m`, which modal has needed since 1.4.
_DEPLOY: Final = ("modal", "deploy", "-m", "modalflow.modal_app")
_DEPLOY_BY_ROLE: Final = ("modal", "deploy", "tools/modalflow_by_role.py")
_URI: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/.*)?")


def bucket_uri(uri: str) -> str:
    """Write an address in S3 as Modal mounts it: with a slash behind it.

    Raises:
        ConfigurationError: It is no address in S3.
    """
    if not _URI.fullmatch(uri):
        raise ConfigurationError(
            f"the DAGs' bucket is at '{uri}', which is no address in S3; write it like "
            "s3://bucket/dags/"
        )
    return uri.rstrip("/") + "/"


@dataclass(frozen=True)
class Modalflow:
    """One deployment of modalflow.

    Attributes:
        environment: The Modal environment that it is in.
        dags_path: The folder of the DAGs where the commands are run.
        airflow_version: What tasks run with; modalflow's own choice if not given.
        volume: The DAGs' volume, if they are on one.
        filled: Whether the stack itself keeps the DAGs on that volume.
        bucket: The DAGs' address in S3, if they are there.
        secret: The Modal secret that opens the bucket, if one does.
        role_arn: The IAM role that opens the bucket, if one does.
    """

    environment: str
    dags_path: str
    airflow_version: str | None = None
    volume: str | None = None
    filled: bool = False
    bucket: str | None = None
    secret: str | None = None
    role_arn: str | None = None

    @property
    def variables(self) -> dict[str, str]:
        """Return what a deployment needs in its environment."""
        given = {
            "MODAL_ENVIRONMENT": self.environment,
            "MODALFLOW_ENV": ENV,
            "MODALFLOW_AIRFLOW_VERSION": self.airflow_version,
            "MODALFLOW_DAGS_DIR": self.dags_path if self._baked else None,
            "MODALFLOW_DAGS_VOLUME": self.volume,
            "MODALFLOW_DAGS_BUCKET": self.bucket,
            "MODALFLOW_DAGS_BUCKET_SECRET": self.secret,
            "MODALFLOW_DAGS_BUCKET_ROLE": self.role_arn,
        }
        return {name: value for name, value in given.items() if value is not None}

    @property
    def airflow_variables(self) -> dict[str, str]:
        """Return what Airflow's own processes need in their environment."""
        return {
            "MODAL_ENVIRONMENT": self.environment,
            "MODALFLOW_ENV": ENV,
            "AIRFLOW__CORE__EXECUTOR": EXECUTOR,
        }

    @property
    def commands(self) -> dict[str, str]:
        """Return what can be run, whole, for any POSIX shell.

        `deploy` always is there. `modalflow_deploy`, which works with modal 1.3 only,
        is not where modalflow has no option for what is wanted. It and `sync` empty a
        volume before they fill it, so neither is there for one that the stack fills.
        """
        deploy = _DEPLOY if self.role_arn is None else _DEPLOY_BY_ROLE
        written = {"deploy": _written(self.variables, *deploy)}
        if self.filled or self.role_arn is not None:
            return written
        where = {"MODAL_ENVIRONMENT": self.environment}
        written["modalflow_deploy"] = _written(
            where, "modalflow", "deploy", "--env", ENV, *self._options
        )
        if self.volume is not None:
            to = ("--dags-path", self.dags_path, "--dags-volume", self.volume)
            written["sync"] = _written(where, "modalflow", "sync", *to)
        return written

    @property
    def _baked(self) -> bool:
        return self.volume is None and self.bucket is None

    @property
    def _options(self) -> list[str]:
        source = "local" if self._baked else "volume" if self.volume else "cloud-bucket"
        given = {
            "--dags-source": source,
            "--dags-path": None if self.bucket else self.dags_path,
            "--dags-volume": self.volume,
            "--dags-bucket": self.bucket,
            "--dags-bucket-secret": self.secret,
            "--airflow-version": self.airflow_version,
        }
        return [
            word
            for name, value in given.items()
            if value is not None
            for word in (name, value)
        ]


def _written(variables: dict[str, str], *command: str) -> str:
    set_ = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " ".join([*set_, shlex.join(command)])
