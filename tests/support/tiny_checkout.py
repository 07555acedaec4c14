"""A checkout with this repository's tools and a program of a few lines.

The program's objects are files in a folder, its *world*, so that anything can be done
to them behind its back.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.pulumi_project import engine_bin

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-6c1f0a-token"
PASSPHRASE = "known-to-the-team-alone"

GUARDS = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def rule(name, limit, level):
    def check(args, report):
        if args.props.get("limit") == limit:
            report(f"{limit} is too much; lower the limit")

    return ResourceValidationPolicy(name, "How much.", check, level)

few = rule("few", 41, EnforcementLevel.ADVISORY)
most = rule("most", 42, EnforcementLevel.MANDATORY)
PolicyPack("tiny", policies=[few, most])
"""

PROGRAM = """
import json, os, pathlib
import pulumi
from pulumi.dynamic import *

def world(slot):
    return pathlib.Path(os.environ["TINY_WORLD"]) / f"{slot}.json"

class Provider(ResourceProvider):
    serialize_as_secret_always = False

    def check(self, olds, news):
        failures = []
        if news.get("limit") == 13:
            failures.append(CheckFailure("limit", "13 is <b>refused</b>\\n| ``` @all"))
        return CheckResult(news, failures)

    def diff(self, id, olds, news):
        replaces = ["name"] if olds.get("name") != news.get("name") else []
        return DiffResult(changes=None, replaces=replaces)

    def create(self, props):
        file = world(props["slot"])
        if file.exists():
            raise Exception(f"slot {props['slot']} is taken; free it first")
        file.write_text(json.dumps({"limit": props["limit"]}))
        return CreateResult(props["slot"], {**props, "minted": "minted-canary"})

    def read(self, id, props):
        if not world(id).exists():
            return ReadResult(None, {})
        live = {**props, **json.loads(world(id).read_text())}
        inputs = {k: v for k, v in live.items() if k != "minted"}
        return ReadResult(id, live, inputs)

    def update(self, id, olds, news):
        world(id).write_text(json.dumps({"limit": news["limit"]}))
        return UpdateResult({**news, "minted": "minted-canary"})

    def delete(self, id, props):
        world(id).unlink(missing_ok=True)

class Thing(Resource, module="tiny", name="Thing"):
    def __init__(self, name, props):
        protect = props.pop("protect", False)
        secret = pulumi.ResourceOptions(
            additional_secret_outputs=["minted"], protect=protect
        )
        super().__init__(Provider(), name, {**props, "minted": None}, secret)

config = pulumi.Config()
for name, props in config.require_object("things").items():
    props = {"slot": name, "name": name, "limit": 1, **props}
    if props.pop("secret", False):
        props["token"] = config.require_secret("token")
    if props.pop("counts", False):
        props["limit"] = 1 + world(name).exists()
    Thing(name, props)
"""


class TinyCheckout:
    """The checkout, its world, and its tools as commands."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.world = folder / "world"
        self.world.mkdir(parents=True)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "tools", self.root / "tools", ignore=ignored)
        (self.root / "components").symlink_to(ROOT / "components")
        (self.root / "__main__.py").write_text(PROGRAM)
        runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
        project = {"name": "tiny", "runtime": runtime}
        (self.root / "Pulumi.yaml").write_text(json.dumps(project))
        policy = self.root / "policy"
        policy.mkdir()
        (policy / "PulumiPolicy.yaml").write_text(json.dumps({"runtime": runtime}))
        (policy / "__main__.py").write_text(GUARDS)
        (self.root / ".gitignore").write_text(".flowground\ncomponents\ntools\n")
        state = folder / "state"
        state.mkdir()
        path = os.pathsep.join([str(engine_bin()), os.environ["PATH"]])
        foreign = ("PYTHON", "GITHUB_", "PULUMI_")
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(foreign)},
            "PATH": path,
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # As with an account of one's own: no local cloud is started.
            "PREFECT_API_KEY": "unused-key-of-nobody",
            "TINY_WORLD": str(self.world),
        }
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> None:
        """Run git in the checkout."""
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(["git", *who, *arguments], cwd=self.root, check=True)

    def commit(self) -> None:
        """Commit what is there."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")

    def configure(self, stack: str, things: dict[str, Any]) -> None:
        """Say what a stack has, and keep its secrets."""
        file = self.root / f"Pulumi.{stack}.yaml"
        settings = yaml.safe_load(file.read_text()) if file.exists() else {}
        settings.setdefault("config", {})["tiny:things"] = things
        file.write_text(json.dumps(settings))

    def keep_secret(self, stack: str, path: str, value: str = CANARY) -> None:
        """Put a secret into a stack's config."""
        self.pulumi("stack", "select", stack, "--create")
        setting = ("config", "set", "--secret", "--path", path, value)
        self.pulumi(*setting, "--stack", stack)

    def pulumi(self, *arguments: str, code: int = 0) -> str:
        """Run `pulumi` in the checkout, and return what it printed."""
        return self.run(["pulumi", "--non-interactive", *arguments], code)

    def tool(self, name: str, *arguments: str, code: int = 0, **env: str) -> str:
        """Run one of the tools, and return what it printed."""
        return self.run([sys.executable, "-m", f"tools.{name}", *arguments], code, env)

    def run(
        self, command: list[str], code: int = 0, env: Mapping[str, str] | None = None
    ) -> str:
        """Run a command in the checkout, and return what it printed."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, (command, done.returncode, said)
        return said

    def kept(self) -> str:
        """Return every byte that the tools left in the checkout."""
        files = (self.root / ".flowground").rglob("*")
        return "\n".join(file.read_text() for file in files if file.is_file())
