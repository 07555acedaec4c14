"""Prefect: one file a kind; importing this package registers them all."""

from .account import Account
from .account_member import AccountMember
from .account_settings import AccountSettings
from .automation import Automation
from .block import Block
from .block_access import BlockAccess
from .block_type import BlockType
from .deployment import Deployment
from .deployment_access import DeploymentAccess
from .deployment_sla import DeploymentSla, Sla
from .flow import Flow
from .global_concurrency_limit import GlobalConcurrencyLimit
from .ip_allowlist import IpAllowlist, IpAllowlistEntry
from .lookups import (
    get_account,
    get_block,
    get_deployment,
    get_member,
    get_service_account,
    get_team,
    get_variable,
    get_work_pool,
    get_workspace,
    get_workspace_role,
)
from .modal_push_pool import ModalPushPool
from .project import FlowProject
from .schedule import Schedule
from .service_account import ServiceAccount
from .tag_concurrency_limit import TagConcurrencyLimit
from .team import Team
from .variable import Variable
from .webhook import Webhook
from .work_pool import StorageConfiguration, WorkPool
from .work_pool_access import WorkPoolAccess
from .work_queue import WorkQueue
from .workspace import Workspace
from .workspace_access import WorkspaceAccess
from .workspace_role import WorkspaceRole

__all__ = [
    "Account",
    "AccountMember",
    "AccountSettings",
    "Automation",
    "Block",
    "BlockAccess",
    "BlockType",
    "Deployment",
    "DeploymentAccess",
    "DeploymentSla",
    "Flow",
    "FlowProject",
    "GlobalConcurrencyLimit",
    "IpAllowlist",
    "IpAllowlistEntry",
    "ModalPushPool",
    "Schedule",
    "ServiceAccount",
    "Sla",
    "StorageConfiguration",
    "TagConcurrencyLimit",
    "Team",
    "Variable",
    "Webhook",
    "WorkPool",
    "WorkPoolAccess",
    "WorkQueue",
    "Workspace",
    "WorkspaceAccess",
    "WorkspaceRole",
    "get_account",
    "get_block",
    "get_deployment",
    "get_member",
    "get_service_account",
    "get_team",
    "get_variable",
    "get_work_pool",
    "get_workspace",
    "get_workspace_role",
]
