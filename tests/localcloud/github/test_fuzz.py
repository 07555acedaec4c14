"""Requests that nobody would write by hand, by two independent generators.

Hypothesis (always) sends junk to every operation; schemathesis (where it is installed,
or named by FLOWGROUND_SCHEMATHESIS) generates from the description, within it and
against it. Both work on objects that exist, and ask that nothing fails (5xx) and that
no answer departs from the description.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import string
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.github import LocalGithub, put_secret

SCHEMATHESIS = os.environ.get("FLOWGROUND_SCHEMATHESIS") or shutil.which("schemathesis")
EXAMPLES = os.environ.get("FLOWGROUND_SCHEMATHESIS_EXAMPLES", "3")
METHODS = ("get", "put", "post", "patch", "delete")
# These would take away what all other operations work on.
SPARED = [
    ("delete", "/repos/{owner}/{repo}"),
    ("patch", "/repos/{owner}/{repo}"),
    ("delete", "/repos/{owner}/{repo}/environments/{environment_name}"),
    ("delete", "/orgs/{org}/teams/{team_slug}"),
    ("patch", "/orgs/{org}/teams/{team_slug}"),
    ("delete", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
]

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)
SEGMENT = st.text(string.printable + "äß\u0000💥", min_size=1, max_size=12)


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A server with one of each object, and the description pinned to their names."""
    folder = tmp_path_factory.mktemp("fuzz")
    with LocalGithub.start(folder, "--rate-limit", "10000000") as server:
        project = server.project()
        login, _ = project.member()
        repo, org = f"/repos/{project.repo}", f"/orgs/{project.organization}"
        names = {
            "owner": project.organization,
            "repo": "flows",
            "org": project.organization,
            "username": login,
            "team_slug": "crew",
            "environment_name": "prod",
            "secret_name": "KNOWN",
            "name": "KNOWN",
            "repository_id": project.repo_id,
            "issue_number": 1,
            "comment_id": 1,
        }
        custom = {"protected_branches": False, "custom_branch_policies": True}
        selected = {
            "visibility": "selected",
            "selected_repository_ids": [project.repo_id],
        }
        variable = {"name": "KNOWN", "value": "x"}
        with project.http() as http:
            environment = f"{repo}/environments/prod"
            http.put(environment, json={"deployment_branch_policy": custom})
            http.post(f"{environment}/variables", json=variable)
            http.post(f"{repo}/actions/variables", json=variable)
            http.post(f"{repo}/issues", json={"title": "PR"})
            http.post(f"{repo}/issues/1/comments", json={"body": "x"})
            http.post(f"{org}/actions/variables", json={**variable, **selected})
            http.post(f"{org}/teams", json={"name": "Crew"})
            for holder in (f"{repo}/actions", f"{repo}/dependabot", environment):
                put_secret(http, f"{holder}/secrets", "KNOWN", "v")
            for service in ("actions", "dependabot"):
                put_secret(http, f"{org}/{service}/secrets", "KNOWN", "v", **selected)
        document = pinned(server.admin("GET", "openapi.json"), names)
        yield server, project, names, document
        failed = [each for each in server.requests() if each["status"] >= 500]
        assert failed == []
        assert server.violations() == []


def pinned(document, names):
    """The description with each path parameter held to the object that exists."""
    shared = document["components"]["parameters"].values()
    own = [
        parameter
        for item in document["paths"].values()
        for operation in item.values()
        for parameter in operation.get("parameters", ())
    ]
    for parameter in itertools.chain(shared, own):
        if parameter.get("in") == "path" and parameter["name"] in names:
            parameter["schema"] = {"enum": [names[parameter["name"]]]}
    for method, path in SPARED:
        del document["paths"][path][method]
    return document


@given(data=st.data())
@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_junk(target, data):
    """Junk in paths, queries and bodies is answered, and never with a failure."""
    _, project, names, document = target
    operations = [
        (method, path)
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]
    method, template = data.draw(st.sampled_from(operations))
    known = {
        part[1:-1]: str(names.get(part[1:-1], 1))
        for part in template.split("/")
        if part.startswith("{")
    }
    if known and data.draw(st.booleans()):
        victim = data.draw(st.sampled_from(sorted(known)))
        known[victim] = "".join(f"%{byte:02x}" for byte in data.draw(SEGMENT).encode())
    schema = (
        document["paths"][template][method]
        .get("requestBody", {})
        .get("content", {})
        .get("application/json", {})
        .get("schema", {})
    )
    fields = sorted(schema.get("properties", {"name": {}}))
    body = data.draw(JUNK | st.dictionaries(st.sampled_from(fields), JUNK, max_size=4))
    query = data.draw(
        st.dictionaries(
            st.sampled_from(["page", "per_page", "role", "type", "x"]),
            st.text(max_size=5),
            max_size=2,
        )
    )
    with project.http() as http:
        answer = http.request(
            method,
            template.format(**known),
            params=query or None,
            content=json.dumps(body),
        )
    assert answer.status_code < 500, answer.text


@pytest.mark.skipif(
    SCHEMATHESIS is None,
    reason="schemathesis is not installed here: `uv tool install schemathesis`, or "
    "name its program in FLOWGROUND_SCHEMATHESIS",
)
@pytest.mark.timeout(900)
def test_schemathesis(target, tmp_path):
    """What schemathesis generates is answered by described statuses and bodies."""
    server, project, _, document = target
    description = tmp_path / "openapi.json"
    description.write_text(json.dumps(document))
    checks = (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    )
    done = subprocess.run(
        [
            *(SCHEMATHESIS, "run", description, "--url", server.url),
            *("--header", f"Authorization: Bearer {project.token}"),
            *("--phases", "coverage,fuzzing", "--max-examples", EXAMPLES),
            *("--checks", ",".join(checks), "--continue-on-failure"),
            *("--suppress-health-check", "all", "--no-color", "--seed", "1"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    report = tmp_path / "report.txt"
    report.write_text(done.stdout)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
