"""What the program and its tools read as text, each with a good example of it.

`holds` takes any bytes for the document and fails where they are neither read nor told.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from pydantic import TypeAdapter, ValidationError

from components.discover.stack_file import StackFile
from components.github.workflow import jobs_of, render
from components.kernel import FlowgroundError, resolve, told
from components.kernel.check import Failure, failures_of
from components.kernel.folder import Ignore
from components.outputs import OutputsError, read, read_credentials
from components.prefect.project.templating import Meanings, fill
from components.prefect.schedule import Schedules, from_wires, to_wire
from policy.rules import NAMES
from policy.stack import GuardrailsError, read_guardrails
from tests.fuzz.journals import survives
from tests.fuzz.nasty import DEEP
from tests.fuzz.programs import MOST_LINES, ROOT
from tests.fuzz.projects import SEEDS, is_told_or_read
from tests.fuzz.raw import JSON_SCRAPS, YAML_SCRAPS
from tests.fuzz.sentences import must_be_clear
from tests.support.catalogue_sample import export
from tools import promote
from tools.catalogue.state import resources
from tools.doctor.config import secrets, settings
from tools.doctor.patient import Patient
from tools.from_terraform import state as terraform
from tools.from_terraform.convert import convert
from tools.keys import SORTS, Key
from tools.plans.comment import PREVIEW
from tools.plans.comment import render as comment
from tools.plans.kept import previews, rehearsals
from tools.promotion import promoted
from tools.promotion_rules import OWN

PROJECT: Final = "flowground"
# To edit a file, it is parsed at each step: this one is for what edits.
_SMALL: Final = b"""\
config:
  flowground:tier: staging
  flowground:prefect:
    workspace: {handle: h}
    # how many at once
    concurrency_limits: {warehouse: {limit: 2}}
    variables:
      greeting:
        value: "hello" # to all
        tags: [a, b]
      long: {value: 'x'}
    blocks:
      b:
        type_slug: secret
        secrets:
          value: ${secrets.s}
  flowground:s:
    secure: v1:aaaa
encryptionsalt: v1:bbbb
"""
_CONFIG: Final = (ROOT / "Pulumi.dev.yaml").read_bytes()
SCHEDULES: Final = TypeAdapter[Any](Schedules)
_ID: Final = "00000000-0000-4000-8000-000000000007"


class Document(NamedTuple):
    """One sort of document.

    Attributes:
        good: An example.
        scraps: What may get into it.
        holds: Fails where bytes are neither read nor told.
    """

    good: bytes
    scraps: Sequence[bytes]
    holds: Callable[[bytes], object]


@contextlib.contextmanager
def clearly() -> Iterator[None]:
    """See that what is told in the block is told clearly."""
    try:
        yield
    except (FlowgroundError, OutputsError, GuardrailsError) as error:
        must_be_clear(told(error), lines=MOST_LINES)


@cache
def _folder() -> Path:
    """Return a folder with the stacks' files, and room for others."""
    made = Path(tempfile.mkdtemp(prefix="flowground-fuzz-"))
    shutil.copy(ROOT / "Pulumi.yaml", made)
    made.joinpath("Pulumi.staging.yaml").write_bytes(_SMALL)
    return made


def clean_up() -> None:
    """Remove that folder."""
    shutil.rmtree(_folder())
    _folder.cache_clear()


def _written(name: str, content: bytes) -> Path:
    file = _folder() / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def stack_file(content: bytes) -> None:
    """Read a stack's file as the tools do that add to it."""
    file = _written("Pulumi.dev.yaml", content)
    with clearly():
        known = StackFile(file.parent, "dev")
        known.get("prefect")
        made = known.text(["made"], tier="dev")
        assert yaml.safe_load(made)["config"][f"{PROJECT}:tier"] == "dev"


def promotion(content: bytes) -> None:
    """Promote a stack's file, and promote another to it."""
    _written("Pulumi.dev.yaml", content)
    for pair in (("dev", "staging"), ("staging", "dev")):
        with clearly():
            source, target = (promote.read(_folder(), stack) for stack in pair)
            made = promoted(source, target, PROJECT, own=OWN)
            promote.report(made, pair[1])
            promote.faults(made.text, _folder(), pair[1], PROJECT)


def workflow(content: bytes) -> None:
    """Write the workflow that a stack's file asks for."""
    _written("Pulumi.dev.yaml", content)
    with clearly():
        assert "jobs" in yaml.safe_load(render(jobs_of(_folder(), ["dev"])))


