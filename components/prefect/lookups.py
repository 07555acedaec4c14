"""What a stack uses but does not own: looked up by name, read and never changed.

Each function returns the resource class that would manage the object, so that a program
goes on the same way whether it owns a work pool or finds it. A lookup reads whenever
the program runs, in a preview too; where there is no such object, the preview fails
with one sentence. Give each lookup a resource name of its own, also beside a managed
resource of the same sort.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from .account import Account
from .account_member import AccountMember
from .block import Block
from .deployment import Deployment
from .flow import Flow
from .service_account import ServiceAccount
from .team import Team
from .variable import Variable
from .work_pool import WorkPool
from .workspace import Workspace
from .workspace_role import WorkspaceRole

if TYPE_CHECKING:
    from .base import WorkspaceLike


def get_account(
    resource_name: str, *, opts: pulumi.ResourceOptions | None = None
) -> Account:
    """Look up the account that the stack's settings name."""
    return Account.get(resource_name, opts=opts)


def get_member(
    resource_name: str,
    *,
    email: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
) -> AccountMember:
    """Look up a member of the account, by e-mail address."""
    return AccountMember.get(resource_name, email=email, opts=opts)


def get_service_account(
    resource_name: str,
    *,
    name: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
) -> ServiceAccount:
    """Look up a service account, by name; its key is not to be had."""
    return ServiceAccount.get(resource_name, name=name, opts=opts)


def get_team(
    resource_name: str,
    *,
    name: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
) -> Team:
    """Look up a team of the account and its members, by name."""
    return Team.get(resource_name, name=name, opts=opts)


def get_workspace_role(
    resource_name: str,
    *,
    name: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
) -> WorkspaceRole:
    """Look up a workspace role, built-in or the account's own, by name."""
    return WorkspaceRole.get(resource_name, name=name, opts=opts)


def get_workspace(
    resource_name: str,
    *,
    handle: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
) -> Workspace:
    """Look up a workspace of the account, by handle."""
    return Workspace.get(resource_name, handle=handle, opts=opts)


def get_work_pool(
    resource_name: str,
    *,
    name: pulumi.Input[str],
    workspace: WorkspaceLike = None,
    opts: pulumi.ResourceOptions | None = None,
) -> WorkPool:
    """Look up a work pool, by name."""
    return WorkPool.get(resource_name, name=name, opts=opts, **_in(workspace))


def get_block(
    resource_name: str,
    *,
    type_slug: pulumi.Input[str],
    name: pulumi.Input[str],
    workspace: WorkspaceLike = None,
    opts: pulumi.ResourceOptions | None = None,
) -> Block:
    """Look up a block, by the slug of its type and by name; its secrets stay masked."""
    return Block.get(
        resource_name, type_slug=type_slug, name=name, opts=opts, **_in(workspace)
    )


def get_variable(
    resource_name: str,
    *,
    name: pulumi.Input[str],
    workspace: WorkspaceLike = None,
    opts: pulumi.ResourceOptions | None = None,
) -> Variable:
    """Look up a variable and its value, by name."""
    return Variable.get(resource_name, name=name, opts=opts, **_in(workspace))


def get_deployment(
    resource_name: str,
    *,
    flow_name: pulumi.Input[str],
    name: pulumi.Input[str],
    workspace: WorkspaceLike = None,
    opts: pulumi.ResourceOptions | None = None,
) -> Deployment:
    """Look up a deployment, by its flow's name and its own.

    The flow is looked up as well, under the resource name with `-flow` at its end.
    """
    place = _in(workspace)
    flow = Flow.get(f"{resource_name}-flow", name=flow_name, opts=opts, **place)
    return Deployment.get(resource_name, flow_id=flow.id, name=name, opts=opts, **place)


def _in(workspace: WorkspaceLike) -> dict[str, Any]:
    if workspace is None:
        return {}
    if isinstance(workspace, pulumi.CustomResource):
        return {"workspace_id": workspace.id}
    return {"workspace_id": workspace}
