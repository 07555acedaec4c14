"""Cut GitHub's description to the operations served here.

    python -m localcloud.github.description.slicer octokit-openapi-VERSION.tgz

takes the tarball that `npm pack @octokit/openapi@VERSION` leaves and rewrites
`api.json` and `origin.json`. `--check` writes nothing and fails if they would change.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localcloud.github.api import router

HERE = Path(__file__).parent
MEMBER = "package/generated/api.github.com.json"
# Schemas that `amendments.py` refers to.
ALWAYS = ("#/components/schemas/basic-error",)
# Prose and samples: two thirds of the size, and nothing that is checked.
DROPPED = {"examples", "example", "x-github-breaking-changes"}


def cut(document: dict[str, Any], served: list[tuple[str, str]]) -> dict[str, Any]:
    """The description of the served operations and of all that they refer to."""
    paths: dict[str, Any] = {}
    for method, path in sorted(served, key=lambda each: (each[1], each[0])):
        described = document["paths"][path][method.lower()]
        paths.setdefault(path, {})[method.lower()] = described
    kept = {"openapi": document["openapi"], "info": document["info"]}
    kept |= {"servers": document["servers"], "paths": paths, "components": {}}
    pending = [*ALWAYS, *_references(paths)]
    while pending:
        _, _, group, name = pending.pop().split("/")
        section = kept["components"].setdefault(group, {})
        if name not in section:
            section[name] = document["components"][group][name]
            pending.extend(_references(section[name]))
    pruned = _pruned(kept)
    if not isinstance(pruned, dict):
        raise TypeError("a description is an object")
    return pruned


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in DROPPED:
                continue
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


def _pruned(node: Any, *, named: bool = False) -> Any:
    """The node without samples; `named` spares members whose keys are names."""
    if isinstance(node, list):
        return [_pruned(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _pruned(value, named=key == "properties" and not named)
        for key, value in sorted(node.items())
        if named or key not in DROPPED
    }


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Cut GitHub's API description.")
    parser.add_argument("tarball", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with tarfile.open(options.tarball) as package:
        member = package.extractfile(MEMBER)
        if member is None:
            raise SystemExit(f"{options.tarball} has no {MEMBER}.")
        text = member.read()
    document = json.loads(text)
    served = [(each.method, each.template) for each in router.operations]
    origin = {
        "package": "npm @octokit/openapi",
        "version": document["info"]["version"],
        "license": "MIT, Copyright (c) 2020 Octokit contributors",
        "file": MEMBER,
        "sha256": hashlib.sha256(text).hexdigest(),
    }
    made = {
        "api.json": json.dumps(cut(document, served), indent=1, sort_keys=True),
        "origin.json": json.dumps(origin, indent=2),
    }
    changed = [
        name
        for name, content in made.items()
        if not (HERE / name).exists() or (HERE / name).read_text() != content + "\n"
    ]
    if options.check:
        sys.stderr.writelines(f"{name} would change\n" for name in changed)
        return bool(changed)
    for name in changed:
        (HERE / name).write_text(made[name] + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
