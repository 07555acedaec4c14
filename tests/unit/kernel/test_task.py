"""Work that a stack does: once for given inputs, and what came of it is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc

from components.kernel import FlowgroundError, task
from components.kernel.dynamic import ProviderError
from components.kernel.task import Task, TaskProvider, TaskResource, load
from tests.unit.kernel.program import Run, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.kernel import Config
    from components.kernel.model import Properties

TOKEN = "unit:Count"


class CountTask(Task):
    """Counts the words of a text."""

    token = TOKEN
    done: list[tuple[Any, Properties]]

    def __init__(self) -> None:
        self.done = []

    def run(self, config: Config, inputs: Properties) -> Properties:
        """Count, and note what was asked for."""
        self.done.append((config, inputs))
        if "text" not in inputs:
            raise FlowgroundError("there is no text to count; give one")
        return {"words": len(inputs["text"].split()), "big": 2**60, "first": None}

    def tells_secrets(self, inputs: Properties) -> bool:
        """Tell whether the text is secret."""
        return "secret" in inputs.get("text", "")


class Count(TaskResource, task=CountTask):
    """A count, as a program writes it."""

    settings = ("libraryUrl", "libraryKey")


RESULTS = '{"big":1152921504606846976,"first":null,"words":2}'


@pytest.fixture
def work() -> CountTask:
    """Return work that notes what it did."""
    return CountTask()


@pytest.fixture
def provider(work: CountTask) -> TaskProvider:
    """Return its provider, configured as the servicer does."""
    made = TaskProvider(work)
    made.configure(ConfigureRequest({"libraryUrl": "u"}))  # type: ignore[arg-type]
    return made


def test_the_work_is_given_the_inputs_and_the_settings(
    work: CountTask, provider: TaskProvider
) -> None:
    """And nothing of the engine's own; what it returns is kept, as one JSON text."""
    made = provider.create({"text": "two words", "__provider": "pickle"})
    [(config, inputs)] = work.done
    assert (config["libraryUrl"], inputs) == ("u", {"text": "two words"})
    assert made.outs == {"text": "two words", "outputs": RESULTS}


def test_without_a_provider_of_its_own_there_are_no_settings(work: CountTask) -> None:
    """A task may ask for one nevertheless, and is told that there is none."""
    TaskProvider(work).create({"text": "two words"})
    [(config, _)] = work.done
    assert config.get("libraryUrl") is None


def test_each_work_has_an_id_of_its_own(provider: TaskProvider) -> None:
    """The engine needs one, and no service has given any."""
    ids = {provider.create({"text": "two words"}).id for _ in range(3)}
    assert len(ids) == 3
    assert all(len(id_) == 32 for id_ in ids)


def test_other_inputs_are_other_work(work: CountTask, provider: TaskProvider) -> None:
    """It is done again, for the new ones alone."""
    old = {"text": "one", "outputs": "{}"}
    again = provider.update("id", old, {"text": "two words", "__provider": "p"})
    assert again.outs == {"text": "two words", "outputs": RESULTS}
    assert [inputs for _, inputs in work.done] == [{"text": "two words"}]


def test_a_refresh_does_nothing(work: CountTask, provider: TaskProvider) -> None:
    """There is nothing but what the state has, so nothing can have changed."""
    found = provider.read("id", {"text": "a", "outputs": "{}", "__provider": "p"})
    assert found.id == "id"
    assert found.outs == {"text": "a", "outputs": "{}"}
    assert found.inputs == {"text": "a"}
    assert work.done == []


@pytest.mark.parametrize("text", ["a secret", "a word"])
def test_results_are_sealed_where_they_may_hold_a_secret(
    provider: TaskProvider, text: str
) -> None:
    """In every answer, and nothing else is; state without results has none."""
    made = provider.create({"text": text}).outs
    again = provider.update("id", {}, {"text": text}).outs
    found = provider.read("id", {"text": text, "outputs": RESULTS}).outs
    for outs in (made, again, found):
        assert outs is not None
        sealed = {k for k, v in outs.items() if rpc.is_rpc_secret(v)}
        assert sealed == ({"outputs"} if "secret" in text else set())
        assert rpc.unwrap_rpc_secret(outs["outputs"]) == RESULTS
    assert provider.read("id", {"text": text}).outs == {"text": text}


@pytest.mark.parametrize("method", ["create", "update"])
def test_work_that_fails_is_told_in_one_sentence(
    provider: TaskProvider, method: str
) -> None:
    """As the task says it, and without a traceback."""
    with pytest.raises(ProviderError) as told:
        provider.create({}) if method == "create" else provider.update("id", {}, {})
    assert str(told.value) == "there is no text to count; give one"


def test_a_token_belongs_to_one_task() -> None:
    """State says nothing but the token: it must mean one thing."""
    with pytest.raises(ValueError, match=r"^unit:Count is already taken by CountTask$"):
        type("Imposter", (CountTask,), {})


# The bytes in every stack's state: they may never change, whatever moves in the code.
PICKLED = (
    "gASVNAAAAAAAAACMFmNvbXBvbmVudHMua2VybmVsLnRhc2uUjARsb2FklJOUjAp1bml0OkNvdW50lIWU"
    "UpQu"
)


def test_state_holds_only_a_reference_to_the_task(
    provider: TaskProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It loads whatever moves in the code, and brings the task's service along."""
    assert serialize_provider(provider) == PICKLED
    assert TaskProvider.serialize_as_secret_always is False
    asked: list[str] = []
    monkeypatch.setattr(task.importlib, "import_module", asked.append)
    loaded = load(TOKEN)
    assert asked == ["components.unit"]
    assert loaded.create({"text": "two words"}).outs is not None


def declared(opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> Run:
    """Run a program that counts, and look at what came of it."""

    def program() -> Mapping[str, Any]:
        return {"outputs": Count("count", inputs, opts).outputs}

    return run(
        program,
        config={"libraryUrl": "http://x", "prefectApiKey": "k"},
        respond=lambda name: {"outputs": RESULTS} if name == "count" else {},
    )


def test_a_program_gets_the_results_as_values() -> None:
    """As the task returned them: nulls and big integers too."""
    assert declared(text="two words").outputs["outputs"] == json.loads(RESULTS)


def test_only_what_is_given_is_an_input_of_the_work() -> None:
    """A change of anything else does not do it again."""
    sent = declared(text="two words", unused=None)["count"]
    assert sent.type == "pulumi-python:dynamic/unit:Count"
    assert sent.inputs.keys() == {"__provider", "text"}
    assert sent.inputs["__provider"] == PICKLED
    assert "__provider" not in sent.secret


def test_work_has_the_settings_of_its_service() -> None:
    """By the provider process that the service's resources have, and no other's."""
    ran = declared(text="two words")
    assert ran["unit"].inputs == {"flowground:libraryUrl": "http://x"}
    assert ran["count"].provider.endswith("::unit::unit-id")


def test_work_may_have_a_provider_of_the_programs() -> None:
    """And options, which stay the caller's."""

    def program() -> None:
        mine = pulumi.ProviderResource("pulumi-python", "mine", {})
        Count("count", {"text": "a"}, pulumi.ResourceOptions(provider=mine))

    ran = run(program, respond=lambda _: {"outputs": "{}"})
    assert [one.name for one in ran.registered] == ["mine", "count"]
    assert ran["count"].provider.endswith("::mine::mine-id")
    opts = pulumi.ResourceOptions(protect=True)
    declared(opts, text="a")
    assert opts.provider is None
