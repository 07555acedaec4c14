"""One local S3 for a test run's process."""

from __future__ import annotations

import pytest

from tests.support.s3_plane import LocalS3


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """A running local S3, shared by the tests of this process."""
    with LocalS3.start(tmp_path_factory.mktemp("s3")) as server:
        yield server
