"""A stack that uses what it does not own, and rotates a key that others hold."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.proxy import Proxy
from tests.support.pulumi_project import ROOT, Project, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.localcloud import LocalCloud, Workspace

LOOKUPS = """
import os

import pulumi

from components import prefect

name = os.environ["NAME"]
account = prefect.get_account("account")
workspace = prefect.get_workspace("ws", handle=os.environ["HANDLE"])
member = prefect.get_member("owner", email="Owner@localhost")
robot = prefect.get_service_account("robot", name=name)
team = prefect.get_team("team", name=name)
role = prefect.get_workspace_role("role", name="Developer")
pool = prefect.get_work_pool("pool", name=name, workspace=workspace)
variable = prefect.get_variable("variable", name=name, workspace=workspace)
block = prefect.get_block("block", type_slug="secret", name=name, workspace=workspace)
deployment = prefect.get_deployment(
    "deployment", flow_name=name, name=name, workspace=workspace
)
if missing := os.environ.get("MISSING"):
    prefect.get_work_pool("missing", name=missing, workspace=workspace)
prefect.WorkPoolAccess(
    "only-us",
    work_pool=pool,
    manage_actor_ids=[member.actor_id, robot.actor_id],
    view_team_ids=[team.id],
    workspace=workspace,
)
pulumi.export("account", account.id)
pulumi.export("user", member.user_id)
pulumi.export("scopes", role.effective_scopes)
pulumi.export("type", pool.type)
pulumi.export("value", variable.value)
pulumi.export("block", block.id)
pulumi.export("deployment", deployment.id)
"""
ROTATION = """
import os

import pulumi

from components.prefect import Block, ServiceAccount, get_workspace

name = os.environ["NAME"]
workspace = get_workspace("ws", handle=os.environ["HANDLE"])
robot = ServiceAccount(
    f"{name}-ci",
    rotation=os.environ["ROTATION"],
    overlap_seconds=int(os.environ["OVERLAP"]),
)
Block(
    f"{name}-key",
    type_slug="secret",
    secrets={"value": robot.api_key},
    workspace=workspace,
)
"""


@pytest.fixture(scope="module")
def workspace(local_cloud: LocalCloud) -> Iterator[Workspace]:
    """Return a workspace of the module's own."""
    with local_cloud.workspace() as made:
        yield made


@pytest.fixture
def project(
    tmp_path_factory: pytest.TempPathFactory,
    local_cloud: LocalCloud,
    workspace: Workspace,
) -> Iterator[tuple[Project, Proxy]]:
    """Return a project behind a proxy, destroyed in the end."""
    with Proxy(local_cloud.cloud_api_url.removesuffix("/api")) as proxy:
        project = Project(tmp_path_factory.mktemp("account"))
        (project.root / "components").symlink_to(ROOT / "components")
        project.env |= local_cloud.env | {
            "PREFECT_CLOUD_API_URL": f"{proxy.url}/api",
            "HANDLE": workspace.handle,
            "NAME": workspace.handle,
        }
        del project.env["PREFECT_API_URL"]
        yield project, proxy


@pytest.fixture(scope="module")
def there(local_cloud: LocalCloud, workspace: Workspace) -> Iterator[httpx.Client]:
    """Return a client of the workspace, past flowground."""
    with local_cloud.client(base_url=workspace.api_url) as client:
        yield client


def _post(client: httpx.Client, path: str, body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.is_success, (path, answer.text)
    return answer.json()


def _secret(client: httpx.Client, name: str) -> str:
    path = f"/block_types/slug/secret/block_documents/name/{name}"
    answer = client.get(path, params={"include_secrets": True})
    return str(answer.json()["data"]["value"])


def test_a_stack_finds_what_it_does_not_own(
    project: tuple[Project, Proxy],
    there: httpx.Client,
    local_cloud: LocalCloud,
    workspace: Workspace,
) -> None:
    """Each lookup finds by name, a destroy leaves it, and a miss is one sentence."""
    stack, _ = project
    name = workspace.handle
    with local_cloud.client() as account:
        _post(account, "/bots/", {"name": name})
        _post(account, "/teams", {"name": name})
    flow = _post(there, "/flows/", {"name": name})
    deployment = _post(there, "/deployments/", {"name": name, "flow_id": flow["id"]})
    _post(there, "/work_pools/", {"name": name, "type": "process"})
    _post(there, "/variables/", {"name": name, "value": {"a": [1, None]}})
    type_ = there.get("/block_types/slug/secret").json()["id"]
    of_type = {"block_schemas": {"block_type_id": {"any_": [type_]}}}
    schema = _post(there, "/block_schemas/filter", of_type)[0]["id"]
    body = {"block_type_id": type_, "block_schema_id": schema, "data": {"value": "x"}}
    block = _post(there, "/block_documents/", {**body, "name": name})

    stack.program(LOOKUPS)
    stack("up", "--yes", "--skip-preview")
    outputs = stack.outputs()
    assert outputs["account"] == local_cloud.account_id
    assert outputs["deployment"] == deployment["id"]
    assert outputs["block"] == block["id"]
    assert outputs["type"] == "process"
    assert outputs["value"] == {"a": [1, None]}
    assert "manage_blocks" in outputs["scopes"]
    assert outputs["user"]
    pool = there.get(f"/work_pools/{name}/access").json()
    assert len(pool["manage_actors"]) == 2

    stack.env["MISSING"] = "nowhere"
    said = stack("preview", code=None).stdout
    assert "cannot read work pool 'nowhere': there is none of that name" in said

    stack.env["MISSING"] = ""
    stack("destroy", "--yes", "--skip-preview")
    assert there.get(f"/work_pools/{name}").is_success
    assert there.get(f"/deployments/{deployment['id']}").is_success


def test_a_key_ends_after_its_consumers_have_the_next(
    project: tuple[Project, Proxy],
    there: httpx.Client,
    local_cloud: LocalCloud,
    workspace: Workspace,
) -> None:
    """A rotation writes the new key to the block while the old one still works."""
    stack, proxy = project
    block = f"{workspace.handle}-key"

    def works(key: str) -> bool:
        with local_cloud.client(key) as client:
            return client.post("/bots/filter", json={}).status_code == 200

    def up(rotation: str, overlap_seconds: int) -> str:
        stack.env |= {"ROTATION": rotation, "OVERLAP": str(overlap_seconds)}
        stack("up", "--yes", "--skip-preview")
        return _secret(there, block)

    stack.program(ROTATION)
    first = up("1", 3600)
    with proxy.recording() as calls:
        second = up("2", 3600)
    assert second != first
    assert works(first)
    assert works(second)
    written = [call.path.rpartition("/")[2] for call in calls if call.writes]
    rotated = written.index("rotate_api_key")
    assert len(written[rotated:]) == 2, written

    before = time.monotonic()
    third = up("3", 1)
    wait_until(lambda: not works(second), 30, "the old key ends")
    assert time.monotonic() - before >= 1
    assert works(third)
    stack("destroy", "--yes", "--skip-preview")
    assert not works(third)
