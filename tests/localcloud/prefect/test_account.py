"""The account API: shapes, statuses and uniqueness, as Prefect Cloud has them."""

from __future__ import annotations

import uuid

import pytest

MISSING = "00000000-0000-0000-0000-000000000000"


def test_me_is_the_keys_owner(local_cloud, api, make_bot):
    """A user's key shows the user; a service account's shows the service account."""
    me = api.get(f"{local_cloud.cloud_api_url}/me/").json()
    assert me["email"] == "owner@localhost"
    assert me["actor_id"] != me["id"]
    bot = make_bot()
    assert bot.client.get(f"{local_cloud.cloud_api_url}/me/").json()["id"] == bot.id


def test_me_lists_only_workspaces_with_access(local_cloud, make_bot, workspace):
    """`/me/workspaces` holds what the CLI needs, of the workspaces one may enter."""
    url = f"{local_cloud.cloud_api_url}/me/workspaces"
    assert make_bot().client.get(url).json() == []
    (seen,) = make_bot(workspace, "Viewer").client.get(url).json()
    assert seen == {
        "account_id": local_cloud.account_id,
        "account_name": "Local",
        "account_handle": "local",
        "workspace_id": workspace.id,
        "workspace_name": workspace.handle,
        "workspace_description": "",
        "workspace_handle": workspace.handle,
    }


def test_a_workspace_is_made_read_changed_and_deleted(api):
    """The whole life of a workspace, with Prefect Cloud's statuses and fields."""
    handle = f"life-{uuid.uuid4().hex[:8]}"
    made = api.post("/workspaces/", json={"name": "Life", "handle": handle})
    assert made.status_code == 201
    path = f"/workspaces/{made.json()['id']}"
    assert set(made.json()) == {
        "id",
        "created",
        "updated",
        "account_id",
        "name",
        "description",
        "handle",
        "default_workspace_role_id",
        "is_public",
    }
    assert api.get(path).json() == made.json()
    assert api.patch(path, json={"description": "mine"}).status_code == 204
    changed = api.get(path).json()
    assert (changed["description"], changed["name"]) == ("mine", "Life")
    found = api.post(
        "/workspaces/filter", json={"workspaces": {"handle": {"any_": [handle]}}}
    )
    assert [each["id"] for each in found.json()] == [made.json()["id"]]
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.delete(path).status_code == 404


def test_a_handle_is_unique(api, workspace):
    """A taken handle is 409, at creation and at renaming."""
    body = {"name": "again", "handle": workspace.handle}
    assert api.post("/workspaces/", json=body).status_code == 409
    other = api.post(
        "/workspaces/", json={"name": "x", "handle": f"x-{uuid.uuid4().hex[:8]}"}
    )
    path = f"/workspaces/{other.json()['id']}"
    assert api.patch(path, json={"handle": workspace.handle}).status_code == 409
    api.delete(path)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"name": "x", "handle": "Not A Handle"},
        {"name": "x", "handle": "ok", "surprise": 1},
    ],
    ids=["empty", "no handle", "bad handle", "unknown field"],
)
def test_a_bad_body_is_422_with_the_field_named(api, body):
    """What is wrong is said in `detail`, by field."""
    answer = api.post("/workspaces/", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "body"


def test_service_accounts_are_listed_by_name_and_unique(api, make_bot):
    """A filter by name finds one; a second of its name is 409; a missing one is 404."""
    bot = make_bot()
    wanted = {"service_accounts": {"name": {"any_": [bot.name]}}}
    (found,) = api.post("/bots/filter", json=wanted).json()
    assert found["id"] == bot.id
    assert found["account_role_name"] == "Member"
    assert "key" not in found["api_key"]
    assert bot.key not in api.get(f"/bots/{bot.id}").text
    assert api.post("/bots/", json={"name": bot.name}).status_code == 409
    assert api.get(f"/bots/{MISSING}").status_code == 404
    assert api.patch(f"/bots/{bot.id}", json={"name": f"{bot.name}-2"}).is_success
    assert api.get(f"/bots/{bot.id}").json()["name"] == f"{bot.name}-2"


def test_built_in_roles_are_there_without_an_account(api):
    """The roles that the Terraform provider looks up exist, with account_id null."""
    listed = api.post("/workspace_roles/filter", json={}).json()
    built_in = {role["name"] for role in listed if role["account_id"] is None}
    assert built_in == {"Owner", "Developer", "Runner", "Worker", "Viewer"}
    wanted = {"account_roles": {"name": {"any_": ["Admin", "Member", "Owner"]}}}
    roles = api.post("/account_roles/filter", json=wanted).json()
    assert {role["name"] for role in roles} == {"Admin", "Member", "Owner"}
    role = roles[0]
    assert api.get(f"/account_roles/{role['id']}").json() == role


def test_access_is_upserted_read_and_revoked(api, make_bot, workspace, role_ids):
    """One grant an accessor: a second POST changes its role and keeps its id."""
    bot = make_bot(workspace, "Viewer")
    url = f"/workspaces/{workspace.id}/bot_access"
    grant = {"bot_id": bot.id, "workspace_role_id": role_ids["Runner"]}
    (changed,) = api.post(f"{url}/", json=[grant]).json()
    assert changed["workspace_role_id"] == role_ids["Runner"]
    assert api.get(f"{url}/{changed['id']}").json()["bot_id"] == bot.id
    ours = [g for g in api.post(f"{url}/filter").json() if g["bot_id"] == bot.id]
    assert len(ours) == 1
    assert api.delete(f"{url}/{changed['id']}").status_code == 204
    assert api.get(f"{url}/{changed['id']}").status_code == 404
    assert api.delete(f"{url}/{changed['id']}").status_code == 404


@pytest.mark.parametrize("wrong", ["bot_id", "workspace_role_id"])
def test_access_needs_a_real_accessor_and_a_real_role(
    api, make_bot, workspace, role_ids, wrong
):
    """A grant that names nobody, or no role, is 404 and gives nothing."""
    bot = make_bot()
    grant = {"bot_id": bot.id, "workspace_role_id": role_ids["Viewer"], wrong: MISSING}
    url = f"/workspaces/{workspace.id}/bot_access/"
    assert api.post(url, json=[grant]).status_code == 404
    assert bot.client.get(f"/workspaces/{workspace.id}").status_code == 403
