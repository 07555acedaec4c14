"""The workflow file, as text: the same for the same jobs, to the byte.

Secrets are given to the one step that needs them: what `uv sync` builds and runs does
not see them, and a checkout leaves no token behind. Actions are pinned to commits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from textwrap import indent
from typing import Final, NamedTuple

import yaml

from components.github.entries import Entries
from components.github.settings import WorkflowSettings

# Commits, because a tag can be moved: those of v7.0.1 and v7.0.0.
CHECKOUT: Final = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
SETUP_PYTHON: Final = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97"
UV: Final = "uv==0.13.9"
TIMEOUT_MINUTES: Final = 20

_HEAD: Final = """\
# Made by `python -m components.github.workflow` from the stacks' config; change that,
# and run it again.
name: Deploy Prefect flows

on:
  push:
    branches:
      - {branch}
  workflow_dispatch:

permissions:
  contents: read

jobs:
"""
_JOB: Final = """\
  {id}:
    name: {title}
    runs-on: ubuntu-latest
    timeout-minutes: {timeout}
{needs}\
    environment: {environment}
    # One after another; of those that wait, the newest goes on.
    concurrency:
      group: {group}
{defaults}    steps:
      - name: Check out
        uses: {checkout} # v7.0.1
        with:
          persist-credentials: false

      - name: Set up Python
        uses: {setup_python} # v7.0.0
        with:
          python-version: {python}

      - name: Install
        run: |
          pip install --quiet {uv}
          uv sync --no-dev

      - name: Deploy
{env}        run: {command}
"""


class Job(NamedTuple):
    """What deploys to one environment.

    Attributes:
        stack: The stack that delivers to it.
        environment: Its name on GitHub.
        entries: What it holds there.
        settings: What is run.
    """

    stack: str
    environment: str
    entries: Entries
    settings: WorkflowSettings

    @property
    def id(self) -> str:
        """The job's id, which takes fewer characters than a stack's name."""
        return "deploy-" + re.sub(r"[^A-Za-z0-9_-]", "_", self.stack)


def render(jobs: Sequence[Job]) -> str:
    """Write the workflow: a job for each environment, each after the one before.

    Args:
        jobs: At least one; all for the same branch.
    """
    parts = [_HEAD.format(branch=_text(jobs[0].settings.branch))]
    before: Job | None = None
    for job in jobs:
        parts += ["\n" if before else "", _job(job, before)]
        before = job
    return "".join(parts)


def _job(job: Job, before: Job | None) -> str:
    return _JOB.format(
        id=job.id,
        title=_text(f"Deploy to {job.environment}"),
        timeout=TIMEOUT_MINUTES,
        needs=f"    needs: {before.id}\n" if before else "",
        environment=_text(job.environment),
        group=_text(f"deploy-{job.environment}"),
        defaults=_defaults(job.settings.folder),
        checkout=CHECKOUT,
        setup_python=SETUP_PYTHON,
        python=_text(job.settings.python),
        uv=UV,
        env=_env(job.entries),
        command=_text(job.settings.command),
    )


def _defaults(folder: str) -> str:
    if folder == ".":
        return ""
    return f"    defaults:\n      run:\n        working-directory: {_text(folder)}\n"


def _env(entries: Entries) -> str:
    lines = [
        f"          {name}: ${{{{ {group}.{name} }}}}\n"
        for group, held in (("vars", entries.variables), ("secrets", entries.secrets))
        for name in held
    ]
    return "".join(["        env:\n", *lines] if lines else [])


def _text(value: str) -> str:
    """Write a text so that YAML reads it as that; lines go below a step's `run`."""
    style = "|" if "\n" in value else None
    written = yaml.safe_dump(
        value, default_style=style, width=math.inf, allow_unicode=True
    )
    head, _, lines = written.removesuffix("...\n").rstrip("\n").partition("\n")
    return f"{head}\n{indent(lines, ' ' * 8)}" if lines else head
