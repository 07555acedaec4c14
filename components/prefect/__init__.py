"""Prefect: one file a kind; importing this package registers them all."""

from .automation import Automation
from .block import Block
from .block_type import BlockType
from .deployment import Deployment
from .flow import Flow
from .schedule import Schedule
from .service_account import ServiceAccount
from .variable import Variable
from .workspace import Workspace
from .workspace_access import WorkspaceAccess

__all__ = [
    "Automation",
    "Block",
    "BlockType",
    "Deployment",
    "Flow",
    "Schedule",
    "ServiceAccount",
    "Variable",
    "Workspace",
    "WorkspaceAccess",
]
