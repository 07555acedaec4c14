"""The services that a tortured stack lives on, and what is there behind its back."""

from __future__ import annotations

import contextlib
import re
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from google.protobuf import json_format, message_factory
from grpclib import GRPCError
from modal_proto import api_pb2

from tests.support.grpc_proxy import SERVICE
from tests.support.modal_raw import call, headers
from tests.support.provider_fork import ProviderFork
from tests.support.servicer import quiet_environment
from tests.torture.faults import (
    AWS,
    GITHUB,
    MODAL,
    PATIENCE_SECONDS,
    PREFECT,
    Schedule,
)
from tests.torture.lines import FaultyGrpcProxy, FaultyProxy
from tests.torture.services import Services, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Everything of a workspace that a stack may have; each list is short.
_LISTS: Final = {
    path: f"/{path}/filter"
    for path in (
        *("work_pools", "variables", "v2/concurrency_limits", "concurrency_limits"),
        *("flows", "deployments", "block_documents", "automations"),
    )
}
# What is another one each time, and says nothing about the stack.
_VOLATILE: Final = re.compile(
    r"created|updated|.*_at$|^id$|.*_id$|.*_ids$|last_.*|.*_worker|status|active_slots"
    r"|avg_.*|labels|selected_.*|block_type$|block_schema$|url$|.*_url$|token_id|masked_key"
)


# What nobody in a test has the patience for.
_IMPATIENT: Final = {
    "components.modal.transport:ANSWER_SECONDS": PATIENCE_SECONDS,
    "components.s3.session:ANSWER_SECONDS": PATIENCE_SECONDS,
    "components.github.session:TIMEOUT_SECONDS": PATIENCE_SECONDS,
    "components.github.pacing:SECONDARY_WAIT_SECONDS": 0.5,
}
_BACK_SECONDS: Final = 60
_GENERATION: Final = re.compile(r"-g\d+$")
_TOKEN: Final = re.compile(r"\bak-\w{22}\b")


