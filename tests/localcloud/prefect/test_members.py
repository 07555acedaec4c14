"""Members of the account: invited, found by email, promoted, removed; their keys."""

from __future__ import annotations

import uuid

import pytest


@pytest.fixture
def account_roles(api):
    roles = api.post("/account_roles/filter", json={}).json()
    return {role["name"]: role["id"] for role in roles}


@pytest.fixture
def member(api, account_roles):
    """A new member of the account."""
    email = f"{uuid.uuid4().hex[:8]}@example.test"
    body = [{"email": email, "account_role_id": account_roles["Member"]}]
    invited = api.post("/invitations/", json=body)
    assert invited.status_code == 201, invited.text
    wanted = {"account_memberships": {"email": {"any_": [email]}}}
    (found,) = api.post("/account_memberships/filter", json=wanted).json()
    yield found
    api.delete(f"/account_memberships/{found['id']}")


def test_a_member_is_found_by_email_and_gets_another_role(api, member, account_roles):
    """What the Terraform provider reads and changes of a member."""
    assert member["account_role_name"] == "Member"
    path = f"/account_memberships/{member['id']}"
    body = {"account_role_id": account_roles["Admin"]}
    assert api.patch(path, json=body).status_code == 204
    listed = api.post("/account_memberships/filter", json={}).json()
    now = {each["id"]: each["account_role_name"] for each in listed}
    assert now[member["id"]] == "Admin"
    assert api.delete(path).status_code == 204
    assert api.delete(path).status_code == 404


def test_a_users_access_is_given_and_taken(api, member, workspace, role_ids):
    """User grants work as those of service accounts do."""
    url = f"/workspaces/{workspace.id}/user_access"
    grant = {"user_id": member["user_id"], "workspace_role_id": role_ids["Runner"]}
    (given,) = api.post(f"{url}/", json=[grant]).json()
    assert given["user_id"] == member["user_id"]
    assert api.get(f"{url}/{given['id']}").json() == given
    assert api.delete(f"{url}/{given['id']}").status_code == 204


def test_the_last_owner_stays(api, local_cloud, account_roles):
    """An account cannot lose its only owner, by demotion or by removal."""
    me = api.get(f"{local_cloud.cloud_api_url}/me/").json()
    wanted = {"account_memberships": {"email": {"any_": [me["email"]]}}}
    (own,) = api.post("/account_memberships/filter", json=wanted).json()
    path = f"/account_memberships/{own['id']}"
    body = {"account_role_id": account_roles["Member"]}
    assert api.patch(path, json=body).status_code == 409
    assert api.delete(path).status_code == 409


def test_a_user_makes_and_ends_its_own_keys(local_cloud, api):
    """A second key works as the first does, and ends when it is deleted."""
    me = api.get(f"{local_cloud.cloud_api_url}/me/").json()
    url = f"{local_cloud.cloud_api_url}/users/{me['id']}"
    made = api.post(f"{url}/api_keys", json={"name": "second"})
    assert made.status_code == 201
    key = made.json()
    assert key["key"].startswith("pnu_")
    with local_cloud.client(key["key"]) as second:
        assert second.get(url).json()["email"] == me["email"]
        read = second.get(f"{url}/api_keys/{key['id']}")
        assert "key" not in read.json()
        assert api.delete(f"{url}/api_keys/{key['id']}").status_code == 204
        assert second.get(url).status_code == 401


def test_users_are_their_own(local_cloud, member, make_bot):
    """Neither an owner nor a service account sees another user."""
    url = f"{local_cloud.cloud_api_url}/users/{member['user_id']}"
    with local_cloud.client() as owner:
        assert owner.get(url).status_code == 403
    assert make_bot().client.get(f"{url}/api_keys").status_code == 403
