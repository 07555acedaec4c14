"""Prefect Cloud on loopback: its account API, and a real Prefect server a workspace.

```
client ── bearer key ──▶ the front: accounts, workspaces, roles, keys (SQLite)
                          │  checks key and role, serialises writes
                          ▼  HTTP and websockets, with the workspace's own password
                         one real `prefect server` per workspace, forked by the host
```
Start it alone with `python -m localcloud.prefect --port 4200 --state-dir DIR`.
"""