@dataclass
class World:
    """One workspace, one Modal workspace and one repository, behind faulty lines.

    Attributes:
        fork: What starts providers that know the services.
        place: What the program lives in.
        folder: For what belongs to no service.
        services: What is behind the lines.
        lines: The lines, by the services' names.
    """

    fork: ProviderFork
    place: dict[str, str]
    folder: Path
    services: Services
    lines: Mapping[str, FaultyProxy | FaultyGrpcProxy]

    def under(self, schedule: Schedule) -> None:
        """Have every line go wrong by a schedule."""
        for line in self.lines.values():
            line.under(schedule)

    def next_command(self) -> None:
        """Be where a user is who runs the next command: some time has passed."""
        for line in self.lines.values():
            line.schedule.next_command()
            line.lag.next_command()

    def end_faults(self) -> None:
        """Wait until everything is as it should be."""
        for line in self.lines.values():
            line.schedule.end()
            assert line.listening.wait(_BACK_SECONDS)

    def restart(self, line: str) -> None:
        """End a service by `kill -9`, and start it again."""
        self.services.restart(line)
        self.lines[line].lead_to(self.services.url(line))

    def remote(self) -> dict[str, Any]:
        """Return all that is there, without what differs between any two runs."""
        there: dict[str, Any] = {}
        with self.services.cloud.client(
            base_url=self.services.workspace.api_url
        ) as workspace:
            for name, path in _LISTS.items():
                there[name] = workspace.post(path, json={}).raise_for_status().json()
            queues = "/work_pools/batch/queues/filter"
            answer = workspace.post(queues, json={})
            there["queues"] = answer.json() if answer.is_success else []
        with self.services.cloud.client() as account:
            there["bots"] = [
                bot
                for bot in account.post("/bots/filter", json={}).json()
                if bot["name"].startswith(self.place["name"])
            ]
        environments = self._rpc("EnvironmentList").get("items", [])
        mine = [one for one in environments if one["name"] == self.place["name"]]
        there["environments"] = mine
        inside = {"environment_name": self.place["name"]}
        for kind in ("Secret", "Volume", "Dict") if mine else ():
            there[kind] = self._rpc(f"{kind}List", inside).get("items", [])
        there["users"] = [
            user
            for user in self._rpc("ServiceUserList").get("service_users", [])
            if user["name"].startswith(self.place["name"])
        ]
        there |= self._github()
        there |= self._aws()
        return {name: _ordered(_settled(value)) for name, value in there.items()}

    def _github(self) -> dict[str, Any]:
        there: dict[str, Any] = {}
        root = f"/repos/{self.services.project.repo}/environments"
        with self.services.project.http() as http:
            there["github"] = http.get(root).json()["environments"]
            for part in ("secrets", "variables"):
                answer = http.get(f"{root}/{self.place['name']}/{part}")
                there[part] = answer.json().get(part, [])
        return there

    def _aws(self) -> dict[str, Any]:
        name = self.place["name"]
        s3, iam = self._clients
        buckets = [one["Name"] for one in s3.list_buckets()["Buckets"]]
        users = [one["UserName"] for one in iam.list_users()["Users"]]
        there: dict[str, Any] = {
            "buckets": buckets,
            "aws users": users,
            "aws keys": [
                len(iam.list_access_keys(UserName=user)["AccessKeyMetadata"])
                for user in users
            ],
        }
        if name in buckets:
            listed = s3.list_objects_v2(Bucket=name).get("Contents", [])
            there["objects"] = [(one["Key"], one["ETag"]) for one in listed]
            there["tags"] = s3.get_bucket_tagging(Bucket=name)["TagSet"]
        return there

    @cached_property
    def _clients(self) -> tuple[Any, Any]:
        s3 = self.services.s3
        return s3.client("s3", tls=False), s3.client("iam", tls=False)

    def doors(self, outputs: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Tell which of the keys that a stack holds, or has delivered, do not open.

        Args:
            outputs: The outputs of each resource, by its name in the stack.
        """
        key = outputs["account"]["api_key"]
        user, aws = outputs["user"], outputs["key"]
        shut: list[str] = []
        with self.services.cloud.client(
            api_key=key, base_url=self.services.workspace.api_url
        ) as client:
            if not client.post("/flows/filter", json={}).is_success:
                shut.append("the service account's key")
        token = headers(user["token_id"], user["token_secret"])
        try:
            call(
                self.services.plane,
                "TokenInfoGet",
                api_pb2.TokenInfoGetRequest(),
                token,
            )
        except GRPCError:
            shut.append("the service user's token")
        delivered = self.services.project.github.secrets(
            repository=self.services.project.repo, environment=self.place["name"]
        )
        pair = (aws["access_key_id"], aws["secret_access_key"])
        reader = self.services.s3.client("s3", key=pair, tls=False)
        try:
            reader.list_objects_v2(Bucket=self.place["name"], Prefix="dags/")
        except ClientError:
            shut.append("the AWS key")
        wanted = {
            "AWS_SECRET": aws["secret_access_key"],
            "PREFECT_API_KEY": key,
            "MODAL_TOKEN_SECRET": user["token_secret"],
        }
        return shut + [
            f"{name} in GitHub is another"
            for name, value in wanted.items()
            if delivered.get(name) != value
        ]

    def _rpc(self, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        described = SERVICE.methods_by_name[name].input_type
        request = message_factory.GetMessageClass(described)()
        answer = call(
            self.services.plane, name, json_format.ParseDict(body or {}, request)
        )
        return json_format.MessageToDict(answer, preserving_proto_field_name=True)


def _settled(value: Any) -> Any:
    match value:
        case dict():
            return {
                key: _settled(item)
                for key, item in value.items()
                if not _VOLATILE.fullmatch(key)
            }
        case list():
            return [_settled(item) for item in value]
        case str():
            return _GENERATION.sub("", _TOKEN.sub("ak-", value))
        case _:
            return value


def _ordered(value: Any) -> Any:
    return sorted(value, key=repr) if isinstance(value, list) else value


@contextlib.contextmanager
def worlds(folder: Path) -> Iterator[World]:
    """Run the services, with one empty workspace and one empty repository."""
    with contextlib.ExitStack() as stack:
        services = stack.enter_context(running(folder))
        lines: dict[str, FaultyProxy | FaultyGrpcProxy] = {
            line: stack.enter_context(FaultyProxy(line, services.url(line)))
            for line in (PREFECT, GITHUB, AWS)
        }
        lines[MODAL] = stack.enter_context(FaultyGrpcProxy(services.url(MODAL)))
        env = {
            **quiet_environment(),
            **services.cloud.env,
            "PREFECT_CLOUD_API_URL": f"{lines[PREFECT].url}/api",
            # Its back-off begins at two seconds; how often it tries is what counts.
            "PREFECT_CLIENT_MAX_RETRIES": "1",
            "PREFECT_API_REQUEST_TIMEOUT": str(PATIENCE_SECONDS),
            **services.plane.env(),
            "MODAL_SERVER_URL": lines[MODAL].url,
            **services.s3.plain_env,
            "AWS_ENDPOINT_URL": lines[AWS].url,
            "GITHUB_API_URL": lines[GITHUB].url,
            "GITHUB_TOKEN": services.project.token,
        }
        del env["PREFECT_API_URL"]
        fork = stack.enter_context(ProviderFork(env, _IMPATIENT))
        place = {
            "workspace_id": services.workspace.id,
            "repository": services.project.repo,
            "name": f"t{uuid.uuid4().hex[:8]}",
        }
        yield World(fork, place, folder, services, lines)
