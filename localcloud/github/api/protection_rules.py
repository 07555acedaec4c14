"""GitHub Apps that have a say in an environment's deployments."""

from __future__ import annotations

from localcloud.github.api.environments import Located, located
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import NotFoundError, UnprocessableError
from localcloud.github.paging import page_of
from localcloud.github.store import apps, environments
from localcloud.github.store.apps import App
from localcloud.github.store.environments import CustomRule
from localcloud.github.views.environments import custom_rule, rule_app

_COLLECTION = (
    "/repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules"
)
_ONE = f"{_COLLECTION}/{{protection_rule_id}}"


@router.route("GET", _COLLECTION, located)
def listed(call: Call, found: Located) -> Reply:
    """The Apps that guard the environment."""
    rules = environments.custom_rules(call.db, found.environment)
    shown = [custom_rule(rule, _app(call, rule.app_id), call.urls) for rule in rules]
    body = {"total_count": len(rules), "custom_deployment_protection_rules": shown}
    return Reply(200, body)


@router.route("GET", f"{_COLLECTION}/apps", located)
def available(call: Call, found: Located) -> Reply:
    """The Apps, installed for this repository, that could guard it."""
    usable = apps.covering(call.db, found.repository)
    page, headers = page_of(call, usable)
    body = {
        "total_count": len(usable),
        "available_custom_deployment_protection_rule_integrations": [
            rule_app(app, call.urls) for app in page
        ],
    }
    return Reply(200, body, headers)


@router.route("POST", _COLLECTION, located)
def create(call: Call, found: Located) -> Reply:
    """Let an App guard the environment."""
    usable = {app.id: app for app in apps.covering(call.db, found.repository)}
    app = usable.get(call.fields.get("integration_id", 0))
    if app is None:
        raise UnprocessableError("integration_id is of no App that is installed here")
    rules = environments.custom_rules(call.db, found.environment)
    if any(rule.app_id == app.id for rule in rules):
        raise UnprocessableError(f"The App {app.slug} guards the environment already")
    number = environments.add_custom_rule(call.db, found.environment, app.id)
    rule = CustomRule(id=number, app_id=app.id)
    return Reply(201, custom_rule(rule, app, call.urls))


@router.route("GET", _ONE, located)
def get(call: Call, found: Located) -> Reply:
    """One App's say."""
    rule = _rule(call, found)
    return Reply(200, custom_rule(rule, _app(call, rule.app_id), call.urls))


@router.route("DELETE", _ONE, located)
def delete(call: Call, found: Located) -> Reply:
    """End an App's say."""
    environments.delete_custom_rule(call.db, _rule(call, found))
    return Reply(204)


def _rule(call: Call, found: Located) -> CustomRule:
    number = call.id("protection_rule_id")
    for rule in environments.custom_rules(call.db, found.environment):
        if rule.id == number:
            return rule
    raise NotFoundError


def _app(call: Call, app_id: int) -> App:
    app = apps.by_id(call.db, app_id)
    if app is None:
        raise NotFoundError
    return app
