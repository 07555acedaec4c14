"""Fuzz one target with atheris, by the coverage of this checkout's own code.

    python -m tests.fuzz.drive TARGET [libFuzzer's options]

What was interesting is kept for the next time, in .flowground/fuzz/corpus; an input
that broke something is in .flowground/fuzz/found: give its path to try it again.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Final

import atheris

with atheris.instrument_imports(include=["components", "tools", "policy"]):
    from tests.fuzz.targets import TARGETS

HOME: Final = Path(__file__).resolve().parents[2] / ".flowground/fuzz"
# A hang: this machine may be busy with something else.
_SECONDS_ONE_INPUT: Final = 60
_MOST_BYTES: Final = 20_000


def main(name: str, options: list[str]) -> None:
    """Fuzz until libFuzzer ends, which ends the process."""
    target = TARGETS[name]
    corpus, found = HOME / "corpus" / name, HOME / "found" / name
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, good in enumerate(target.good):
        corpus.joinpath(f"good-{number}").write_bytes(good)
    own = [
        f"-artifact_prefix={found}/",
        f"-max_len={_MOST_BYTES}",
        f"-timeout={_SECONDS_ONE_INPUT}",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    if target.scraps:
        scraps = HOME / f"{name}.dict"
        scraps.write_text("".join(f'"{_escaped(one)}"\n' for one in target.scraps))
        own.append(f"-dict={scraps}")
    # The program's advice to its user, which each input would repeat.
    logging.disable(logging.WARNING)
    tries = any(not option.startswith("-") for option in options)
    atheris.Setup(
        [sys.argv[0], *own, *options, *([] if tries else [str(corpus)])], target.holds
    )
    atheris.Fuzz()


def _escaped(scrap: bytes) -> str:
    """Write bytes as libFuzzer's dictionaries have them, no longer than it takes."""
    return "".join(f"\\x{byte:02x}" for byte in scrap[:60])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
