"""The services that a tortured stack lives on, and what is there behind its back."""

from __future__ import annotations

import contextlib
import re
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from google.protobuf import json_format, message_factory
from grpclib import GRPCError
from modal_proto import api_pb2

from tests.support.github import LocalGithub, Project
from tests.support.grpc_proxy import SERVICE
from tests.support.localcloud import LocalCloud
from tests.support.modal_plane import RunningPlane, running_plane
from tests.support.modal_raw import call, headers
from tests.support.provider_fork import ProviderFork
from tests.support.s3_plane import LocalS3
from tests.support.servicer import quiet_environment
from tests.torture.faults import FaultyGrpcProxy, FaultyProxy, Schedule

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


_GENERATION: Final = re.compile(r"-g\d+$")
_TOKEN: Final = re.compile(r"\bak-\w{22}\b")


@dataclass
class World:
    """One workspace, one Modal workspace and one repository, behind faulty lines.

    Attributes:
        fork: What starts providers that know the services.
        place: What the program lives in.
        folder: For what belongs to no service.
    """

    fork: ProviderFork
    place: dict[str, str]
    folder: Path
    _cloud: LocalCloud
    _api_url: str
    _plane: RunningPlane
    _project: Project
    _s3: LocalS3
    _lines: tuple[FaultyProxy | FaultyGrpcProxy, ...] = field(default=())

    def under(self, schedule: Schedule) -> None:
        """Have every line go wrong by a schedule."""
        for line in self._lines:
            line.schedule = schedule

    def remote(self) -> dict[str, Any]:
        """Return all that is there, without what differs between any two runs."""
        there: dict[str, Any] = {}
        with self._cloud.client(base_url=self._api_url) as workspace:
            for name, path in _LISTS.items():
                there[name] = workspace.post(path, json={}).raise_for_status().json()
            queues = "/work_pools/batch/queues/filter"
            answer = workspace.post(queues, json={})
            there["queues"] = answer.json() if answer.is_success else []
        with self._cloud.client() as account:
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
        root = f"/repos/{self._project.repo}/environments"
        with self._project.http() as http:
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
        return self._s3.client("s3", tls=False), self._s3.client("iam", tls=False)

    def doors(self, outputs: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Tell which of the keys that a stack holds, or has delivered, do not open.

        Args:
            outputs: The outputs of each resource, by its name in the stack.
        """
        key = outputs["account"]["api_key"]
        user, aws = outputs["user"], outputs["key"]
        shut: list[str] = []
        with self._cloud.client(api_key=key, base_url=self._api_url) as client:
            if not client.post("/flows/filter", json={}).is_success:
                shut.append("the service account's key")
        token = headers(user["token_id"], user["token_secret"])
        try:
            call(self._plane, "TokenInfoGet", api_pb2.TokenInfoGetRequest(), token)
        except GRPCError:
            shut.append("the service user's token")
        delivered = self._project.github.secrets(
            repository=self._project.repo, environment=self.place["name"]
        )
        pair = (aws["access_key_id"], aws["secret_access_key"])
        reader = self._s3.client("s3", key=pair, tls=False)
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
        answer = call(self._plane, name, json_format.ParseDict(body or {}, request))
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
    with (
        LocalCloud.start(folder) as cloud,
        cloud.workspace() as workspace,
        running_plane(folder / "modal") as plane,
        LocalGithub.start(folder) as github,
        FaultyProxy(_origin(cloud.cloud_api_url)) as prefect_line,
        LocalS3.start(folder) as s3,
        FaultyProxy(github.url) as github_line,
        FaultyProxy(s3.url) as s3_line,
        FaultyGrpcProxy(plane.grpc_url) as modal_line,
    ):
        project = github.project()
        env = {k: v for k, v in cloud.env.items() if k != "PREFECT_API_URL"}
        env |= {
            "PREFECT_CLOUD_API_URL": cloud.cloud_api_url.replace(
                _origin(cloud.cloud_api_url), prefect_line.url
            ),
            # Its back-off begins at two seconds; how often it tries is what counts.
            "PREFECT_CLIENT_MAX_RETRIES": "1",
            **plane.env(),
            "MODAL_SERVER_URL": modal_line.url,
            **s3.plain_env,
            "AWS_ENDPOINT_URL": s3_line.url,
            "GITHUB_API_URL": github_line.url,
            "GITHUB_TOKEN": project.token,
        }
        place = {
            "workspace_id": workspace.id,
            "repository": project.repo,
            "name": f"t{uuid.uuid4().hex[:8]}",
        }
        behind = (cloud, workspace.api_url, plane, project, s3)
        lines = (prefect_line, github_line, modal_line, s3_line)
        with ProviderFork({**quiet_environment(), **env}) as fork:
            yield World(fork, place, folder, *behind, lines)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
