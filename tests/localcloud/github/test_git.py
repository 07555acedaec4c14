"""Git over HTTP, with git itself as the client."""

from __future__ import annotations

import gzip
import os
import subprocess

import pytest

PROMPTLESS = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "t",
    "GIT_AUTHOR_EMAIL": "t@localhost",
    "GIT_COMMITTER_NAME": "t",
    "GIT_COMMITTER_EMAIL": "t@localhost",
}


def git(*arguments, check=True):
    """Run git with no configuration of the machine's, and never ask a human."""
    done = subprocess.run(
        ["git", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"], **PROMPTLESS},
    )
    assert done.returncode == 0 or not check, done.stderr
    return done


def remote(project, token=None, repo=None):
    """The repository's clone address, with a token as the password."""
    login = f"x-access-token:{token}@" if token else ""
    host = project.github.url.removeprefix("http://")
    return f"http://{login}{host}/{repo or project.repo}.git"


@pytest.fixture
def work(tmp_path):
    """A repository with one commit on `main`."""
    path = tmp_path / "work"
    git("init", "-q", "-b", "main", path)
    (path / "flow.py").write_text("print('hello')\n")
    git("-C", path, "add", ".")
    git("-C", path, "commit", "-q", "-m", "first")
    return path


def pushed(project, work, branch="main"):
    """Push the work to the project's repository."""
    return git("-C", work, "push", "-q", remote(project, project.token), branch)


def test_push_and_clone(project, work, tmp_path):
    """What was pushed with a token is what a clone with a token gets."""
    pushed(project, work)
    git("clone", "-q", remote(project, project.token), tmp_path / "clone")
    assert (tmp_path / "clone/flow.py").read_text() == "print('hello')\n"
    with project.http() as http:
        seen = http.get(f"/repos/{project.repo}").json()
        assert seen["clone_url"] == remote(project)


def test_shallow_clone_and_fetch(project, work, tmp_path):
    """A shallow clone (what Prefect does) works, and a fetch brings what came later."""
    pushed(project, work)
    clone = tmp_path / "clone"
    git("clone", "-q", "--depth", "1", remote(project, project.token), clone)
    (work / "flow.py").write_text("print('changed')\n")
    git("-C", work, "commit", "-qam", "second")
    pushed(project, work)
    git("-C", clone, "fetch", "-q", "origin")
    git("-C", clone, "reset", "-q", "--hard", "origin/main")
    assert (clone / "flow.py").read_text() == "print('changed')\n"


def test_large_push(project, work, tmp_path):
    """A pack above git's post buffer, which is sent in chunks, arrives whole."""
    blob = os.urandom(3 * 1024 * 1024)
    (work / "blob.bin").write_bytes(blob)
    git("-C", work, "add", ".")
    git("-C", work, "commit", "-qm", "large")
    git("-C", work, "config", "http.postBuffer", 65536)
    pushed(project, work)
    git("clone", "-q", remote(project, project.token), tmp_path / "clone")
    assert (tmp_path / "clone/blob.bin").read_bytes() == blob


def test_private_repository_needs_a_token(github, project, work):
    """Without a token a clone is asked for one; a stranger's token finds nothing."""
    pushed(project, work)
    refused = git("ls-remote", remote(project), check=False)
    assert "could not read Username" in refused.stderr
    stranger = f"{project.organization}-stranger"
    github.admin("POST", "users", login=stranger)
    token = github.token(stranger)
    assert "not found" in git("ls-remote", remote(project, token), check=False).stderr
    wrong = git("ls-remote", remote(project, "ghp_wrong"), check=False)
    assert "Authentication failed" in wrong.stderr


def test_public_repository(public_project, work):
    """Anyone may clone a public repository, and only those with a role may push."""
    pushed(public_project, work)
    assert "refs/heads/main" in git("ls-remote", remote(public_project)).stdout
    nobody = git("-C", work, "push", remote(public_project), "main:other", check=False)
    assert "could not read Username" in nobody.stderr
    _, token = public_project.member()
    member = git(
        "-C", work, "push", remote(public_project, token), "main:other", check=False
    )
    assert "403" in member.stderr


def test_read_only_token(github, project, work):
    """A fine-grained token with `contents: read` clones and does not push."""
    pushed(project, work)
    token = github.token(project.owner, permissions={"contents": "read"})
    assert "refs/heads/main" in git("ls-remote", remote(project, token)).stdout
    refused = git("-C", work, "push", remote(project, token), "main:x", check=False)
    assert "403" in refused.stderr
    none = github.token(project.owner, permissions={"secrets": "read"})
    assert git("ls-remote", remote(project, none), check=False).returncode


def test_first_push_decides_the_default_branch(project, work, tmp_path):
    """A repository whose first branch is `trunk` has that as its default branch."""
    git("-C", work, "branch", "-m", "trunk")
    pushed(project, work, "trunk")
    with project.http() as http:
        seen = http.get(f"/repos/{project.repo}").json()
        assert seen["default_branch"] == "trunk"
    git("clone", "-q", remote(project, project.token), tmp_path / "clone")
    assert (tmp_path / "clone/flow.py").exists()


def test_first_commit_on_request(project, tmp_path):
    """A repository made with `auto_init` can be cloned and has a README."""
    with project.http() as http:
        body = {"name": "started", "private": True, "auto_init": True}
        http.post(f"/orgs/{project.organization}/repos", json=body).raise_for_status()
    repo = f"{project.organization}/started"
    git("clone", "-q", remote(project, project.token, repo), tmp_path / "clone")
    assert (tmp_path / "clone/README.md").read_text() == "# started\n"


def test_renamed_and_deleted(project, work):
    """Clones follow a rename; after a deletion there is nothing."""
    pushed(project, work)
    with project.http() as http:
        http.patch(f"/repos/{project.repo}", json={"name": "new"}).raise_for_status()
        assert "main" in git("ls-remote", remote(project, project.token)).stdout
        http.delete(f"/repos/{project.organization}/new").raise_for_status()
    gone = git("ls-remote", remote(project, project.token), check=False)
    assert "not found" in gone.stderr


def test_archived_repository(project, work):
    """An archived repository can be cloned and takes no push."""
    pushed(project, work)
    with project.http() as http:
        http.patch(f"/repos/{project.repo}", json={"archived": True})
    url = remote(project, project.token)
    assert "main" in git("ls-remote", url).stdout
    assert git("-C", work, "push", url, "main:other", check=False).returncode


def test_compressed_request(project, work):
    """A request that git compressed is understood, as with many branches."""
    pushed(project, work)
    tip = git("-C", work, "rev-parse", "HEAD").stdout.strip()
    wanted = f"0032want {tip}\n00000009done\n".encode()
    with project.http() as http:
        answer = http.post(
            f"/{project.repo}.git/git-upload-pack",
            content=gzip.compress(wanted),
            headers={
                "Content-Encoding": "gzip",
                "Content-Type": "application/x-git-upload-pack-request",
            },
        )
    assert answer.status_code == 200
    assert b"PACK" in answer.content


def test_only_the_smart_protocol(project, work):
    """Files of the repository's directory can't be read one by one."""
    pushed(project, work)
    with project.http() as http:
        for path in ("HEAD", "config", "objects/info/packs", "../../github.sqlite"):
            assert http.get(f"/{project.repo}.git/{path}").status_code == 404
