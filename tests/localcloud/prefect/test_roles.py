"""Who may do what: 401, 403 and 404, and each role's limits in a workspace."""

from __future__ import annotations

import uuid
from http.client import HTTPConnection

import httpx
import pytest

MISSING = "00000000-0000-0000-0000-000000000000"


def name() -> str:
    return f"n-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize("key", ["", "pnu_nobody", "pnb_" + "x" * 36])
@pytest.mark.parametrize("where", ["account", "workspace"])
def test_an_unknown_key_is_401_everywhere(local_cloud, key, where):
    """Neither the account nor a workspace's server answers a stranger."""
    url = local_cloud.account_url if where == "account" else local_cloud.api_url
    with local_cloud.client(key or None) as client:
        if not key:
            del client.headers["Authorization"]
        answer = client.post(f"{url}/bots/filter", json={})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_what_does_not_exist_is_404(local_cloud, api):
    """Unknown accounts, workspaces, and whatever lies inside them."""
    assert api.get(f"{local_cloud.cloud_api_url}/accounts/{MISSING}").status_code == 404
    assert api.get(f"/workspaces/{MISSING}").status_code == 404
    assert api.get(f"/workspaces/{MISSING}/health").status_code == 404
    assert api.get(f"{local_cloud.api_url}/variables/name/none").status_code == 404


def test_an_actor_without_access_is_403_in_the_workspace(make_bot, workspace):
    """A service account of the account sees nothing of a workspace it is not in."""
    bot = make_bot()
    assert bot.client.get(f"/workspaces/{workspace.id}").status_code == 403
    answer = bot.client.post(f"{workspace.api_url}/variables/filter", json={})
    assert answer.status_code == 403
    assert "access to the workspace" in answer.json()["detail"]


def attempts(client, workspace) -> dict[str, int]:
    """Do one of each sort of thing; return the statuses."""
    url, variable = workspace.api_url, name()
    pool = client.post(f"{url}/work_pools/", json={"name": name(), "type": "process"})
    flow = client.post(f"{url}/flows/", json={"name": name()})
    created = client.post(f"{url}/variables/", json={"name": variable, "value": 1})
    heartbeat = client.post(
        f"{url}/work_pools/{MISSING}/workers/heartbeat", json={"name": "w"}
    )
    return {
        "see": client.post(f"{url}/variables/filter", json={}).status_code,
        "secrets": client.post(
            f"{url}/block_documents/filter?include_secrets=true", json={}
        ).status_code,
        "run": flow.status_code,
        "poll": heartbeat.status_code,
        "pool": pool.status_code,
        "variable": created.status_code,
        "delete": client.delete(f"{url}/variables/name/{variable}").status_code,
        "members": client.post(
            f"/workspaces/{workspace.id}/bot_access/", json=[]
        ).status_code,
    }


# What each role is refused; all else must be let through to the server.
REFUSED = {
    "Viewer": {"secrets", "run", "poll", "pool", "variable", "delete", "members"},
    "Runner": {"secrets", "poll", "pool", "variable", "delete", "members"},
    "Worker": {"variable", "delete", "members"},
    "Developer": {"members"},
    "Owner": set(),
}


@pytest.mark.parametrize("role", REFUSED)
def test_a_role_permits_what_it_says(make_bot, workspace, role):
    """Each built-in role is refused exactly what is beyond it."""
    statuses = attempts(make_bot(workspace, role).client, workspace)
    refused = {what for what, code in statuses.items() if code == 403}
    assert refused == REFUSED[role], statuses


def test_include_secrets_is_asked_for_in_many_ways(make_bot, workspace):
    """A viewer gets no secret, however the query or the body spells the wish."""
    client = make_bot(workspace, "Viewer").client
    url = f"{workspace.api_url}/block_documents/filter"
    for query in ("include_secrets=True", "include_secrets=1", "include%5Fsecrets=on"):
        assert client.post(f"{url}?{query}", json={}).status_code == 403, query
    assert client.post(url, json={"include_secrets": True}).status_code == 403
    assert client.post(url, json={"include_secrets": False}).status_code == 200


def test_a_path_cannot_sneak_past_its_check(make_bot, workspace):
    """Dot segments, plain or encoded, do not lead a viewer to another object."""
    key = make_bot(workspace, "Viewer").key
    address = httpx.URL(workspace.api_url)
    sneaky = ("/variables/../block_documents/filter", "/variables/%2e%2e/flows/")
    for path in sneaky:
        connection = HTTPConnection(address.host, address.port, timeout=30)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection.request("POST", address.path + path, b'{"name": "x"}', headers)
        assert connection.getresponse().status == 404, path
        connection.close()


def test_a_member_of_the_account_cannot_manage_it(make_bot):
    """The account role Member reads; it makes and deletes nothing."""
    client = make_bot().client
    assert client.post("/bots/filter", json={}).status_code == 200
    assert client.post("/bots/", json={"name": name()}).status_code == 403
    body = {"name": name(), "handle": name()}
    assert client.post("/workspaces/", json=body).status_code == 403
    assert client.patch("", json={"name": "Mine"}).status_code == 403


def test_nobody_gives_more_than_they_have(api, make_bot):
    """An Admin can make service accounts, and yet not one with the Owner role."""
    roles = {
        role["name"]: role["id"]
        for role in api.post("/account_roles/filter", json={}).json()
    }
    admin = make_bot(account_role_id=roles["Admin"]).client
    body = {"name": name(), "account_role_id": roles["Owner"]}
    assert admin.post("/bots/", json=body).status_code == 403
    made = admin.post("/bots/", json={**body, "account_role_id": roles["Admin"]})
    assert made.status_code == 201
    api.delete(f"/bots/{made.json()['id']}")


def test_a_custom_role_permits_its_scopes_and_what_they_include(
    api, make_bot, workspace
):
    """`manage_variables` brings `see_variables`, and nothing of other objects."""
    body = {"name": name(), "scopes": ["manage_variables"]}
    role = api.post("/workspace_roles/", json=body)
    assert role.status_code == 201
    assert role.json()["scopes"] == [
        "manage_variables",
        "see_variables",
        "write_variables",
    ]
    bot = make_bot(workspace, "Viewer")
    grant = {"bot_id": bot.id, "workspace_role_id": role.json()["id"]}
    api.post(f"/workspaces/{workspace.id}/bot_access/", json=[grant])
    statuses = attempts(bot.client, workspace)
    assert {what for what, code in statuses.items() if code != 403} == {
        "see",
        "variable",
        "delete",
    }
    path = f"/workspace_roles/{role.json()['id']}"
    assert api.delete(path).status_code == 409, "the role is still in use"
    api.delete(f"/bots/{bot.id}")
    assert api.delete(path).status_code == 204


def test_built_in_roles_cannot_be_changed(api, role_ids):
    """Built-in roles are the service's own."""
    path = f"/workspace_roles/{role_ids['Viewer']}"
    assert api.patch(path, json={"name": "Mine"}).status_code == 403
    assert api.delete(path).status_code == 403


def test_an_unknown_scope_is_422(api):
    """A scope that does not exist is refused by its name."""
    answer = api.post("/workspace_roles/", json={"name": name(), "scopes": ["fly"]})
    assert answer.status_code == 422
    assert "'fly'" in answer.text
