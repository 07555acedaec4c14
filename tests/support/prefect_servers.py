"""Looking behind a local cloud's front: its workspaces' servers as processes."""

from __future__ import annotations

import os
from pathlib import Path

import httpx

from localcloud.processes import ProcessId
from tests.support.localcloud import LocalCloud


def listeners(cloud: LocalCloud) -> dict[int, ProcessId]:
    """Return what the cloud's processes listen on: port to process."""
    leader = cloud.run_record()["services"]["prefect"]["process"]["pid"]
    inodes: dict[str, int] = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A":
            inodes[fields[9]] = int(fields[1].split(":")[1], 16)
    found: dict[int, ProcessId] = {}
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        try:
            if os.getpgid(pid) != leader:
                continue
            links = [link.readlink().name for link in (process / "fd").iterdir()]
        except OSError:
            continue
        for link in links:
            inode = link.removeprefix("socket:[").removesuffix("]")
            if inode in inodes:
                found[inodes[inode]] = ProcessId.of(pid)
    return found


def server_of(
    cloud: LocalCloud, url: str, client: httpx.Client
) -> tuple[int, ProcessId]:
    """Start a workspace's server and tell its port and process."""
    before = listeners(cloud)
    assert client.get(f"{url}/health").json() is True
    ((port, process),) = {
        port: process
        for port, process in listeners(cloud).items()
        if port not in before
    }.items()
    return port, process
