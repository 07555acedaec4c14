"""Webhooks: managed like any object, and really turning requests into events."""

from __future__ import annotations

import json
import uuid

import httpx
import pytest

from tests.support.waiting import until

TEMPLATE = json.dumps(
    {
        "event": "shop.{{ body.kind }}",
        "resource": {"prefect.resource.id": "order.{{ body.id }}"},
        "payload": {"method": "{{ method }}"},
    }
)


@pytest.fixture
def hooks(workspace):
    return f"/workspaces/{workspace.id}/webhooks"


@pytest.fixture
def make_webhook(api, hooks):
    made = []

    def make(**columns):
        body = {"name": f"w-{uuid.uuid4().hex[:8]}", "template": TEMPLATE, **columns}
        answer = api.post(f"{hooks}/", json=body)
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
        return made[-1]

    yield make
    for webhook in made:
        api.delete(f"{hooks}/{webhook['id']}")


def address(local_cloud, webhook) -> str:
    return f"{local_cloud.env['PREFECT_CLOUD_UI_URL']}/hooks/{webhook['slug']}"


def events(api, workspace, name: str) -> list[dict]:
    wanted = {"filter": {"event": {"name": [name]}}}
    return api.post(f"{workspace.api_url}/events/filter", json=wanted).json()["events"]


def test_a_request_becomes_an_event_of_the_workspace(
    local_cloud, api, workspace, make_webhook
):
    """The rendered template arrives at the server, with the webhook as related."""
    webhook = make_webhook()
    kind = uuid.uuid4().hex
    answer = httpx.post(address(local_cloud, webhook), json={"kind": kind, "id": 7})
    assert answer.status_code == 204
    (event,) = until(lambda: events(api, workspace, f"shop.{kind}"))
    assert event["resource"] == {"prefect.resource.id": "order.7"}
    assert event["payload"] == {"method": "POST"}
    (related,) = event["related"]
    assert related["prefect.resource.id"] == f"prefect-cloud.webhook.{webhook['id']}"


def test_a_template_that_fails_is_told_and_emitted(
    local_cloud, api, workspace, make_webhook
):
    """A template that renders no event is 422 to the caller, and a failure event."""
    webhook = make_webhook(template="{{ body.kind }}")
    answer = httpx.post(address(local_cloud, webhook), json={"kind": "no event"})
    assert answer.status_code == 422

    def failures() -> list[dict]:
        found = events(api, workspace, "prefect-cloud.webhook.failed")
        return [
            e for e in found if webhook["id"] in e["resource"]["prefect.resource.id"]
        ]

    assert webhook["name"] in until(failures)[0]["payload"]["reason"]


def test_a_webhook_is_read_replaced_toggled_rotated_and_deleted(
    local_cloud, api, hooks, make_webhook
):
    """The whole life of a webhook, as the CLI and the Terraform provider live it."""
    webhook = make_webhook(description="first")
    path = f"{hooks}/{webhook['id']}"
    assert api.get(path).json() == webhook
    assert webhook["id"] in {each["id"] for each in api.get(f"{hooks}/").json()}
    wanted = {"webhooks": {"name": {"any_": [webhook["name"]]}}}
    assert api.post(f"{hooks}/filter", json=wanted).json() == [webhook]
    new = {"name": webhook["name"], "description": "second", "template": TEMPLATE}
    assert api.put(path, json=new).status_code == 204
    assert api.get(path).json()["description"] == "second"
    assert api.patch(path, json={"enabled": False}).status_code == 204
    assert httpx.post(address(local_cloud, webhook), json={}).status_code == 404
    assert api.patch(path, json={"enabled": True}).status_code == 204
    rotated = api.post(f"{path}/rotate").json()
    assert rotated["slug"] != webhook["slug"]
    assert httpx.post(address(local_cloud, webhook), json={}).status_code == 404
    assert httpx.post(address(local_cloud, rotated), json={"kind": "x"}).is_success
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert httpx.post(address(local_cloud, rotated), json={}).status_code == 404


def test_names_are_unique_and_templates_are_checked(api, hooks, make_webhook):
    """A taken name is 409; a template that is not Jinja is 422."""
    webhook = make_webhook()
    again = {"name": webhook["name"], "template": TEMPLATE}
    assert api.post(f"{hooks}/", json=again).status_code == 409
    broken = {"name": "broken", "template": "{{ unclosed"}
    assert api.post(f"{hooks}/", json=broken).status_code == 422


def test_a_webhook_of_a_service_account_asks_for_its_key(
    local_cloud, api, hooks, make_bot, make_webhook
):
    """Only that service account's key opens it: 401 without, 403 with another."""
    bot, other = make_bot(), make_bot()
    webhook = make_webhook(service_account_id=bot.id)
    url = address(local_cloud, webhook)
    body = {"kind": "paid", "id": 1}
    assert httpx.post(url, json=body).status_code == 401
    assert other.client.post(url, json=body).status_code == 403
    assert bot.client.post(url, json=body).status_code == 204
    assert api.delete(f"/bots/{bot.id}").status_code == 409, "a webhook needs it"
    api.delete(f"{hooks}/{webhook['id']}")


def test_a_viewer_sees_webhooks_and_changes_none(make_bot, workspace, hooks):
    """Webhooks are the developers'."""
    client = make_bot(workspace, "Viewer").client
    assert client.get(f"{hooks}/").status_code == 200
    body = {"name": "mine", "template": TEMPLATE}
    assert client.post(f"{hooks}/", json=body).status_code == 403
