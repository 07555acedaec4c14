"""Prefect: one file a kind; importing this package registers them all."""

from .service_account import ServiceAccount
from .variable import Variable
from .workspace import Workspace
from .workspace_access import WorkspaceAccess

__all__ = ["ServiceAccount", "Variable", "Workspace", "WorkspaceAccess"]
