"""All modules that serve RPCs; a new one is its own file and one line here."""

from __future__ import annotations

from localcloud.modal import (
    blobs,
    dicts,
    environment_roles,
    environments,
    mount_files,
    proxies,
    proxy_tokens,
    queues,
    secrets,
    service_users,
    token_flow,
    tokens,
    volume_files,
    volumes,
    volumes_v1,
    volumes_v2,
    workspaces,
)
from localcloud.modal.registry import RPCS, Rpc

MODULES = (
    blobs,
    dicts,
    environment_roles,
    environments,
    mount_files,
    proxies,
    proxy_tokens,
    queues,
    secrets,
    service_users,
    token_flow,
    tokens,
    volume_files,
    volumes,
    volumes_v1,
    volumes_v2,
    workspaces,
)


def load() -> dict[str, Rpc]:
    """Return every RPC that importing the modules has registered."""
    return RPCS
