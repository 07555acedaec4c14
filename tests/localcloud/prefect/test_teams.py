"""Teams, their members, and the access that they give."""

from __future__ import annotations

import uuid

MISSING = "00000000-0000-0000-0000-000000000000"


def name() -> str:
    return f"team-{uuid.uuid4().hex[:8]}"


def test_a_team_is_made_read_replaced_and_deleted(api):
    """The whole life of a team, with the fields that clients read."""
    made = api.post("/teams", json={"name": name(), "description": "ours"})
    assert made.status_code == 201
    team = made.json()
    assert (team["memberships"], team["workspaces"]) == ([], [])
    path = f"/teams/{team['id']}"
    renamed = api.put(path, json={"name": f"{team['name']}-2", "description": None})
    assert renamed.status_code == 200
    assert renamed.json()["name"] == f"{team['name']}-2"
    wanted = {"teams": {"name": {"any_": [f"{team['name']}-2"]}}, "limit": 200}
    assert [t["id"] for t in api.post("/teams/filter", json=wanted).json()] == [
        team["id"]
    ]
    assert api.post("/teams", json={"name": f"{team['name']}-2"}).status_code == 409
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_members_come_and_go(api, make_bot):
    """A member is added once, shown by its actor, and removed by either id."""
    bot = make_bot()
    actor_id = api.get(f"/bots/{bot.id}").json()["actor_id"]
    path = f"/teams/{api.post('/teams', json={'name': name()}).json()['id']}"
    body = {"members": [{"member_id": bot.id, "member_type": "service_account"}]}
    for _ in range(2):
        assert api.put(f"{path}/members", json=body).status_code == 200
    (member,) = api.get(path).json()["memberships"]
    assert member == {
        "id": actor_id,
        "handle": bot.name,
        "name": bot.name,
        "email": None,
        "type": "service_account",
    }
    assert api.delete(f"{path}/members/{actor_id}").status_code == 204
    assert api.delete(f"{path}/members/{actor_id}").status_code == 404
    nobody = {"members": [{"member_id": MISSING, "member_type": "user"}]}
    assert api.put(f"{path}/members", json=nobody).status_code == 404
    api.delete(path)


def test_a_teams_access_is_its_members_access(api, make_bot, workspace, role_ids):
    """A member enters by the team's role, until the team's grant is deleted."""
    bot = make_bot()
    team = api.post("/teams", json={"name": name()}).json()
    body = {"members": [{"member_id": bot.id, "member_type": "service_account"}]}
    api.put(f"/teams/{team['id']}/members", json=body)
    access = f"/workspaces/{workspace.id}/team_access"
    grant = {"team_id": team["id"], "workspace_role_id": role_ids["Viewer"]}
    url = f"{workspace.api_url}/variables/filter"
    assert bot.client.post(url, json={}).status_code == 403
    assert api.put(f"{access}/", json=[grant]).status_code == 200
    assert bot.client.post(url, json={}).status_code == 200
    (listed,) = api.post(f"{access}/filter").json()
    assert listed["team_id"] == team["id"]
    assert api.get(f"/teams/{team['id']}").json()["workspaces"] == [
        {
            "workspace_id": workspace.id,
            "workspace_handle": workspace.handle,
            "workspace_role_id": role_ids["Viewer"],
            "workspace_role_name": "Viewer",
        }
    ]
    assert api.delete(f"{access}/{team['id']}").status_code == 204
    assert bot.client.post(url, json={}).status_code == 403
    api.delete(f"/teams/{team['id']}")
