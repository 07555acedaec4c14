"""Put Pulumi's state on an S3 bucket, and the stacks that there are with it.

    python -m tools.backend --bucket NAME [--kms-key alias/NAME]

The bucket is made by this repository's own kinds, as a Pulumi project (`backend/`)
whose state is in that bucket too. To be run again: what is done already stays. From
then on the make targets use the bucket, unless PULUMI_BACKEND_URL says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tools.surroundings import HOME, ROOT, STACKS, backend_file, environment

STACK = "main"  # of the bucket's own project
PROJECT = "flowground-backend"

Environment = Mapping[str, str]


class BackendError(Exception):
    """It cannot be done, for the reason that the sentence gives."""


@dataclass(frozen=True)
class Target:
    """Where the state is to be."""

    bucket: str
    region: str
    endpoint: str = ""
    kms_key: str = ""

    @property
    def url(self) -> str:
        """The backend's address, as `pulumi login` takes it."""
        query = {"region": self.region}
        if self.endpoint:
            query |= {"endpoint": self.endpoint, "s3ForcePathStyle": "true"}
        return f"s3://{self.bucket}?{urlencode(query, safe=':/')}"

    @property
    def secrets_provider(self) -> str:
        """The key of the states' secrets, as Pulumi writes it."""
        slash = "/" if self.kms_key.startswith("arn:") else ""
        return f"awskms://{slash}{self.kms_key}?{urlencode({'region': self.region})}"


class Pulumi:
    """The CLI in one project, on one backend."""

    def __init__(self, folder: Path, env: Environment, url: str) -> None:
        self.folder = folder
        self.env = {
            **env,
            "PULUMI_BACKEND_URL": url,
            # The bucket's own project has no environment of its own.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]]),
            "PYTHONPATH": str(ROOT),
        }

    def try_(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever comes of it."""
        return subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def __call__(self, *arguments: str) -> str:
        """Run a command, and return what it printed.

        Raises:
            BackendError: It failed.
        """
        done = self.try_(*arguments)
        if done.returncode:
            raise BackendError(
                f"`pulumi {' '.join(arguments[:2])}` failed on "
                f"{self.env['PULUMI_BACKEND_URL']}: "
                f"{(done.stderr or done.stdout).strip()}"
            )
        return done.stdout

    def has(self, stack: str) -> bool:
        """Tell whether the backend knows a stack of this project."""
        found = self.try_("stack", "--stack", stack, "--show-name")
        return found.returncode == 0

    def resources(self, stack: str) -> int:
        """Count what a stack's state holds."""
        state = json.loads(self("stack", "export", "--stack", stack))
        return len(state["deployment"].get("resources") or ())


def move(stack: str, old: Pulumi, new: Pulumi, folder: Path) -> bool:
    """Move a stack's state to another backend; tell whether there was one to move.

    It is gone from the old backend only once it is whole on the new one: two states
    of the same things would each delete what the other made.

    Raises:
        BackendError: Both have a state, or a run is using the old one.
    """
    if not old.has(stack):
        return False
    held = old.resources(stack)
    if new.has(stack) and new.resources(stack):
        raise BackendError(
            f"both backends have a state of stack {stack}; remove the one that is out "
            f"of date with `pulumi stack rm --force {stack}`, and run this again"
        )
    file = folder / f"{stack}.json"
    try:
        old("stack", "export", "--stack", stack, "--file", str(file))
        if not new.has(stack):
            new("stack", "init", stack, "--no-select")
        new("stack", "import", "--stack", stack, "--file", str(file))
    finally:
        file.unlink(missing_ok=True)
    if new.resources(stack) != held:
        raise BackendError(f"stack {stack} did not arrive whole; it stays where it was")
    removed = old.try_("stack", "rm", "--force", "--yes", "--preserve-config", stack)
    if removed.returncode:
        # A run that holds the lock would write to where nobody looks any more.
        new("stack", "rm", "--force", "--yes", "--preserve-config", stack)
        raise BackendError(
            f"stack {stack} stays where it was: {removed.stderr.strip()}; wait for the "
            f"run's end, or `make recover STACK={stack}` if it died, and run this again"
        )
    return True


def make_bucket(target: Target, env: Environment, home: Path) -> None:
    """Make the bucket, or bring it to what it should be, and its state into it."""
    project = home / "backend"
    state = project / "state"
    # A copy: what the CLI writes beside a program is this machine's business.
    shutil.copytree(ROOT / "backend", project, dirs_exist_ok=True)
    state.mkdir(exist_ok=True)
    settled = Pulumi(project, env, target.url)
    # Before there is a bucket, its state is in a file.
    first = Pulumi(project, env, state.as_uri())
    pulumi = settled if settled.has(STACK) else first
    if not pulumi.has(STACK):
        pulumi("stack", "init", STACK, "--no-select")
    chosen = {"bucket": target.bucket, "kmsKey": target.kms_key}
    given = [word for name in chosen for word in ("-c", f"{name}={chosen[name]}")]
    pulumi("up", "--yes", "--skip-preview", "--stack", STACK, *given)
    if pulumi is first:
        move(STACK, first, settled, project)
        shutil.rmtree(state)


def put(
    target: Target,
    stacks: tuple[str, ...],
    project: Path,
    env: Environment,
    home: Path,
) -> list[str]:
    """Make the bucket and move a project's stacks to it; return those that moved."""
    make_bucket(target, env, home)
    old = Pulumi(project, env, env["PULUMI_BACKEND_URL"])
    new = Pulumi(project, env, target.url)
    moved = []
    if env["PULUMI_BACKEND_URL"] != target.url:
        moved = [stack for stack in stacks if move(stack, old, new, home)]
    if target.kms_key:
        own = Pulumi(home / "backend", env, target.url)
        for pulumi, stack in ((own, STACK), *((new, stack) for stack in stacks)):
            if pulumi.has(stack):
                provider = target.secrets_provider
                pulumi("stack", "change-secrets-provider", provider, "--stack", stack)
    return moved


def main() -> int:
    """Read the command line, put the state there, and remember it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bucket", required=True, help="the bucket's name")
    parser.add_argument("--region", help="its region; AWS_REGION if not given")
    parser.add_argument(
        "--kms-key",
        default="",
        help="encrypt the bucket and the states' secrets by this key of KMS: its "
        "alias/NAME or ARN; by S3's own key and the passphrase if not given",
    )
    given = parser.parse_args()
    env = environment()
    region = given.region or env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION")
    if not region:
        parser.error("no region: give --region, or set AWS_REGION")
    endpoint = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL", "")
    target = Target(given.bucket, region, endpoint, given.kms_key)
    try:
        moved = put(target, STACKS, ROOT, env, HOME)
    except BackendError as error:
        print(error, file=sys.stderr)
        return 1
    backend_file().write_text(target.url + "\n")
    for stack in moved:
        print(f"moved stack {stack}")
    print(
        f"The make targets keep state there from now on. Elsewhere:\n\n"
        f"export PULUMI_BACKEND_URL='{target.url}'"
    )
    if given.kms_key:
        print(
            f"\nCommit the stacks' config: its secrets are sealed by {given.kms_key}."
        )
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
