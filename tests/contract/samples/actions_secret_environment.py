"""A secret of GitHub Actions, of the environment."""

from __future__ import annotations

from tests.support.github_secrets import secret_sample

SAMPLE = secret_sample("github:ActionsSecret", "actions/secrets", "environment")
