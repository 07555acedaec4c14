"""Say what is shipped: its known vulnerabilities, its parts, their licences.

    python -m tools.audit

Writes to `.flowground/audit`: `ENVIRONMENT.advisories.json` (pip-audit, of the locked
requirements), `ENVIRONMENT.sbom.json` (CycloneDX) and `ENVIRONMENT.licences.md`. Ends
with 1 if a locked package has a known vulnerability, and says so where the database of
advisories was not to be had, so that nothing was looked up.
"""

from __future__ import annotations

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
    """Audit every environment; return 1 if any has a known vulnerability."""
    vulnerable = False
    for environment, locked in ENVIRONMENTS.items():
        name = environment.removeprefix(".")
        python = str(ROOT / environment / "bin/python")
        run("cyclonedx-py", "environment", python, "-o", str(OUT / f"{name}.sbom.json"))
        licences = run("pip-licenses", "--python", python, "--format=markdown")
        (OUT / f"{name}.licences.md").write_text(licences)
        text = run("pip-audit", *_AUDIT, "-r", str(ROOT / locked), may_fail=True)
        (OUT / f"{name}.advisories.json").write_text(text)
        looked_up, found = advisories(json.loads(text))
        print(f"{locked}: {looked_up} packages looked up, {len(found)} vulnerabilities")
        if not looked_up:
            print("   the database of advisories was not to be had from here")
        for line in found:
            print(f"   {line}")
        vulnerable |= bool(found)
    print(f"parts and licences are in {OUT.relative_to(ROOT)}")
    return int(vulnerable)


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


def advisories(told: dict[str, Any]) -> tuple[int, list[str]]:
    """Read what pip-audit told: how many it looked up, and a line for each finding."""
    looked_up = [one for one in told["dependencies"] if "skip_reason" not in one]
    lines = [
        f"{one['name']} {one['version']}: {found['id']}, mended in "
        f"{', '.join(found['fix_versions']) or 'no release yet'}"
        for one in looked_up
        for found in one["vulns"]
    ]
    return len(looked_up), lines


if __name__ == "__main__":
    sys.exit(main())
