"""The images that prod runs have a tag or a digest that stays what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policy.rule import NOT_IN_DEV, Rule, Thing
from policy.stack import Stack
from policy.values import parsed
from policy.wire import unsealed

_MOVING: Final = re.compile(r"(.+-)?(latest|main|master|edge|nightly|dev)")


def check(thing: Thing, _: Stack) -> Iterator[str]:
    """Yield the images of a deployment, or by default of a pool's runs, that move."""
    if thing.kind == "prefect:Deployment":
        variables = parsed(unsealed(thing.inputs.get("job_variables")))
        image = _at(variables, "image")
    elif thing.kind == "prefect:WorkPool":
        template = parsed(unsealed(thing.inputs.get("base_job_template")))
        image = _at(template, "variables", "properties", "image", "default")
    else:
        return
    if isinstance(image, str) and "{{" not in image and _moves(image):
        yield (
            f"{thing.kind} '{thing.name}' runs image '{image}', which is another one "
            "after each push; give it a version's tag (`image_tag` in the stack's "
            "flow_projects) or a digest"
        )


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _moves(image: str) -> bool:
    if "@" in image:
        return False
    # A colon before a slash is a registry's port.
    tag = image.rpartition("/")[2].partition(":")[2]
    return not tag or _MOVING.fullmatch(tag) is not None


RULE = Rule(
    name="pinned-images",
    description="Runs start from images that stay what they are.",
    levels=NOT_IN_DEV,
    check=check,
)
