"""One module a kind; see `tests.contract.sample`."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.sample import Sample

SAMPLES: list[Sample] = [
    importlib.import_module(f"{__name__}.{module.name}").SAMPLE
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name)
]
