"""Prefect: one file a kind; importing this package registers them all."""

from .deployment import Deployment
from .flow import Flow
from .schedule import Schedule
from .service_account import ServiceAccount
from .variable import Variable
from .workspace import Workspace
from .workspace_access import WorkspaceAccess

__all__ = [
    "Deployment",
    "Flow",
    "Schedule",
    "ServiceAccount",
    "Variable",
    "Workspace",
    "WorkspaceAccess",
]
