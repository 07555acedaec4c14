"""Seeds that failed once, and what was wrong: each is run first, for ever.

A seed stands for the same faults as long as `faults` and `seeds` draw as they do; who
changes these writes down what the old ones held, and finds new ones for it.
"""

from __future__ import annotations

from typing import Final

KEPT: Final = {
    44: "an old AWS key went on working where the new one could not be tried",
    104: "a journal that could not be written was told as a bug of flowground",
    131: "a journal of which not a byte could be written, likewise",
    354: "a list without the new service user was told as a bug, its old token ended",
}
# Those that CI runs: a full disk, a run that is killed on nothing, one on a stack whose
# `destroy` failed.
QUICK: Final = (104, 5, 1)
