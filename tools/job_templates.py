"""Write the job templates that Prefect's own workers bring along.

Run it after moving to another Prefect, with the interpreter that has its server:

    .venv-localcloud/bin/python -m tools.job_templates components/prefect/templates

`process` comes from the worker class itself, because that is what a worker stores in a
pool that has no template; the collection metadata that the server packages has an
older shape of it. The other types' worker classes live in packages of their own, and
the metadata is what Prefect's UI and CLI make their pools from. Push and managed types
are in no package: they are taken from what the local cloud serves for them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def job_templates() -> dict[str, Any]:
    """Return the default template of every type of work pool."""
    # Imported late: what only wants to know this module's name must not pay for it.
    from prefect.workers.process import ProcessWorker  # noqa: PLC0415  as above

    from localcloud.prefect.account.routes.collections import (  # noqa: PLC0415  as above
        work_pool_types,
    )

    packages = work_pool_types()
    packaged = {
        type_: worker["default_base_job_configuration"]
        for workers in packages.values()
        for type_, worker in workers.items()
    }
    return packaged | {"process": ProcessWorker.get_default_base_job_template()}


def main(folder: Path) -> None:
    """Write one JSON file a type, and remove those of types that are no more."""
    for outdated in folder.glob("*.json"):
        outdated.unlink()
    for type_, template in sorted(job_templates().items()):
        # In a file's name a colon would not be portable.
        file = folder / f"{type_.replace(':', '.')}.json"
        file.write_text(json.dumps(template, indent=1, ensure_ascii=False) + "\n")
        print(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
