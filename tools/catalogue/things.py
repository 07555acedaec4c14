"""What the contract tells of a stack, thing by thing, and what to write to use each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .snippets import quoted

if TYPE_CHECKING:
    from components.outputs import Outputs
    from components.outputs.contract import Deployment, Modal, Prefect, WorkPool

    from .state import Resource


@dataclass(frozen=True)
class Thing:
    """Something that the contract tells of.

    Attributes:
        token: Its kind: `prefect:WorkPool`.
        name: What its service calls it.
        use: What to write to use it; "" if one does not.
        url: Its page; None if there is none.
        id: Its id, where the contract tells it.
    """

    token: str
    name: str
    use: str = ""
    url: str | None = None
    id: str = ""


def things(told: Outputs, resources: Sequence[Resource]) -> Iterator[Thing]:
    """Yield what the contract tells of, with what to write to use each.

    Args:
        told: What the stack tells.
        resources: The stack's resources; a deployment's flow is named from them.
    """
    if told.prefect:
        flows = {one.id: one.known_as for one in resources}
        yield from _prefect_things(told.prefect, flows)
    if told.modal:
        yield from _modal_things(told.modal)
    if told.s3:
        for bucket in told.s3.dag_buckets.values():
            yield Thing("s3:Bucket", bucket.bucket, bucket.uri)
    if told.github:
        yield Thing("github:Environment", told.github.environment)
        for name in told.github.secrets:
            yield Thing("github:ActionsSecret", name, f"${{{{ secrets.{name} }}}}")
        for name in told.github.variables:
            yield Thing("github:ActionsVariable", name, f"${{{{ vars.{name} }}}}")


def _prefect_things(prefect: Prefect, flows: dict[str, str]) -> Iterator[Thing]:
    if one := prefect.workspace:
        yield Thing("prefect:Workspace", one.handle, "", prefect.ui_url, one.id)
    yield from map(_pool, prefect.work_pools.values())
    for deployment in prefect.deployments.values():
        yield _deployment(deployment, flows.get(deployment.flow_id))
    named = {
        "Block": (prefect.blocks, "Block.load({})"),
        "Variable": (prefect.variables, "Variable.get({})"),
        "GlobalConcurrencyLimit": (
            prefect.concurrency_limits,
            "with concurrency({}, occupy=1):",
        ),
        "TagConcurrencyLimit": (prefect.tag_concurrency_limits, "@task(tags=[{}])"),
        "ServiceAccount": (prefect.service_accounts, ""),
    }
    for kind, (names, use) in named.items():
        for name in names.values():
            yield Thing(f"prefect:{kind}", name, use.format(quoted(name)))
    for name, id_ in prefect.automations.items():
        yield Thing("prefect:Automation", name, id=id_)


def _pool(pool: WorkPool) -> Thing:
    # To a push or managed pool no worker goes: Prefect starts its runs itself.
    itself = pool.type.endswith((":push", ":managed"))
    what = "deploy" if itself else "worker start"
    use = f"prefect {what} --pool {shlex.quote(pool.name)}"
    return Thing("prefect:WorkPool", pool.name, use)


def _deployment(one: Deployment, flow: str | None) -> Thing:
    which = shlex.quote(f"{flow}/{one.name}") if flow else f"--id {one.id}"
    use = f"prefect deployment run {which}"
    return Thing("prefect:Deployment", one.name, use, one.url, one.id)


def _modal_things(modal: Modal) -> Iterator[Thing]:
    where = f"environment_name={quoted(modal.environment)}"
    yield Thing(
        "modal:Environment",
        modal.environment,
        f"export MODAL_ENVIRONMENT={shlex.quote(modal.environment)}",
    )
    groups = {
        "Secret": modal.secrets.values(),
        "Volume": [one.name for one in modal.volumes.values()],
        "Dict": modal.dicts.values(),
        "Queue": modal.queues.values(),
    }
    for kind, names in groups.items():
        for name in names:
            use = f"modal.{kind}.from_name({quoted(name)}, {where})"
            yield Thing(f"modal:{kind}", name, use)
    if modal.service_user:
        yield Thing("modal:ServiceUser", modal.service_user)
