"""The vendored description: valid, complete, and amended only where documented."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.support.checkout import PYTHON, ROOT

DESCRIPTION = ROOT / "localcloud/github/description"


def in_localcloud(script):
    """Run a script in the local cloud's environment and return what it prints."""
    done = subprocess.run(
        [PYTHON, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_amended_description_is_valid():
    """With the amendments it is still an OpenAPI 3.0 document."""
    in_localcloud(
        "from localcloud.github.description import load;"
        "from openapi_spec_validator import validate;"
        "validate(load())"
    )


def test_described_is_what_is_served():
    """Each described operation has a handler, and each handler is described."""
    routed = in_localcloud(
        "import json; from localcloud.github.api import router;"
        "print(json.dumps([[o.method.lower(), o.template] for o in router.operations]))"
    )
    document = json.loads((DESCRIPTION / "api.json").read_text())
    described = {
        (method, path) for path, item in document["paths"].items() for method in item
    }
    assert {tuple(each) for each in json.loads(routed)} == described
    assert len(described) == 119


def test_origin_is_recorded():
    """Package, version, licence and digest of what was cut are on file."""
    origin = json.loads((DESCRIPTION / "origin.json").read_text())
    document = json.loads((DESCRIPTION / "api.json").read_text())
    assert origin["version"] == document["info"]["version"]
    assert len(origin["sha256"]) == 64
    assert "MIT" in (DESCRIPTION / "LICENSE").read_text()


def successes(operation):
    """An operation without what it answers when it does not do as asked."""
    responses = {s: r for s, r in operation["responses"].items() if s[0] == "2"}
    return {**operation, "responses": responses}


def test_amendments_are_few():
    """Beyond refusals, 304 and moves, two operations and two schemas are amended."""
    before = json.loads((DESCRIPTION / "api.json").read_text())
    after = json.loads(
        in_localcloud(
            "import json; from localcloud.github.description import load;"
            "print(json.dumps(load()))"
        )
    )
    changed = {
        (method, path)
        for path, item in after["paths"].items()
        for method, operation in item.items()
        if successes(operation) != successes(before["paths"][path][method])
    }
    assert changed == {
        ("put", "/repos/{owner}/{repo}/environments/{environment_name}"),
        ("get", "/app/installations"),
    }
    schemas = before["components"]["schemas"]
    amended = [
        name
        for name, schema in after["components"]["schemas"].items()
        if schema != schemas[name]
    ]
    assert sorted(amended) == ["environment", "issue"]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"total_count": 1}, "secrets"),
        ({"total_count": 1, "secrets": [{"name": "A"}]}, "created_at"),
        ({"total_count": "1", "secrets": []}, "total_count"),
    ],
    ids=["missing member", "incomplete item", "wrong type"],
)
def test_answers_that_depart_are_noticed(body, complaint):
    """The validator that all answers pass through complains of a wrong one."""
    printed = in_localcloud(
        "from types import SimpleNamespace as N\n"
        "from localcloud.github import description\n"
        "from localcloud.github.call import Reply\n"
        "from localcloud.github.validation import Validator\n"
        "path = '/repos/{owner}/{repo}/actions/secrets'\n"
        "call = N(query={}, params={'owner': 'o', 'repo': 'r'})\n"
        "operation = N(method='GET', template=path)\n"
        "validator = Validator(description.load())\n"
        f"print(validator.complaints(operation, call, Reply(200, {body!r})))\n"
    )
    assert complaint in printed
