"""SLAs, access lists of objects, and the types of work pools."""

from __future__ import annotations

import uuid

import pytest


def name() -> str:
    return f"o-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def make_deployment(api, workspace):
    url = workspace.api_url

    def make(pool: str | None = None) -> dict:
        flow = api.post(f"{url}/flows/", json={"name": name()}).json()
        body = {"name": name(), "flow_id": flow["id"], "work_pool_name": pool}
        return api.post(f"{url}/deployments/", json=body).json()

    return make


@pytest.fixture
def make_pool(api, workspace):
    def make() -> str:
        body = {"name": name(), "type": "process"}
        return api.post(f"{workspace.api_url}/work_pools/", json=body).json()["name"]

    return make


def grant(api, url: str, **lists: list[str]) -> None:
    answer = api.put(f"{url}/access", json={"access_control": lists})
    assert answer.status_code == 204, answer.text


def test_slas_are_made_what_the_list_says(api, workspace, make_deployment):
    """Each call creates, updates and deletes by name, and says which."""
    resource = f"prefect.deployment.{make_deployment()['id']}"
    url = f"{workspace.api_url}/slas/apply-resource-slas/{resource}"
    slow = {"name": "slow", "duration": 600}
    late = {"name": "late", "within": 600, "severity": "high"}
    stale = {"name": "stale", "stale_after": "PT1H"}

    def applied(*slas: dict) -> dict[str, list[str]]:
        answer = api.post(url, json=list(slas))
        assert answer.status_code == 200, answer.text
        return {what: [s["name"] for s in each] for what, each in answer.json().items()}

    assert applied(slow, late) == {
        "created": ["slow", "late"],
        "updated": [],
        "deleted": [],
    }
    assert applied(slow, stale) == {
        "created": ["stale"],
        "updated": ["slow"],
        "deleted": ["late"],
    }
    kept = api.post(url, json=[stale]).json()["updated"][0]
    assert (kept["type"], kept["stale_after"]) == ("FrequencySLA", 3600.0)
    assert kept["owner_resource"] == resource
    assert applied() == {"created": [], "updated": [], "deleted": ["stale"]}


@pytest.mark.parametrize(
    "sla",
    [{}, {"duration": 1, "within": 1}, {"duration": 0}, {"expected_event": "x"}],
    ids=["of no sort", "of two sorts", "of no length", "an event without a time"],
)
def test_an_sla_is_of_exactly_one_sort(api, workspace, sla):
    """An agreement that says nothing, or too much, is 422."""
    url = f"{workspace.api_url}/slas/apply-resource-slas/prefect.deployment.x"
    assert api.post(url, json=[{"name": "x", **sla}]).status_code == 422


def test_an_object_without_a_list_is_everybodys(api, workspace, make_deployment):
    """A GET shows `*` where no list is, and after one that names `*` is put."""
    url = f"{workspace.api_url}/deployments/{make_deployment()['id']}"
    everybody = [{"id": "*", "name": "*", "email": None, "type": "*"}]
    open_to_all = {
        "view_actors": everybody,
        "run_actors": everybody,
        "manage_actors": everybody,
    }
    assert api.get(f"{url}/access").json() == open_to_all
    me = api.post("/account_memberships/filter", json={}).json()[0]
    grant(api, url, view_actor_ids=[me["actor_id"]])
    (viewer,) = api.get(f"{url}/access").json()["view_actors"]
    assert (viewer["type"], viewer["email"]) == ("user", me["email"])
    grant(api, url, view_actor_ids=["*"], run_actor_ids=["*"], manage_actor_ids=["*"])
    assert api.get(f"{url}/access").json() == open_to_all
    missing = f"{workspace.api_url}/deployments/{uuid.uuid4()}"
    assert api.get(f"{missing}/access").status_code == 404


def test_a_list_keeps_others_out_of_a_deployment(
    api, workspace, make_bot, make_deployment
):
    """Who is not listed sees nothing; a viewer sees; a runner runs; a manager may."""
    bot = make_bot(workspace, "Developer")
    deployment = make_deployment()
    url = f"{workspace.api_url}/deployments/{deployment['id']}"
    listing = f"{workspace.api_url}/deployments/filter"

    def may() -> tuple[bool, bool, bool, bool]:
        listed = bot.client.post(listing, json={}).json()
        run = bot.client.post(f"{url}/create_flow_run", json={})
        return (
            deployment["id"] in {each["id"] for each in listed},
            bot.client.get(url).status_code == 200,
            run.status_code == 201,
            bot.client.patch(url, json={"tags": ["t"]}).status_code == 204,
        )

    assert may() == (True, True, True, True)
    other = make_bot()
    grant(api, url, manage_actor_ids=[other.id])
    assert may() == (False, False, False, False)
    upsert = {"name": deployment["name"], "flow_id": deployment["flow_id"]}
    made = bot.client.post(f"{workspace.api_url}/deployments/", json=upsert)
    assert made.status_code == 403, "a POST would replace it"
    grant(api, url, view_actor_ids=[bot.id])
    assert may() == (True, True, False, False)
    grant(api, url, run_actor_ids=[bot.id])
    assert may() == (True, True, True, False)
    grant(api, url, manage_actor_ids=[bot.id])
    assert may() == (True, True, True, True)
    assert api.delete(url).status_code == 204


