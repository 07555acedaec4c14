"""Modal's objects as a program writes them."""

from __future__ import annotations

import pulumi

from components.modal import (
    ModalDict,
    ModalEnvironment,
    ModalQueue,
    ModalSecret,
    ModalServiceUser,
    ModalVolume,
)
from tests.unit.kernel.program import run


def test_the_names_are_the_resources_unless_given() -> None:
    """A program says each name once."""

    def program() -> None:
        ModalEnvironment("staging")
        ModalSecret("secret", values={"A": "1"}, environment="staging")
        ModalVolume("volume", environment="staging")
        ModalDict("dict", environment="staging")
        ModalQueue("queue", environment="staging")
        ModalServiceUser("ci")
        ModalVolume("other", name="another", environment="staging")

    made = run(program)
    for name in ("staging", "secret", "volume", "dict", "queue", "ci"):
        assert made[name].inputs["name"] == name
    assert made["other"].inputs["name"] == "another"


def test_an_object_names_its_environment() -> None:
    """It is given itself, or by the name of one that others own; never left out."""

    def program() -> None:
        staging = ModalEnvironment("staging", name="stage")
        ModalSecret("ours", values={"A": "1"}, environment=staging)
        ModalQueue("theirs", environment="main")

    made = run(program)
    assert made["ours"].inputs["environment_name"] == "stage"
    assert made["theirs"].inputs["environment_name"] == "main"


def test_a_service_users_roles_are_by_environment() -> None:
    """Outputs may be anywhere in what a program writes."""

    def program() -> None:
        role = pulumi.Output.from_input("contributor")
        ModalServiceUser("ci", environment_roles={"staging": role})

    made = run(program)
    assert made["ci"].inputs["environment_roles"] == {"staging": "contributor"}
