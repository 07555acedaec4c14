"""One server for a test run's process, and a project of its own for each test."""

from __future__ import annotations

import pytest

from tests.support.github import LocalGithub


@pytest.fixture(scope="session")
def github(tmp_path_factory):
    """A running local GitHub, shared by the tests of this process."""
    with LocalGithub.start(tmp_path_factory.mktemp("github")) as server:
        yield server
        assert server.violations() == []


@pytest.fixture
def project(github):
    """A private repository in an organization that no other test has."""
    return github.project()


@pytest.fixture
def public_project(github):
    """As `project`, with a public repository."""
    return github.project(private=False)