def test_a_work_pools_list_goes_for_its_deployments(
    api, workspace, make_bot, make_pool, make_deployment
):
    """A deployment delegates to its pool's list; a team on it opens both."""
    bot = make_bot(workspace, "Developer")
    pool = make_pool()
    url = f"{workspace.api_url}/work_pools/{pool}"
    deployment = f"{workspace.api_url}/deployments/{make_deployment(pool)['id']}"
    team = api.post("/teams", json={"name": name()}).json()
    grant(api, url, manage_team_ids=[team["id"]])
    assert bot.client.get(url).status_code == 403
    assert bot.client.get(deployment).status_code == 403
    body = {"members": [{"member_id": bot.id, "member_type": "service_account"}]}
    api.put(f"/teams/{team['id']}/members", json=body)
    assert bot.client.get(url).status_code == 200
    assert bot.client.get(deployment).status_code == 200
    assert api.delete(url).status_code == 204
    body = {"name": pool, "type": "process"}
    assert api.post(f"{workspace.api_url}/work_pools/", json=body).is_success
    shown = api.get(f"{url}/access").json()
    assert shown["view_actors"][0]["id"] == "*", "a new pool of the name is open"
    api.delete(f"/teams/{team['id']}")


def test_a_list_hides_a_block_however_it_is_asked_for(api, workspace, make_bot):
    """By id, by name and in lists, a block shows itself to those on its list only."""
    url = workspace.api_url
    secret = api.get(f"{url}/block_types/slug/secret").json()
    wanted = {"block_schemas": {"block_type_id": {"any_": [secret["id"]]}}}
    schema = api.post(f"{url}/block_schemas/filter", json=wanted).json()[0]
    body = {
        "name": name(),
        "data": {"value": "canary"},
        "block_type_id": secret["id"],
        "block_schema_id": schema["id"],
    }
    block = api.post(f"{url}/block_documents/", json=body).json()
    asked = (
        f"{url}/block_documents/{block['id']}",
        f"{url}/block_types/slug/secret/block_documents/name/{block['name']}",
    )
    bot = make_bot(workspace, "Developer")
    assert [bot.client.get(each).status_code for each in asked] == [200, 200]
    grant(api, asked[0], manage_actor_ids=[make_bot().id])
    assert [bot.client.get(each).status_code for each in asked] == [403, 403]
    listed = bot.client.post(f"{url}/block_documents/filter", json={})
    assert block["id"] not in listed.text
    assert [api.get(each).status_code for each in asked] == [200, 200]
    api.delete(asked[0])


def test_lists_are_the_owners_to_change(api, workspace, make_bot, make_pool):
    """Setting a list needs `manage_acls`; it must name real actors."""
    url = f"{workspace.api_url}/work_pools/{make_pool()}/access"
    body = {"access_control": {"manage_actor_ids": None, "view_actor_ids": ["*"]}}
    assert (
        make_bot(workspace, "Developer").client.put(url, json=body).status_code == 403
    )
    assert make_bot(workspace, "Owner").client.put(url, json=body).status_code == 204
    nobody = {"access_control": {"view_actor_ids": [str(uuid.uuid4())]}}
    assert api.put(url, json=nobody).status_code == 404


def test_work_pool_types_have_templates_that_hold_together(api, workspace):
    """Push and managed types are there, and templates use only what they declare."""
    types = api.get(f"{workspace.api_url}/collections/work_pool_types").json()
    flat = {kind: meta for package in types.values() for kind, meta in package.items()}
    assert {
        "process",
        "kubernetes",
        "modal:push",
        "ecs:push",
        "cloud-run:push",
        "cloud-run-v2:push",
        "azure-container-instance:push",
        "coiled:push",
        "prefect:managed",
    } <= flat.keys()
    modal = flat["modal:push"]["default_base_job_configuration"]
    assert "modal_credentials" in modal["variables"]["properties"]
    for kind, meta in flat.items():
        template = meta["default_base_job_configuration"]
        body = {"name": name(), "type": kind, "base_job_template": template}
        made = api.post(f"{workspace.api_url}/work_pools/", json=body)
        assert made.status_code == 201, (kind, made.text)
