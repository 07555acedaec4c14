"""Write the job templates that Prefect's own workers bring along.

Run it after moving to another Prefect, with the interpreter that has its server:

    .venv-localcloud/bin/python tools/job_templates.py components/prefect/templates

`process` comes from the worker class itself, because that is what a worker stores in a
pool that has no template; the collection metadata that the server packages has an
older shape of it. The other types' worker classes live in packages of their own, and
the metadata is what Prefect's UI and CLI make their pools from.
"""

from __future__ import annotations

import importlib.resources
import json
import sys
from pathlib import Path
from typing import Any


def job_templates() -> dict[str, Any]:
    """Return the default template of every worker type that Prefect ships."""
    # Imported late: what only wants to know this module's name must not pay for it.
    from prefect.workers.process import ProcessWorker  # noqa: PLC0415

    views = importlib.resources.files("prefect.server.api.collections_data.views")
    packages = json.loads((views / "aggregate-worker-metadata.json").read_text())
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
        file = folder / f"{type_}.json"
        file.write_text(json.dumps(template, indent=1, ensure_ascii=False) + "\n")
        print(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
