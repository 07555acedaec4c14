"""Become a container: mount folders where a function expects them, then run it.

Run as a program of its own: `python launcher.py PLAN`, with the plan a JSON file. It
needs a mount namespace, so that `/data` can be a folder for this process and its
children only. Only the standard library is used.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_RDONLY = 1
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, doing: str) -> None:
    """Raise what libc set `errno` to, saying what was being done."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{doing}: {os.strerror(number)}")


def mount(source: str, target: Path, kind: str | None, flags: int) -> None:
    """Mount, or raise what the kernel says against it."""
    result = libc.mount(
        source.encode(), str(target).encode(), kind and kind.encode(), flags, None
    )
    check(result, f"mounting {target}")


def enter_namespace() -> None:
    """Get a mount namespace, by way of a user namespace where that is needed."""
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWNS if uid == 0 else CLONE_NEWNS | CLONE_NEWUSER
    check(libc.unshare(flags), "entering a mount namespace")
    if flags & CLONE_NEWUSER:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    mount("none", Path("/"), None, MS_REC | MS_PRIVATE)


class Tree:
    """The file tree that the function will see."""

    def __init__(self, stage: Path) -> None:
        self._stage = stage
        self._own: set[Path] = set()
        self._covered = 0
        self._root = Path("/")

    def bind(self, source: Path, target: Path, *, read_only: bool) -> None:
        """Show a file or folder at a path that may not exist."""
        place = self._place(target)
        if not place.exists():
            self._make(target, folder=source.is_dir())
            place = self._place(target)
        mount(str(source), place, None, MS_BIND | MS_REC)
        if read_only:
            mount("none", place, None, MS_BIND | MS_REMOUNT | MS_RDONLY)
            self._own.discard(target)
        else:
            # It is the container's: a mount point inside of it may be made in it,
            # where covering it would lose what is written next to that.
            self._own.add(target)

    def enter(self) -> None:
        """Make the new root the root, if one had to be made."""
        if self._root != Path("/"):
            os.chroot(self._root)
            os.chdir("/")

    def _place(self, target: Path) -> Path:
        return self._root / target.relative_to("/")

    def _make(self, target: Path, *, folder: bool) -> None:
        """Create a path without writing to what the machine has there."""
        parent = target.parent
        if not self._place(parent).exists():
            self._make(parent, folder=True)
        if parent not in self._own:
            self._replace(parent)
        if folder:
            self._place(target).mkdir(exist_ok=True)
            self._own.add(target)
        else:
            self._place(target).touch()

    def _replace(self, parent: Path) -> None:
        """Put a writable folder over one of the machine's, showing all it has."""
        original = self._stage / f"original-{self._covered}"
        original.mkdir()
        self._covered += 1
        mount(str(self._place(parent)), original, None, MS_BIND | MS_REC)
        if parent == Path("/"):
            self._root = self._stage / "root"
            self._root.mkdir()
        place = self._place(parent)
        mount("tmpfs", place, "tmpfs", 0)
        self._own.add(parent)
        for child in original.iterdir():
            shown = place / child.name
            if child.is_symlink():
                shown.symlink_to(child.readlink())
                continue
            if child.is_dir():
                shown.mkdir()
            else:
                shown.touch()
            mount(str(child), shown, None, MS_BIND | MS_REC)


def main(plan_path: Path) -> None:
    """Carry out the plan and become the function's process."""
    os.umask(0o022)  # the control plane's own is stricter, and files would keep it
    plan = json.loads(plan_path.read_text())
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "tying to the parent")
    if os.getppid() != plan["parent"]:
        sys.exit("the control plane is gone")
    if plan["binds"]:
        try:
            enter_namespace()
        except OSError as error:
            sys.exit(
                f"{error.strerror}: this machine does not allow mount namespaces, so "
                f"{plan['binds'][0]['target']} cannot be mounted: run the local cloud "
                "as root, or allow unprivileged user namespaces."
            )
        tree = Tree(Path(plan["stage"]))
        for bind in plan["binds"]:
            tree.bind(
                Path(bind["source"]), Path(bind["target"]), read_only=bind["read_only"]
            )
        tree.enter()
    cwd = plan["cwd"]
    os.chdir(cwd if Path(cwd).is_dir() else "/")
    os.execv(plan["argv"][0], plan["argv"])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(Path(sys.argv[1]))
