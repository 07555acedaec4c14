"""The catalogue's page: what is compared, drawn, offered for copying, and written."""

from __future__ import annotations

import dataclasses
import subprocess
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.outputs import read
from tests.support.catalogue_sample import CANARIES, sample, told
from tools.catalogue import graph
from tools.catalogue.compare import compare
from tools.catalogue.render import render
from tools.catalogue.snippets import snippets
from tools.catalogue.state import Resource
from tools.catalogue.things import things

STACKS = ("dev", "staging", "prod")
# In Python, YAML and a shell each of these means something.
ODD = 'it\'s "$(touch x)" `y` \\ #: ${z} {{ w }} </script><script>alert(1)</script>'


@pytest.fixture(scope="module")
def page() -> str:
    return render([sample(stack) for stack in STACKS])


def test_what_differs_is_told_field_by_field() -> None:
    """Absent resources, changed fields and protection; nothing else."""
    rows = compare({stack: sample(stack).resources for stack in STACKS})
    by_name = {(row.first.token, row.first.name): row for row in rows}
    assert len(by_name) == len(rows) == 19
    trial = by_name["modal:Queue", "trial"]
    assert trial.there == {"dev": True, "staging": False, "prod": False}
    assert trial.changed == {}
    assert trial.differs
    pool = by_name["prefect:WorkPool", "modal-push"]
    limits = {"dev": "2", "staging": "2", "prod": "20"}
    assert pool.changed == {"concurrency_limit": limits}
    nightly = by_name["prefect:Deployment", "reports/etl/nightly"]
    assert list(nightly.changed) == ["schedules[night].active"]
    volume = by_name["modal:Volume", "models"]
    protection = {"dev": None, "staging": None, "prod": "true"}
    assert volume.changed == {"protected": protection}
    assert not by_name["prefect:Flow", "etl"].differs
    # The bucket is another in each, and it is always the stack's own; its prefix not.
    store = by_name["prefect:Block", "store"]
    assert list(store.changed) == ["data.prefix"]


def made(name: str, *depends: str) -> Resource:
    return Resource(name, "prefect:Flow", name, name, f"id-{name}", depends=depends)


@st.composite
def programs(draw: st.DrawFn) -> list[Resource]:
    """Make resources of which each depends on earlier ones."""
    found: list[Resource] = []
    for number in range(draw(st.integers(0, 12))):
        before = [one.key for one in found]
        on = draw(st.sets(st.sampled_from(before), max_size=4)) if before else set()
        found.append(made(f"r{number}", *sorted(on)))
    return found


@given(programs())
def test_a_graph_is_drawn_whole_and_legibly(program: list[Resource]) -> None:
    """Each thing once, right of what it is made from, none on another, all inside."""
    drawing = graph.draw(program)
    at = {node.resource.key: (node.x, node.y) for node in drawing.nodes}
    assert len(drawing.nodes) == len(at) == len(program)
    for one in program:
        assert all(at[on][0] < at[one.key][0] for on in one.depends)
    for x, y in at.values():
        assert 0 <= x <= drawing.width - graph.WIDTH
        assert 0 <= y <= drawing.height - graph.HEIGHT
    for one, other in zip(sorted(at.values()), sorted(at.values())[1:], strict=False):
        assert one[0] != other[0] or other[1] - one[1] >= graph.HEIGHT
    # Every dependency can be followed along the edges that are left.
    reach: dict[str, set[str]] = {one.key: {one.key} for one in program}
    for one in program:
        for source, target, _ in drawing.edges:
            if target == one.key:
                reach[one.key] |= reach[source]
        assert set(one.depends) <= reach[one.key]


def test_an_edge_that_follows_from_others_is_left_out() -> None:
    """A workspace that everything is in does not cross out the drawing."""
    drawing = graph.draw([made("a"), made("b", "a"), made("c", "a", "b")])
    assert [edge[:2] for edge in drawing.edges] == [("a", "b"), ("b", "c")]


def odd(value: Any, key: str = "") -> Any:
    """Put odd text wherever an output holds a name that may be odd."""
    if isinstance(value, dict):
        return {k: odd(item, k) for k, item in value.items()}
    if isinstance(value, list):
        return [odd(item, key) for item in value]
    fixed = {"schema", "tier", "reader", "deploy", "type", "secrets", "variables"}
    return value if key in fixed or not isinstance(value, str) else ODD


