"""What moto would keep for ever, in a process that has its patches."""

from __future__ import annotations

import json
import subprocess

from tests.support.checkout import PYTHON, ROOT

PROGRAM = """
import gc, json, weakref
from datetime import timedelta
from localcloud.s3 import patches
from localcloud.s3.patches import sessions
from localcloud.s3.root import ACCOUNT

patches.PATCHES = [name for name in patches.PATCHES if name not in LEFT_OUT]
patches.apply()

from moto.core.utils import utcnow
from moto.s3.models import FakeGrantee
from moto.sts.models import sts_backends

model = weakref.ref(FakeGrantee())
gc.collect()

backend = sts_backends[ACCOUNT]["aws"]
role = f"arn:aws:iam::{ACCOUNT}:role/r"

def sessions_after(hours):
    now = utcnow()
    sessions.utcnow = lambda: now + timedelta(hours=hours)
    backend.assume_role("us-east-1", "s", role, "", 3600, "")
    return len(backend.assumed_roles)

kept = [sessions_after(hours) for hours in (0, 24, 26)]
print(json.dumps({"model": model() is not None, "sessions": kept}))
"""


def kept(*left_out: str) -> dict[str, object]:
    """Tell if a model is kept, and how many sessions, one more at 0, 24 and 26 h."""
    done = subprocess.run(
        [PYTHON, "-c", f"LEFT_OUT = {left_out!r}\n{PROGRAM}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_what_nothing_holds_is_forgotten():
    """A model at once; a session a day after its end, when another one begins."""
    assert kept() == {"model": False, "sessions": [1, 2, 1]}


def test_moto_alone_keeps_it_all():
    """So the patches are still needed."""
    assert kept("instances", "sessions") == {"model": True, "sessions": [1, 2, 3]}
