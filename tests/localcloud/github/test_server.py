"""The process: its start, its end, and what survives."""

from __future__ import annotations

import json
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.checkout import PYTHON, ROOT
from tests.support.github import LocalGithub, put_secret, seal


@pytest.fixture
def server(tmp_path):
    """A server of the test's own."""
    with LocalGithub.start(tmp_path) as started:
        yield started


def command(*arguments, **environment):
    """Run the server's command line to its end."""
    return subprocess.run(
        [PYTHON, "-m", "localcloud.github", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_state_survives_a_kill(server):
    """Every answered write is there after `kill -9`: secrets, keys, tokens, git."""
    project = server.project()
    path = f"/repos/{project.repo}/environments/prod"
    with project.http() as http:
        http.put(path, json={"wait_timer": 7}).raise_for_status()
        put_secret(http, f"{path}/secrets", "K", "kept").raise_for_status()
        body = {"name": "V", "value": "x"}
        http.post(f"{path}/variables", json=body).raise_for_status()
        before = [http.get(path + tail).json() for tail in ("/secrets", "/variables")]
        sealed_before = seal(http, f"{path}/secrets", "later")
    server.kill()
    server.up()
    with project.http() as http:
        after = [http.get(path + tail).json() for tail in ("/secrets", "/variables")]
        assert after == before
        rule = http.get(path).json()["protection_rules"][0]
        assert rule["wait_timer"] == 7
        later = http.put(f"{path}/secrets/LATER", json=sealed_before)
        assert later.status_code == 201
    opened = server.secrets(repository=project.repo, environment="prod")
    assert opened == {"K": "kept", "LATER": "later"}


def test_kill_in_the_middle_of_writing(server):
    """After `kill -9` among parallel writes, all that was answered is there, whole."""
    project = server.project()
    path = f"/repos/{project.repo}/actions/variables"
    answered = []

    def write(number):
        with project.http() as http:
            for turn in range(100):
                name = f"V{number}_{turn}"
                made = http.post(path, json={"name": name, "value": "x" * 100})
                if made.status_code != 201:
                    return
                answered.append(name)
                if len(answered) == 40:
                    server.kill()

    def write_until_dead(number):
        with pytest.raises(Exception, match=r".*"):
            write(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_until_dead, range(4)))
    assert len(answered) >= 40
    server.up()
    with project.http() as http:
        found, page = set(), 1
        while listed := http.get(path, params={"per_page": 30, "page": page}).json()[
            "variables"
        ]:
            found |= {each["name"] for each in listed}
            page += 1
    assert found >= set(answered)


def test_clean_end(server):
    """SIGTERM ends it with status 0, and the address file names where it was."""
    addresses = json.loads((server.state_dir / "addresses.json").read_text())
    assert addresses["https"].startswith("https://127.0.0.1:")
    known = {k: addresses[k] for k in ("api", "web", "pid")}
    assert known == {"api": server.url, "web": server.url, "pid": server.pid}
    assert server.url.startswith("http://127.0.0.1:")
    assert server.stop() == 0
    assert server.log.read_text() == ""


def test_loopback_only(github):
    """The port is open on 127.0.0.1 and on no other address of the machine."""
    port = int(github.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5).close()


def test_one_server_for_a_state_directory(github):
    """A second server on the same state is refused with a sentence."""
    second = command("--state-dir", str(github.state_dir), "--token", "t")
    assert second.returncode == 1
    assert "is in use by another local GitHub" in second.stderr


def test_taken_port(github, tmp_path):
    """A port that is taken is refused with a sentence."""
    port = github.url.rsplit(":", 1)[1]
    state = str(tmp_path / "other")
    second = command("--port", port, "--state-dir", state, "--token", "t")
    assert second.returncode == 1
    assert f"Port {port} can't be had" in second.stderr


def test_no_token(tmp_path):
    """Without a token nothing is started, and the way out is named."""
    refused = command("--state-dir", str(tmp_path))
    assert refused.returncode == 2
    assert "LOCALCLOUD_GITHUB_TOKEN" in refused.stderr


def test_another_token_at_the_next_start(server):
    """A new bootstrap token replaces the old one, which is worth nothing then."""
    old = server.admin_token
    server.stop()
    server.admin_token = "another-token"
    server.up()
    with server.http(old) as http:
        assert http.get("/user").status_code == 401
    with server.http("another-token") as http:
        assert http.get("/user").json()["login"] == "local-admin"


def test_setting_up_twice(github):
    """Users, organizations and repositories that exist are given back as they are."""
    given = {"owner": "twice", "name": "flows", "private": False}
    made = []
    for _ in range(2):
        assert github.admin("POST", "users", login="ann")["login"] == "ann"
        github.admin("POST", "organizations", login="twice", owner="ann")
        made.append(github.admin("POST", "repositories", **given))
    assert made[0] == made[1]
    assert made[0]["full_name"] == "twice/flows"


@pytest.mark.parametrize(
    ("route", "given", "status"),
    [
        ("users", {"login": "repos"}, 422),
        ("users", {"login": "a/b"}, 422),
        ("users", {"name": "no login"}, 422),
        ("users", {"login": "x", "email": "no address"}, 422),
        ("repositories", {"owner": "nobody", "name": "x"}, 404),
        ("tokens", {"user": "nobody"}, 404),
        ("faults", {"path": "(", "status": 500}, 422),
        ("nowhere", {}, 404),
    ],
)
def test_admin_mistakes(github, route, given, status):
    """A mistake on an admin route is refused with a sentence that says which."""
    with github.http(github.admin_token) as http:
        refused = http.post(f"/_local/{route}", json=given)
    assert refused.status_code == status
    assert refused.json()["message"]