def terraform_state(content: bytes) -> None:
    """Convert a Terraform state."""
    file = _written("terraform.tfstate", content)
    with clearly():
        convert(terraform.read(file))


def kept_plan(name: str, content: bytes) -> None:
    """Write the comment on a plan, of whose files one is as given."""
    for file, text in _PLAN.items():
        _written(f"plans/dev/{file}", text)
    _written(f"plans/dev/{name}", content)
    with clearly():
        found = previews(_folder() / "plans"), rehearsals(_folder() / "plans")
        comment(PREVIEW, *found)


def stack_export(content: bytes) -> None:
    """Read a stack's export for the catalogue."""
    try:
        given = json.loads(content)
    except (ValueError, RecursionError):
        return  # the engine itself writes no such
    with clearly():
        resources(given)


def outputs(content: bytes) -> None:
    """Read a stack's outputs as another program does."""
    try:
        given = json.loads(content)
    except (ValueError, RecursionError):
        return  # the engine hands over what it has parsed
    with clearly():
        read("dev", given)
    with clearly():
        read_credentials("dev", given)


def placeholders(content: bytes) -> None:
    """Fill in what a text refers to, in a prefect.yaml and in a stack's config."""
    text = content.decode(errors="replace")
    faults: list[Failure] = []
    known = {"a": 1, "b": "two", "c": [3], "d": {"e": None}}

    def meant(name: str) -> Any:
        if name not in known:
            raise LookupError(f"refers to '{name}', which there is not; correct it")
        return known[name]

    meanings = Meanings(meant, meant)
    fill(text, meanings.at_run, ("pull",), faults)
    fill({text: [text]}, meanings.now, ("deployments", 0), faults)
    for fault in faults:
        must_be_clear(fault.path)
        must_be_clear(fault.reason)
    with clearly():
        resolve({"k": [text]}, {"a": known.get, "secrets": lambda _: None}, "prefect")


def patterns(content: bytes) -> None:
    """Ask which files are ignored, by patterns and names of any sort."""
    head, _, rest = content.decode(errors="replace").partition("\0")
    with clearly():
        Ignore(head.split("\n"))(rest)


def schedule(content: bytes) -> None:
    """Read a schedule, written in three lines: sort, rule and timezone."""
    lines = content.decode(errors="replace").split("\n", 2)
    sort, rule, timezone = (*lines, "", "")[:3]
    given: dict[str, Any] = {sort: rule.replace("|", "\n")}
    given |= {"timezone": timezone} if timezone else {}
    try:
        made = SCHEDULES.validate_python([given])
    except ValidationError as error:
        for fault in failures_of(error, {"schedules": [given]}, ("schedules",)):
            must_be_clear(fault.reason)
        return
    assert SCHEDULES.validate_python(made) == made
    wires = [{"id": _ID, **to_wire(one)} for one in made]
    assert [*from_wires(wires).values()] == [*made]


def guardrails(content: bytes) -> None:
    """Read what the config says of the guardrails."""
    with clearly():
        read_guardrails(content.decode(errors="replace"), {}, NAMES)


def doctors_config(config: Any) -> None:
    """Have the doctor look at a config, and look for each sort of key in it."""
    patient = Patient("dev", _folder(), PROJECT, {}, config)
    for finding in (*settings(patient), *secrets(patient)):
        must_be_clear(told(ValueError(finding.said)), lines=MOST_LINES)
    for what in SORTS:
        for name in (None, "ci"):
            with clearly():
                key = Key.of(patient, what, name)
                key.of_outputs({})
                key.fate(patient, datetime.now(UTC), lives=True)


