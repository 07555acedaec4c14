"""The bare git repositories on disk, one directory per repository id.

They are named by id, so that a rename moves nothing, and are made when first needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from localcloud.github.store.repositories import Repository


def git_environment() -> dict[str, str]:
    """An environment in which no configuration of the machine changes what git does."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
    }


def path_of(root: Path, repository: Repository) -> Path:
    """Where the repository is, made and empty if it is new."""
    path = root / f"{repository.id}.git"
    if not (path / "HEAD").exists():
        _git(
            None,
            "init",
            "--quiet",
            "--bare",
            "--template=",
            f"--initial-branch={repository.default_branch}",
            str(path),
        )
    return path


def remove(root: Path, repository: Repository) -> None:
    """Delete the repository's directory, if there is one."""
    shutil.rmtree(root / f"{repository.id}.git", ignore_errors=True)


def branches(root: Path, repository: Repository) -> list[str]:
    """The names of the repository's branches, sorted."""
    listed = _git(
        path_of(root, repository),
        "for-each-ref",
        "--format=%(refname:lstrip=2)",
        "refs/heads",
    )
    return listed.splitlines()


def has_branch(root: Path, repository: Repository, name: str) -> bool:
    """Whether the repository has that branch."""
    return name in branches(root, repository)


def set_head(root: Path, repository: Repository) -> None:
    """Make the default branch the one that a clone checks out."""
    _git(
        path_of(root, repository),
        "symbolic-ref",
        "HEAD",
        f"refs/heads/{repository.default_branch}",
    )


def first_commit(root: Path, repository: Repository, date: str) -> None:
    """Commit a README, as `auto_init` asks for."""
    path = path_of(root, repository)
    blob = _git(path, "hash-object", "-w", "--stdin", stdin=f"# {repository.name}\n")
    tree = _git(path, "mktree", stdin=f"100644 blob {blob}\tREADME.md\n")
    author = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (
            ("NAME", repository.owner_login),
            ("EMAIL", f"{repository.owner_login}@users.noreply.localhost"),
            ("DATE", date),
        )
    }
    commit = _git(path, "commit-tree", tree, "-m", "Initial commit", extra=author)
    _git(path, "update-ref", f"refs/heads/{repository.default_branch}", commit)


def _git(
    path: Path | None,
    *arguments: str,
    stdin: str = "",
    extra: dict[str, str] | None = None,
) -> str:
    location = [] if path is None else [f"--git-dir={path}"]
    done = subprocess.run(
        ["git", *location, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        env=git_environment() | (extra or {}),
    )
    return done.stdout.strip()
