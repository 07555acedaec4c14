"""The files of a bucket."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World
from tests.support.mirrors import AFTER, BEFORE, told, without

_BEFORE = told(BEFORE, mode=False, ignore=("*.log",))


def _inputs(world: World, name: str) -> Properties:
    bucket = world.make("s3:Bucket", {"name": name, "force_destroy": True})
    return {**_BEFORE, "bucket": bucket.outputs["name"], "prefix": "dags/etl/"}


def _drift(world: World, live: Object) -> set[str]:
    for path in ("etl.py", "theirs.py"):
        where = {"Bucket": live.inputs["bucket"], "Key": f"dags/etl/{path}"}
        world.call("s3", "put_object", {**where, "Body": b'print("version 9")\n'})
    return {"files"}


def _listed(world: World, live: Object) -> list[str]:
    where = {"Bucket": live.inputs["bucket"], "Prefix": "dags/"}
    listed = world.call("s3", "list_objects_v2", where)
    return [one["Key"] for one in listed.get("Contents", ())]


def _remove(world: World, live: Object) -> None:
    for key in _listed(world, live):
        where = {"Bucket": live.inputs["bucket"], "Key": key}
        world.call("s3", "delete_object", where)


def _exists(world: World, live: Object) -> int:
    return bool(_listed(world, live))


SAMPLE = Sample(
    token="s3:BucketFiles",
    inputs=_inputs,
    mutable={
        "fewer": {"files": without(_BEFORE, "etl.py", "lib/old.py")["files"]},
        "others": {"files": told(AFTER, mode=False)["files"], "folder": AFTER},
        "ignore": {"ignore": ["*.tmp"]},
    },
    unset=("ignore",),
    immutable={"bucket": "another-bucket", "prefix": "elsewhere/"},
    invalid={
        "bucket": {"bucket": "Not_A_Name"},
        "files": {"files": {}},
        "folder": {"folder": ""},
        "prefix": {"prefix": "no-slash"},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"files": without(_BEFORE, "etl.py")["files"]},
    without={
        "test_a_batch_of_reads_costs_what_one_costs": "each prefix is listed by itself"
    },
)
