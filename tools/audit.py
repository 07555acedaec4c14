"""Say what is shipped: its known vulnerabilities, its parts, their licences.

    python -m tools.audit [--online]

Writes to `.flowground/audit`: `ENVIRONMENT.advisories.json` (pip-audit, of the locked
requirements), `ENVIRONMENT.sbom.json` (CycloneDX) and `ENVIRONMENT.licences.md`. Ends
with 1 if a locked package has a known vulnerability, and with `--online` also if one
could not be looked up; without, it says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any, Final

from tools.surroundings import HOME, ROOT

TOOLS: Final = HOME / "audit/venv/bin"
OUT: Final = HOME / "audit"
# Each environment, and what it is locked by.
ENVIRONMENTS: Final = {
    ".venv": "requirements.txt",
    ".venv-localcloud": "requirements/localcloud.txt",
}


def main() -> int:
    """Audit every environment, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--online", action="store_true", help="fail if a package was not looked up"
    )
    online = parser.parse_args().online
    failed = False
    for environment, locked in ENVIRONMENTS.items():
        name = environment.removeprefix(".")
        python = str(ROOT / environment / "bin/python")
        run("cyclonedx-py", "environment", python, "-o", str(OUT / f"{name}.sbom.json"))
        licences = run("pip-licenses", "--python", python, "--format=markdown")
        (OUT / f"{name}.licences.md").write_text(licences)
        text = run("pip-audit", *_AUDIT, "-r", str(ROOT / locked), may_fail=True)
        (OUT / f"{name}.advisories.json").write_text(text)
        looked_up, unseen, found = advisories(json.loads(text))
        print(f"{locked}: {looked_up} packages looked up, {len(found)} vulnerabilities")
        if unseen:
            print(f"   {unseen} more could not be looked up from here")
        for line in found:
            print(f"   {line}")
        failed |= bool(found) or (online and bool(unseen))
    print(f"parts and licences are in {OUT.relative_to(ROOT)}")
    return int(failed)


_AUDIT: Final = (
    *("--disable-pip", "--require-hashes"),
    *("--progress-spinner", "off", "--format", "json"),
)


def run(tool: str, *arguments: str, may_fail: bool = False) -> str:
    """Run one of the tools, and return what it printed.

    Raises:
        SystemExit: It failed, and has said why.
    """
    done = subprocess.run(
        [str(TOOLS / tool), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and not (may_fail and done.stdout):
        sys.exit(f"{tool} failed: {done.stderr.strip()}")
    return done.stdout


def advisories(told: dict[str, Any]) -> tuple[int, int, list[str]]:
    """Read what pip-audit told.

    Returns:
        How many packages it looked up, how many it could not, and a line for each
        vulnerability.
    """
    packages = told["dependencies"]
    looked_up = [one for one in packages if "skip_reason" not in one]
    lines = [
        f"{one['name']} {one['version']}: {found['id']}, mended in "
        f"{', '.join(found['fix_versions']) or 'no release yet'}"
        for one in looked_up
        for found in one["vulns"]
    ]
    return len(looked_up), len(packages) - len(looked_up), lines


if __name__ == "__main__":
    sys.exit(main())
