"""Prefect: one file a kind; importing this package registers them all."""

from .automation import Automation
from .block import Block
from .block_type import BlockType
from .deployment import Deployment
from .flow import Flow
from .global_concurrency_limit import GlobalConcurrencyLimit
from .modal_push_pool import ModalPushPool
from .project import FlowProject
from .schedule import Schedule
from .service_account import ServiceAccount
from .tag_concurrency_limit import TagConcurrencyLimit
from .variable import Variable
from .work_pool import StorageConfiguration, WorkPool
from .work_queue import WorkQueue
from .workspace import Workspace
from .workspace_access import WorkspaceAccess

__all__ = [
    "Automation",
    "Block",
    "BlockType",
    "Deployment",
    "Flow",
    "FlowProject",
    "GlobalConcurrencyLimit",
    "ModalPushPool",
    "Schedule",
    "ServiceAccount",
    "StorageConfiguration",
    "TagConcurrencyLimit",
    "Variable",
    "WorkPool",
    "WorkQueue",
    "Workspace",
    "WorkspaceAccess",
]
