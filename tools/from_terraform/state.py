"""What Terraform keeps of the provider's objects: `terraform.tfstate`, version 4."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from components.kernel import ConfigurationError
from components.kernel.parsing import of_that_form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VERSION: Final = 4
_OURS: Final = "prefect_"


class Instance(NamedTuple):
    """One object of Terraform's.

    Attributes:
        type: The resource's type, without the provider's prefix.
        address: What Terraform calls it: `module.a.prefect_flow.b["c"]`.
        attributes: What it knows of it.
    """

    type: str
    address: str
    attributes: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id in Prefect."""
        return str(self.attributes.get("id"))


def read(file: Path) -> list[Instance]:
    """Read every Prefect object that a state manages.

    Raises:
        ConfigurationError: It is no state, or has no such object.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({error.strerror}); write it by `terraform state "
            f"pull > terraform.tfstate`"
        ) from None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise ConfigurationError(
            f"{file} is no Terraform state of version {_VERSION}; write it by "
            "`terraform state pull`"
        )
    way_out = "write it by `terraform state pull`"
    with of_that_form(f"{file}", way_out):
        found = list(_instances(content))
    if not found:
        raise ConfigurationError(f"{file} manages no object of Prefect's")
    return found


def _instances(content: dict[str, Any]) -> Iterator[Instance]:
    for resource in content.get("resources") or ():
        managed = resource.get("mode") == "managed"
        if not managed or not resource["type"].startswith(_OURS):
            continue
        parts = (resource.get("module"), resource["type"], resource["name"])
        base = ".".join(part for part in parts if part)
        for one in resource.get("instances") or ():
            key = one.get("index_key")
            address = base if key is None else f"{base}[{json.dumps(key)}]"
            kind = resource["type"].removeprefix(_OURS)
            yield Instance(kind, address, one.get("attributes") or {})
