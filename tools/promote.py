"""Take a change of config from one environment to the next, as a diff to review.

    python -m tools.promote staging prod [--keep PATH]… [--write] [--cwd FOLDER]

It prints what Pulumi.prod.yaml would have to change to say what Pulumi.staging.yaml
says, and changes it with --write. What is an environment's own stays as it is: names,
handles, tier, the way in, who may deploy; and what --keep names, such as
`prefect.concurrency_limits.*.limit`. Secrets are never copied: those that are missing
are listed. Comments and order stay.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path as File
from typing import Final

from components.kernel import ConfigurationError, told
from tools.doctor.config import settings
from tools.doctor.finding import Verdict
from tools.doctor.patient import Patient
from tools.promotion import Promotion, promoted
from tools.promotion_rules import OWN, pattern
from tools.surroundings import ROOT
from tools.yaml_text import YamlText, diff

_FAILED: Final = 1


def read(folder: File, stack: str) -> YamlText:
    """Read a stack's file.

    Raises:
        ConfigurationError: There is none, or it cannot be edited.
    """
    file = folder / f"Pulumi.{stack}.yaml"
    try:
        read = YamlText(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{file.name} is no text; write it anew as UTF-8"
        ) from None
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no {file.name}; write it, or correct the stack"
        ) from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{file.name}: {error}") from None
    if not isinstance(read.get(("config",)) or {}, dict):
        raise ConfigurationError(f"{file.name}: its `config` is no mapping; correct it")
    return read


def report(made: Promotion, stack: str) -> list[str]:
    """Return what is left to do by hand, a line each."""
    lines = [f"set by hand, as it is an environment's own: {path}" for path in made.own]
    lines += [f"copy by hand, as it holds secrets: {path}" for path in made.secretive]
    lines += [
        f"missing: pulumi config set --secret {name} --stack {stack}"
        for name in made.missing
    ]
    return lines


def faults(text: str, folder: File, stack: str, project: str) -> list[str]:
    """Return what the program would not take of a config, a line each."""
    held = YamlText(text).get(("config",)) or {}
    values = {
        key.removeprefix(f"{project}:"): value
        for key, value in held.items()
        if key.startswith(f"{project}:")
    }
    found = settings(Patient(stack, folder, project, {}, values))
    return [one.said for one in found if one.verdict is Verdict.STOP]


def main() -> int:
    """Run the command, and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", help="the stack whose config is promoted")
    parser.add_argument("target", help="the stack that gets it")
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="PATH",
        help="leave this as the target has it; `*` is any name; can be repeated",
    )
    parser.add_argument("--write", action="store_true", help="change the file")
    parser.add_argument("--cwd", type=File, default=ROOT, metavar="FOLDER")
    given = parser.parse_args()
    try:
        source, target = (read(given.cwd, one) for one in (given.source, given.target))
        project = str(YamlText((given.cwd / "Pulumi.yaml").read_text()).get(("name",)))
        keep = tuple(pattern(path) for path in given.keep)
        made = promoted(source, target, project, own=OWN, keep=keep)
    except ConfigurationError as error:
        what = f"promote {given.source} to {given.target}"
        print(f"{what}: {told(error)}", file=sys.stderr)
        return _FAILED
    file = given.cwd / f"Pulumi.{given.target}.yaml"
    print(diff(target.text, made.text, file.name), end="")
    for line in report(made, given.target):
        print(line, file=sys.stderr)
    if wrong := faults(made.text, given.cwd, given.target, project):
        faulty = "\n  ".join(wrong)
        print(f"{file.name} would not be valid:\n  {faulty}", file=sys.stderr)
        return _FAILED
    if given.write and made.text != target.text:
        fresh = file.with_suffix(".new")
        fresh.write_text(made.text, encoding="utf-8")
        fresh.replace(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