_PLAN: Final = {
    "facts.json": json.dumps(
        {
            "stack": "dev",
            "code": 0,
            "state": "d",
            "unseen": "",
            "findings": [{"stops": True, "text": "owners: b: name one"}],
        }
    ).encode(),
    "preview.json": json.dumps(
        {
            "steps": [
                {
                    "op": "update",
                    "urn": "urn:pulumi:dev::flowground::prefect:Variable::greeting",
                    "oldState": {
                        "type": "pulumi-python:dynamic/prefect:Variable",
                        "custom": True,
                        "inputs": {"value": '{"a":1}', "tags": ["x"]},
                        "protect": True,
                    },
                    "newState": {
                        "type": "pulumi-python:dynamic/prefect:Variable",
                        "custom": True,
                        "inputs": {"value": '{"a":2}', "tags": []},
                    },
                    "detailedDiff": {"value": {"kind": "update"}, "tags[0]": {}},
                    "replaceReasons": ["name"],
                }
            ],
            "diagnostics": [{"severity": "error", "message": "error: it is wrong"}],
        }
    ).encode(),
    "said.txt": b"error: no",
    "rehearsal.json": json.dumps(
        {"stack": "dev", "base": "main", "stages": [{"title": "up", "seconds": 1.0}]}
    ).encode(),
}
_TERRAFORM: Final = json.dumps(
    {
        "version": 4,
        "resources": [
            {
                "mode": "managed",
                "type": f"prefect_{type_}",
                "name": "x",
                "instances": [{"attributes": {"id": _ID, "name": "x", **attributes}}],
            }
            for type_, attributes in {
                "variable": {"value": '"1"', "tags": None},
                "flow": {"tags": ["a"]},
                "workspace": {"handle": "h", "description": ""},
                "block": {"type_slug": "secret", "data": '{"value":"s"}'},
                "block_schema": {"block_type_id": _ID, "fields": "{}"},
                "work_pool": {"type": "process", "paused": False},
                "deployment_schedule": {"deployment_id": _ID, "cron": "* * * * *"},
                "deployment": {"flow_id": _ID, "pull_steps": [{"type": "git_clone"}]},
                "automation": {"trigger": {"event": {"posture": "Reactive"}}},
            }.items()
        ],
    }
).encode()
_OUTPUTS: Final = json.dumps(
    {
        "schema": "flowground/v1",
        "stack": "dev",
        "tier": "dev",
        "prefect": {"api_url": "http://x", "work_pools": {"a": {"name": "a"}}},
    }
).encode()
_JOURNAL: Final = b"+" + b"a" * 64 + b"\n=" + b"b" * 64 + b"\n"
_GUARDRAILS: Final = b'{"limit":{"deletions":1},"exempt":{"owners":{"x":"because"}}}'

DOCUMENTS: Final = {
    "prefect.yaml": Document(
        SEEDS["fields"].read_bytes(), YAML_SCRAPS, partial(is_told_or_read, "fields")
    ),
    "stack file": Document(_CONFIG, YAML_SCRAPS, stack_file),
    "promotion": Document(_SMALL, YAML_SCRAPS, promotion),
    "workflow": Document(_CONFIG, YAML_SCRAPS, workflow),
    "terraform state": Document(_TERRAFORM, JSON_SCRAPS, terraform_state),
    "stack export": Document(
        json.dumps(export("dev")).encode(), JSON_SCRAPS, stack_export
    ),
    "outputs": Document(_OUTPUTS, JSON_SCRAPS, outputs),
    "journal": Document(_JOURNAL, [b"+", b"\n", b"\xff"], survives),
    "guardrails": Document(_GUARDRAILS, JSON_SCRAPS, guardrails),
    "placeholders": Document(
        b"a {{ prefect.variables.a }} ${secrets.b} {{ ctx.x }} {{ $NO_SUCH }} {{b}}",
        [
            b"{{",
            b"}}",
            b"${",
            b"}",
            b"a.",
            b"$",
            b"[0]",
            b"prefect.blocks.",
            b"{" * DEEP,
        ],
        placeholders,
    ),
    "ignore patterns": Document(
        b"*.log\n!keep.log\n/a/**/b/\n[a-z]?\x00a/b/c.log",
        [b"!", b"**/", b"[", b"]", b"\\", b"*" * 50, b"/", b"#", b"\n", b"[!a-"],
        patterns,
    ),
    "cron": Document(
        b"cron\n0 9 * * MON-FRI\nEurope/Berlin",
        [b"*/0", b"R", b"H", b"L", b"@daily", b"#5", b"-", b",", b"99999", b"* " * 9],
        schedule,
    ),
    "rrule": Document(
        b"rrule\nDTSTART:20240101T080000|FREQ=SECONDLY;INTERVAL=7;BYHOUR=9\nUTC",
        [b"INTERVAL=0", b"=99999999999999999999", b"FREQ=", b";", b"|", b"COUNT=0"],
        schedule,
    ),
    "interval": Document(
        b"interval\nPT1H30M\nUTC",
        [b"-", b"1e308", b"nan", b"9" * 400, b"P", b"T", b":", b"00"],
        schedule,
    ),
    **{
        f"kept {name}": Document(text, JSON_SCRAPS, partial(kept_plan, name))
        for name, text in _PLAN.items()
    },
}
