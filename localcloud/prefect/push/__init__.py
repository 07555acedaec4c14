"""Push and managed work pools: their runs need no worker, here as on Prefect Cloud.

```
the front ── watches workspaces' databases for pools ──▶ keeper.py
    └─▶ one executor process (`__main__.py`), started by the first such pool
          └─▶ a Dispatcher a workspace: asks its pools for runs that are due
                └─▶ a Job a run: renders the template, checks the credentials,
                      makes the "image" and runs `python -m prefect.engine` in it
```
All goes through the front, with keys of the runs' own.
"""
