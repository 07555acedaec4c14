"""Mutate the kernel, and see whether its unit tests notice.

    make mutants ARGS='components.kernel.journal*'

mutmut makes the mutants and runs for each, in a fork, the tests that reach it. That is
done in a copy of the tree, where what mutmut passes over is laid open: it skips
functions that are decorated, so there they are decorated by a statement after them.

A fork cannot show what is noticed only when modules are imported anew. So each mutant
that survived has a second trial: all tests, in a fresh interpreter. What survives that
too must be explained in tests/mutants.toml.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
TREE: Final = ROOT / ".flowground/mutants/tree"
COPIED: Final = (
    *("components", "tests/unit/kernel", "tests/support"),
    *("tests/__init__.py", "tests/unit/conftest.py"),
)
SETTINGS: Final = ROOT / "tests/mutants.toml"
# Not context managers: mutmut throws into its mutants otherwise than into these.
LAID_OPEN: Final = {"cache", "cached_property", "property"}
# Of all mutants, those that the tests must notice.
BAR: Final = 0.95
# After so many seconds a second trial, which takes some ten on an idle core, hangs.
HANGS: Final = 300.0


def copy() -> None:
    """Copy what mutmut needs into a tree of its own."""
    shutil.rmtree(TREE, ignore_errors=True)
    for name in COPIED:
        (TREE / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            left = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, TREE / name, ignore=left)
        else:
            shutil.copy(ROOT / name, TREE / name)
    project = ((ROOT / "pyproject.toml").read_text(), SETTINGS.read_text())
    (TREE / "pyproject.toml").write_text("\n".join(project))
    for module in (TREE / "components/kernel").glob("*.py"):
        module.write_text(laid_open(module.read_text()))


def laid_open(source: str) -> str:
    """Write `@cache` above a function as `f = cache(f)` below it."""
    lines = source.splitlines()
    functions = (
        n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)
    )
    for one in sorted(functions, key=lambda function: -function.lineno):
        match one.decorator_list:
            case [ast.Name(id=name, lineno=line)] if name in LAID_OPEN:
                below = f"{' ' * one.col_offset}{one.name} = {name}({one.name})"
                lines.insert(one.end_lineno or 0, below)
                del lines[line - 1]
    return "\n".join([*lines, ""])


def mutmut(*arguments: str, shown: bool = False) -> list[str]:
    """Return what mutmut prints, or show it meanwhile.

    By a pipe: one of the tests limits how long the files of its process may grow.
    """
    command = [sys.executable, "-m", "mutmut", *arguments]
    said = []
    with subprocess.Popen(command, cwd=TREE, stdout=subprocess.PIPE, text=True) as ran:
        for line in ran.stdout or ():
            said.append(line.rstrip())
            if shown:
                print(said[-1], end="\r", file=sys.stderr, flush=True)
    if ran.returncode:
        raise SystemExit("\n".join(said[-40:]))
    return said


def survives(mutant: str) -> bool:
    """Tell whether all tests pass with a mutant, in a fresh interpreter.

    One that makes them hang does not: they are ended, and not by pytest alone, whose
    alarm hypothesis takes for a failure to look for smaller examples of.
    """
    settings = tomllib.loads(SETTINGS.read_text())["tool"]["mutmut"]
    selected = settings["pytest_add_cli_args_test_selection"]
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-xq", "--timeout=60", *selected]
            + settings["pytest_add_cli_args"],
            cwd=TREE / "mutants",
            env={**os.environ, "MUTANT_UNDER_TEST": mutant},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=HANGS,
        )
    except subprocess.TimeoutExpired:
        return False
    return ran.returncode == 0


def change(mutant: str) -> str:
    """Say what a mutant changes: where, the line that was, and the one that is."""
    where = mutant.removeprefix("components.kernel.").rpartition("__mutmut")[0]
    diff = [line for line in mutmut("show", mutant) if line[:3] not in {"---", "+++"}]
    was, now = (
        " ".join(line[1:].strip() for line in diff if line[:1] == sign) for sign in "-+"
    )
    module, _, function = where.partition(".")
    name = function.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    return f"{module}.{name}: {was} → {now}"


def retried(mutants: list[str], workers: int) -> dict[str, str]:
    """Return what becomes of mutants in a second trial; those explained have none."""
    groups = tomllib.loads(SETTINGS.read_text())["explained"]
    explained = {mutant for group in groups for mutant in group["mutants"]}
    with ThreadPoolExecutor(workers) as pool:
        changes = dict(zip(mutants, pool.map(change, mutants), strict=True))
        tried = [mutant for mutant in mutants if changes[mutant] not in explained]
        alive = dict(zip(tried, pool.map(survives, tried), strict=True))
    for mutant in (one for one in tried if alive[one]):
        print(f"{mutant} survived:\n    {changes[mutant]}")
    became = {True: "survived", False: "killed", None: "explained"}
    return {mutant: became[alive.get(mutant)] for mutant in mutants}


def tell(became: dict[str, str]) -> None:
    """Print a table: how many mutants each module has, and what became of them."""
    modules: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for mutant, how in became.items():
        modules[mutant.split(".")[2]][how] += 1
    modules["all"] = sum(modules.values(), Counter())
    print("| module | mutants | killed | explained | survived |\n|---|--:|--:|--:|--:|")
    for module, n in modules.items():
        of_each = (n["killed"], n["explained"], n["survived"])
        print(f"| {module} | {n.total()} | {' | '.join(map(str, of_each))} |")


def main() -> int:
    """Print what became of the mutants; return 1 if the tests noticed too few."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("mutants", nargs="*", help="by pattern; all if not given")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    given = parser.parse_args()
    copy()
    mutmut("run", "--max-children", str(given.workers), *given.mutants, shown=True)
    told = (line.strip().split(": ") for line in mutmut("results", "--all", "1"))
    became = {mutant: how for mutant, how in told if how != "not checked"}
    left = [mutant for mutant, how in became.items() if how != "killed"]
    became |= retried(left, given.workers)
    tell(became)
    survivors = [mutant for mutant, how in became.items() if how != "killed"]
    unexplained = [mutant for mutant in survivors if became[mutant] == "survived"]
    killed = 1 - len(survivors) / len(became)
    print(f"{killed:.1%} killed; {len(unexplained)} survivors are not explained")
    return int(killed < BAR or bool(unexplained))


if __name__ == "__main__":
    sys.exit(main())
