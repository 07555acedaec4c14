"""The workflow by which a repository of flows deploys itself to each environment.

It is generated from the stacks' config, so that it gives to `prefect deploy` just what
their deliveries put on GitHub.
"""

from .render import Job, render
from .stacks import jobs_of

__all__ = ["Job", "jobs_of", "render"]
