"""Write the catalogue: one static page of what each stack has.

    python -m tools.catalogue [STACK …] [--output catalogue.html]

It reads outputs and state, without secrets; no service is asked. A stack that was not
brought up is left out, and said.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from components.outputs import OutputsError, read
from tools.surroundings import ROOT, STACKS, environment

from .render import Stack, render
from .state import resources

OUTPUT: Final = ROOT / ".flowground/catalogue.html"


def run(arguments: Sequence[str] | None = None) -> int:
    """Write the page, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stacks", nargs="*", default=STACKS, metavar="STACK")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    given = parser.parse_args(arguments)
    env = environment()
    found = [stack for name in given.stacks if (stack := _look(name, env))]
    if not found:
        print("no stack is up; `make up STACK=dev` makes one", file=sys.stderr)
        return 1
    given.output.write_text(render(found), encoding="utf-8")
    print(given.output)
    return 0


def _look(name: str, env: Mapping[str, str]) -> Stack | None:
    """Return what is known of a stack, or say why nothing is."""
    try:
        outputs = _pulumi(env, "stack", "output", "--json", "--stack", name)
        told = read(name, outputs.get("flowground"))
    except OutputsError as error:
        print(error, file=sys.stderr)
        return None
    except subprocess.CalledProcessError as error:
        print(f"stack {name} is left out: {error.stderr.strip()}", file=sys.stderr)
        return None
    export = _pulumi(env, "stack", "export", "--stack", name)
    deployment = export["deployment"]
    project = deployment["resources"][0]["urn"].split("::")[1]
    # A backend of one's own (files, S3) has one organization, of this name.
    owner, _, stack = name.rpartition("/")
    return Stack(
        told=told,
        program=f"{owner.partition('/')[0] or 'organization'}/{project}/{stack}",
        resources=resources(export),
        changed=deployment["manifest"]["time"],
    )


def _pulumi(env: Mapping[str, str], *arguments: str) -> Any:
    done = subprocess.run(
        ["pulumi", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(run())
