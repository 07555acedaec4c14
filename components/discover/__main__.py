"""Write the stack config that describes what a live service has: Prefect, or another.

    python -m components.discover --stack dev --workspace analytics

reads every object of the workspace, by list calls alone, and adds to Pulumi.dev.yaml
what describes those that it does not have yet; nothing in the workspace is changed, and
nothing that the file says. `pulumi up` then takes the objects over as they are.

Secrets are left as references: the file's head lists the commands that set them.

    python -m components.discover --stack dev --unmanaged

lists what is in the workspace and not in the stack's state, and ends with code 7 if
there is anything. With --service, both are done for an environment of Modal, for what
a repository on GitHub has of one, or for buckets.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from components.kernel import ConfigurationError, FlowgroundError, told
from components.prefect.discovery import KINDS, Described, Selection, describe, read

from . import of_github, of_modal, of_s3
from .merge import added, merged, prefix_of
from .place import Place
from .stack_file import StackFile
from .state import managed_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

UNMANAGED: Final = 7
FAILED: Final = 1
_TIERS: Final = ("dev", "staging", "prod")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = _parser().parse_args(arguments)
    try:
        file = StackFile(Path.cwd(), given.stack)
        if given.service != "prefect":
            return _other(file, given)
        selection = Selection(frozenset(given.kind), tuple(given.name))
        place = Place.of(file, given.workspace)
        if given.unmanaged:
            return _list_unmanaged(place, selection, given.stack)
        return _write(place, selection, file, given)
    except FlowgroundError as error:
        print(f"stack {given.stack}: {told(error)}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    head, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        prog="python -m components.discover",
        description=head,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", required=True, help="whose config it becomes")
    parser.add_argument(
        "--service",
        choices=("prefect", "modal", "github", "s3"),
        default="prefect",
        help="whose objects; --kind and --workspace are Prefect's",
    )
    parser.add_argument("--environment", help="of Modal or GitHub, by its name")
    parser.add_argument("--repository", help="of GitHub: owner/name")
    parser.add_argument(
        "--shared",
        action="store_true",
        help="also what a repository on GitHub has for all its environments",
    )
    parser.add_argument(
        "--workspace",
        metavar="HANDLE",
        help="the workspace; if not given, the config's, or that of PREFECT_API_URL",
    )
    parser.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=[*KINDS],
        help="only objects of this kind; can be repeated",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="GLOB",
        help="only objects of such a name (`etl-*`, `my-flow/*`); can be repeated",
    )
    parser.add_argument(
        "--unmanaged",
        action="store_true",
        help="list what the stack does not have, instead of writing its config",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="where to write; Pulumi.<stack>.yaml if not given, `-` for the terminal",
    )
    return parser


def _list_unmanaged(place: Place, selection: Selection, stack: str) -> int:
    managed = managed_ids(stack)
    found, unreadable = read(place.api)
    strangers = [
        str(live)
        for live in found
        if live.id not in managed and selection.has(live.sort, live.name, live.short)
    ]
    for stranger in [*strangers, *map(str, unreadable)]:
        print(stranger)
    return UNMANAGED if strangers else 0


def _write(
    place: Place, selection: Selection, file: StackFile, given: argparse.Namespace
) -> int:
    there = file.get("prefect") or {}
    found, unreadable = read(place.api)
    result = describe(
        found,
        selection,
        prefix=prefix_of(there, file.stack),
        managed=managed_ids(given.stack, or_none=True) if there else (),
    )
    result.left_out.extend(unreadable)
    whole = not selection.kinds and not selection.names
    settings = merged(there or {"workspace": place.settings(whole=whole)}, result)
    tier = file.get("tier") or (given.stack if given.stack in _TIERS else "dev")
    text = file.text(head(result), tier=tier, prefect=settings)
    if target := _put(text, given.output, file):
        tell(target, result)
    return 0


def _other(file: StackFile, given: argparse.Namespace) -> int:
    """Do the same for a service that is not Prefect."""
    match given.service:
        case "modal":
            found = of_modal.read(file, given.environment)
        case "github":
            found = of_github.read(
                file, given.repository, given.environment, shared=given.shared
            )
        case _:
            found = of_s3.read(file, given.name)
    if given.unmanaged:
        managed = managed_ids(given.stack, service=given.service)
        strangers = sorted(k for k, id_ in found.ids.items() if id_ not in managed)
        for stranger in strangers:
            print(stranger)
        return UNMANAGED if strangers else 0
    there = file.get(given.service) or {}
    tier = file.get("tier") or (given.stack if given.stack in _TIERS else "dev")
    new = {given.service: added(there, found.settings)}
    result = Described(found.settings, found.secrets, found.left_out, [])
    text = file.text(head(result), tier=tier, **new)
    if target := _put(text, given.output, file):
        print(f"{target}: {', '.join(found.ids) or 'nothing'}", file=sys.stderr)
        print("\n".join(head(result)), file=sys.stderr)
    return 0


def _put(text: str, output: str | None, file: StackFile) -> Path | None:
    """Write the file and return which; None if it was printed."""
    if output == "-":
        print(text, end="")
        return None
    target = Path(output or file.path)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{target} cannot be written ({error.strerror}); choose another --output"
        ) from None
    return target


def head(result: Described) -> list[str]:
    """Return the comments that the file begins with."""
    lines: list[str] = []
    if result.secrets:
        lines += ["Set these before `pulumi up`; the service does not tell them:"]
        lines += [
            f"  {secret.command}  # {secret.of}{', as JSON' if secret.is_json else ''}"
            for secret in result.secrets
        ]
    if result.left_out:
        lines += ["Left out, and so not managed:"]
        lines += [f"  {one}".replace("\n", " ") for one in result.left_out]
    return lines


def tell(target: Path, result: Described) -> None:
    """Say what was written, and what is left to do."""
    counts: Counter[Any] = Counter(live.sort for live in result.described)
    told = ", ".join(f"{number} {sort}" for sort, number in counts.items())
    print(f"{target}: {told or 'nothing'}", file=sys.stderr)
    for line in head(result):
        print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
