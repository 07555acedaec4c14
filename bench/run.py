"""Resources of one kind in a process: what an engine's provider does with them.

    python -m bench.run up|refresh|destroy < task.json

The task names the kind's token, the inputs of each resource by its name (or the folder
that they are made of), and the file that keeps the state from one run to the next. An
engine adds the same to each run, whatever the kind: its own start, and the display of
the plan.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from components.kernel.inputs import to_inputs
from components.kernel.lifecycle import Lifecycle
from components.kernel.mirror import mirrored
from components.kernel.registry import kind_of

# As many workers as the SDK's provider process has.
WORKERS = 4


def main() -> None:
    """Read the task, do it, and keep the state."""
    verb, task = sys.argv[1], json.load(sys.stdin)
    life, file = Lifecycle(kind_of(task["token"])), Path(task["state"])
    act = {"up": _up, "refresh": _refresh, "destroy": _destroy}[verb]
    state = json.loads(file.read_text()) if file.exists() else {}
    names = task["resources"]
    with ThreadPoolExecutor(WORKERS) as workers:
        done = workers.map(lambda n: act(life, names[n], state.get(n)), names)
        made = dict(zip(names, done, strict=True))
    file.write_text(json.dumps({n: one for n, one in made.items() if one}))


def _up(life: Lifecycle, given: dict[str, Any], state: Any) -> Any:
    if folder := given.pop("mirrored", None):
        mode = life.kind.token.startswith("modal:")
        given |= to_inputs(life.kind.args, mirrored(folder, (), mode=mode))
    olds = state["inputs"] if state else None
    inputs, failures = life.check(given, olds=olds)
    if failures:
        sys.exit(str(failures))
    if state is None:
        id_, outputs = life.create(inputs)
    elif inputs == state["inputs"]:  # as the engine compares them
        return state
    else:
        id_ = state["id"]
        outputs = life.update(id_, state["outputs"], inputs)
    return {"id": id_, "inputs": inputs, "outputs": outputs}


def _refresh(life: Lifecycle, _given: dict[str, Any], state: Any) -> Any:
    live = life.read(state["id"], state["outputs"])
    return live and {"id": live.id, "inputs": live.inputs, "outputs": live.outputs}


def _destroy(life: Lifecycle, _given: dict[str, Any], state: Any) -> None:
    life.delete(state["id"], state["outputs"])


if __name__ == "__main__":
    main()
