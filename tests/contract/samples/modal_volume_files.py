"""The files of a Modal volume."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World
from tests.support import modal_files
from tests.support.mirrors import AFTER, BEFORE, told, without

_BEFORE = told(BEFORE, ignore=("*.log",))


def _inputs(world: World, name: str) -> Properties:
    volume = world.make("modal:Volume", {"name": name, "force_destroy": True})
    return {**_BEFORE, "volume_id": volume.id, "path": "dags/etl", "verify": "full"}


def _drift(world: World, live: Object) -> set[str]:
    volume = live.inputs["volume_id"]
    modal_files.put(world, volume, "dags/etl/etl.py", 'print("version 9")\n')
    modal_files.put(world, volume, "dags/etl/theirs.py", "")
    return {"files"}


def _remove(world: World, live: Object) -> None:
    modal_files.remove(world, live.inputs["volume_id"], "dags")


def _exists(world: World, live: Object) -> int:
    return bool(modal_files.listed(world, live.inputs["volume_id"]))


SAMPLE = Sample(
    token="modal:VolumeFiles",
    inputs=_inputs,
    mutable={
        "fewer": {"files": without(_BEFORE, "etl.py", "lib/old.py")["files"]},
        "others": {"files": told(AFTER)["files"], "folder": AFTER},
        "ignore": {"ignore": ["*.tmp"]},
        "verify": {"verify": "stamps"},
    },
    unset=("ignore", "verify"),
    immutable={"volume_id": "vo-another", "path": "elsewhere"},
    invalid={
        "environment_name": {"environment_name": ""},
        "files": {"files": {}},
        "folder": {"folder": ""},
        "path": {"path": "a/../b"},
        "verify": {"verify": "sometimes"},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"files": without(_BEFORE, "etl.py")["files"]},
    without={
        "test_a_batch_of_reads_costs_what_one_costs": "each volume is listed by itself"
    },
)
