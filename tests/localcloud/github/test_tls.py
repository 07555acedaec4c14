"""HTTPS: the same server, for clients that show credentials to nothing else."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.github import LocalGithub


def addresses(github: LocalGithub) -> dict[str, Any]:
    return dict(json.loads((github.state_dir / "addresses.json").read_text()))


def ls_remote(url: str, bundle: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "GIT_SSL_CAINFO": bundle, "GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(
        ["git", "ls-remote", url],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_git_shows_its_token_to_the_https_address(github):
    """A private repository is read by HTTPS, and refused to whoever has no token."""
    project, where = github.project(), addresses(github)
    path = where["https"].removeprefix("https://") + f"/{project.repo}.git"
    done = ls_remote(f"https://{project.token}@{path}", where["ca_bundle"])
    assert done.returncode == 0, done.stderr
    assert ls_remote(f"https://{path}", where["ca_bundle"]).returncode != 0


def test_only_who_knows_the_certificate_trusts_it(github):
    """The bundle makes a client trust the address; without it there is no answer."""
    where = addresses(github)
    trusting = ssl.create_default_context(cafile=where["ca_bundle"])
    health = f"{where['https']}/_local/health"
    with httpx.Client(verify=trusting, trust_env=False) as client:
        assert client.get(health).status_code == 200
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with (
        httpx.Client(verify=plain, trust_env=False) as client,
        pytest.raises(httpx.ConnectError, match="certificate verify failed"),
    ):
        client.get(health)


def test_the_certificate_outlives_a_restart(tmp_path: Path) -> None:
    """Who trusts it need not be told again; its key is its owner's alone."""
    with LocalGithub.start(tmp_path) as github:
        certificate = github.state_dir / "tls.pem"
        before = certificate.read_bytes()
        assert (github.state_dir / "tls.key").stat().st_mode & 0o777 == 0o600
        github.stop()
        github.up()
        assert certificate.read_bytes() == before
