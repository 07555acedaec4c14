"""A flow project in a git repository: which commit is meant, and its files at hand."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from components.kernel import ConfigurationError, redact

if TYPE_CHECKING:
    from .overlay import GitSource

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_CREDENTIALS: Final = re.compile(r"//([^/@]+)@")
_SECONDS: Final = 120


class Checkout(NamedTuple):
    """A project's files, as of one commit."""

    folder: Path
    commit: str


def check_out(source: GitSource) -> Checkout:
    """Resolve a ref to its commit and bring the files of that commit here.

    A commit never changes, so that each is fetched once and kept in the cache of the
    user (XDG_CACHE_HOME).

    Raises:
        ConfigurationError: There is no such repository, ref or folder, or no way in.
    """
    commit = resolve(source)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    name = hashlib.sha256(f"{source.url}\n{commit}".encode()).hexdigest()[:32]
    kept = cache / "flowground" / "projects" / name
    if not kept.exists():
        _fetch(source, commit, kept)
    folder = (kept / source.path).resolve()
    if not folder.is_relative_to(kept.resolve()) or not folder.is_dir():
        raise ConfigurationError(
            f"{bare(source.url)} has no folder '{source.path}' at {commit[:12]}; "
            f"correct the path"
        )
    return Checkout(folder, commit)


def resolve(source: GitSource) -> str:
    """Return the commit that a ref stands for now.

    Raises:
        ConfigurationError: There is no such repository or ref, or no way in.
    """
    if _COMMIT.fullmatch(source.ref):
        return source.ref
    listed = _git(
        source, "ls-remote", "--", source.url, source.ref, f"{source.ref}^{{}}"
    )
    refs = {
        name: commit
        for commit, _, name in (line.partition("\t") for line in listed.splitlines())
    }
    # An annotated tag is an object of its own; what it tags follows with ^{}.
    for name in (
        f"refs/tags/{source.ref}^{{}}",
        f"refs/tags/{source.ref}",
        f"refs/heads/{source.ref}",
        source.ref,
    ):
        if name in refs:
            return refs[name]
    raise ConfigurationError(
        f"{bare(source.url)} has no branch or tag '{source.ref}'; correct the ref"
    )


def _fetch(source: GitSource, commit: str, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as made:
        new = Path(made) / "new"
        _git(source, "init", "--quiet", str(new))
        at = ("-C", str(new))
        _git(source, *at, "fetch", "--quiet", "--depth=1", "--", source.url, commit)
        _git(source, *at, "checkout", "--quiet", "FETCH_HEAD")
        try:
            new.rename(kept)
        except OSError:
            if not kept.exists():  # else another run has brought it meanwhile
                raise


def _git(source: GitSource, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments],
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(
            f"cannot read {bare(source.url)} by git ({type(error).__name__}); "
            f"install git, or check the network"
        ) from None
    if done.returncode != 0:
        said = redact(done.stderr.strip(), _CREDENTIALS.findall(source.url))
        raise ConfigurationError(
            f"git cannot read {bare(source.url)}: {' '.join(said.split())}; correct "
            f"the url or the ref, or give git a credential for it"
        )
    return done.stdout


def bare(url: str) -> str:
    """Return a repository's URL without what opens it."""
    return _CREDENTIALS.sub("//", url)
