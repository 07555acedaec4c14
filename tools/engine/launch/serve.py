"""Serve the language host, with the protocol's messages but not the SDK around them.

Importing `pulumi` takes half a second, in which every `pulumi` command would wait for
its host; the messages are generated code that needs nothing of it.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def hide_sdk() -> None:
    """Put empty packages where importing the SDK's would run its own code."""
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        return
    folder = Path(spec.origin).parent
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package


if __name__ == "__main__":
    hide_sdk()
    from host.server import main  # type: ignore[import-not-found]  # installed beside

    engine = Path(__file__).resolve().parent.parent
    sys.exit(main(engine / "bin" / "pulumi-language-python-exec"))
