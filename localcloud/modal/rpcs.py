"""All modules that serve RPCs; a new one is its own file and one line here."""

from __future__ import annotations

import importlib

from localcloud.modal.registry import RPCS, Rpc

MODULES = (
    "app_history",
    "app_layout",
    "apps",
    "blobs",
    "calls",
    "container_inputs",
    "dicts",
    "environment_roles",
    "environments",
    "function_stats",
    "functions",
    "images",
    "logs",
    "mount_files",
    "mounts",
    "proxies",
    "proxy_tokens",
    "queues",
    "secrets",
    "service_users",
    "tasks",
    "token_flow",
    "tokens",
    "volume_files",
    "volumes",
    "volumes_v1",
    "volumes_v2",
    "workspaces",
)


def load() -> dict[str, Rpc]:
    """Import the modules, and return every RPC that they have registered."""
    for name in MODULES:
        importlib.import_module(f"{__package__}.{name}")
    return RPCS
