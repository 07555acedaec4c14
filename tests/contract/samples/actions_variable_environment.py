"""A variable of GitHub Actions, of the environment."""

from __future__ import annotations

from tests.support.github_variables import variable_sample

SAMPLE = variable_sample("environment")