@pytest.mark.parametrize(
    "outputs", [told("dev"), odd(told("dev"))], ids=["as is", "odd"]
)
def test_what_is_copied_can_be_run(outputs: dict[str, Any]) -> None:
    """Each snippet is valid in its language, whatever things are called."""
    outputs["modal"]["airflow"] = told("dev")["modal"]["airflow"]
    found = list(snippets(read("dev", outputs), f"organization/{ODD}/dev"))
    assert {one.language for one in found} == {
        "shell",
        "python",
        "prefect.yaml",
        "yaml",
    }
    for one in found:
        if one.language == "python":
            compile(one.text, one.title, "exec")
        elif one.language == "shell":
            subprocess.run(["bash", "-n", "-c", one.text], check=True)
        else:
            assert isinstance(yaml.safe_load(one.text), dict)


def test_each_thing_says_how_it_is_used() -> None:
    """By the names that the contract tells, and the flow that state knows."""
    stack = sample("prod")
    use = {
        (one.token, one.name): one.use for one in things(stack.told, stack.resources)
    }
    where = 'environment_name="data-prod"'
    assert use["prefect:Deployment", "nightly"] == "prefect deployment run etl/nightly"
    assert use["prefect:WorkPool", "modal-push"] == "prefect deploy --pool modal-push"
    assert use["prefect:Block", "s3-bucket/store"] == 'Block.load("s3-bucket/store")'
    volume = f'modal.Volume.from_name("models", {where})'
    assert use["modal:Volume", "models"] == volume
    secret = "${{ secrets.MODAL_TOKEN_SECRET }}"
    assert use["github:ActionsSecret", "MODAL_TOKEN_SECRET"] == secret


def test_a_deployment_of_an_unknown_flow_is_run_by_its_id() -> None:
    """Of a flow that another stack has, only the id is known."""
    (nightly,) = (
        one
        for one in things(sample("dev").told, [])
        if one.token == "prefect:Deployment"
    )
    assert nightly.use == f"prefect deployment run --id {nightly.id}"


def test_no_secret_is_on_the_page(page: str) -> None:
    """Neither a canary, nor ciphertext, nor the engine's mark."""
    assert [canary for canary in CANARIES if canary in page] == []


class Seen(HTMLParser):
    """What a browser would load or run, and every id."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.scripts = 0

    def handle_starttag(  # noqa: D102  # the base class documents it
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        given = dict(attrs)
        self.scripts += tag == "script"
        self.ids += [str(given["id"])] if "id" in given else []
        handlers = [name for name in given if name.startswith("on") or name == "style"]
        self.loaded += handlers + [str(given[n]) for n in ("src", "data") if n in given]
        if tag == "link":
            self.loaded.append(str(given))


def seen(text: str) -> Seen:
    parser = Seen()
    parser.feed(text)
    return parser


def test_the_page_needs_nothing_else(page: str) -> None:
    """No file, no style and no script from elsewhere, and none let in."""
    found = seen(page)
    assert found.loaded == []
    assert found.scripts == 1
    assert "default-src &#39;none&#39;" in page
    assert "unsafe" not in page
    assert len(found.ids) == len(set(found.ids))


def test_names_cannot_write_into_the_page() -> None:
    """Whatever things are called is shown as text."""
    stack = sample("dev")
    resources = [
        dataclasses.replace(one, known_as=ODD, fields={ODD: ODD})
        for one in stack.resources
    ]
    outputs = {**odd(told("dev")), "stack": ODD}
    text = render(
        [dataclasses.replace(stack, told=read("dev", outputs), resources=resources)]
    )
    assert seen(text).scripts == 1
    assert "<script>alert" not in text


def test_one_stack_alone_is_not_compared() -> None:
    """With nothing to compare it with there is no view of differences."""
    assert "differences" not in seen(render([sample("dev")])).ids


def test_a_service_that_nobody_foresaw_is_shown() -> None:
    """Resources of any provider have their place."""
    stack = sample("dev")
    other = Resource("k", "aws:s3/bucket:Bucket", "logs", "logs", "id-logs")
    text = render([dataclasses.replace(stack, resources=[*stack.resources, other])])
    assert '<span class="service s-aws">aws</span>' in text
