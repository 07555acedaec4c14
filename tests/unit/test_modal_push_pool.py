"""Push pools of Modal, as a program writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.kernel import ConfigurationError
from components.prefect.job_template import default_template
from components.prefect.modal_push_pool import ModalPushPool
from tests.unit.kernel.program import Registered, Run, run

SECRET = "as-canary"


def declared(**fields: Any) -> Run:
    def program() -> dict[str, Any]:
        pool = ModalPushPool("modal", token_id="ak-1", token_secret=SECRET, **fields)
        return {"name": pool.name}

    return run(program)


def named(made: Run, kind: str) -> Registered:
    [one] = [each for each in made.registered if each.type.endswith(kind)]
    return one


def template_of(pool: Registered) -> dict[str, Any]:
    given = pool.inputs["base_job_template"]
    template: dict[str, Any] = json.loads(given) if isinstance(given, str) else given
    return template


def test_it_makes_what_provision_infra_makes() -> None:
    """The block is named after the pool, and the pool's template refers to it."""
    made = declared(name="pref-modal-pool")
    block, pool = named(made, ":Block"), named(made, ":WorkPool")
    assert block.inputs["name"] == "pref-modal-pool-modal-credentials"
    assert block.inputs["type_slug"] == "modal-credentials"
    assert pool.inputs["name"] == "pref-modal-pool"
    assert pool.inputs["type"] == "modal:push"
    variables = template_of(pool)["variables"]["properties"]
    assert variables["modal_credentials"]["default"] == {
        "$ref": {"block_document_id": "modal-id"}
    }


def test_all_else_of_the_template_is_the_types_own() -> None:
    """Only the default of one variable is written into the template."""
    template = template_of(named(declared(), ":WorkPool"))
    del template["variables"]["properties"]["modal_credentials"]["default"]
    assert template == default_template("modal:push")


def test_the_token_is_among_the_secrets() -> None:
    """The secret of the token is in no plain field of either resource."""
    made = declared()
    block, pool = named(made, ":Block"), named(made, ":WorkPool")
    assert "secrets" in block.secret
    assert SECRET not in json.dumps([block.inputs.get("data"), pool.inputs])


def test_a_template_without_the_variable_is_refused() -> None:
    """A template that could not hold the credentials is told of at preview."""
    template = {"job_configuration": {"a": "b"}, "variables": {"properties": {}}}
    with pytest.raises(ConfigurationError, match="no variable 'modal_credentials'"):
        declared(base_job_template=template)
