"""Documents that are not what they should be: each is read, or told in words."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import documents, projects
from tests.fuzz.budget import few
from tests.fuzz.documents import DOCUMENTS
from tests.fuzz.raw import cut

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="module")
def _clean() -> Iterator[None]:
    """Leave no folder behind, and out the advice that each example would repeat."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
    documents.clean_up()
    projects.clean_up()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_good_ones_are_read(name: str) -> None:
    """Else their mutations would be told for a reason that is not theirs."""
    DOCUMENTS[name].holds(DOCUMENTS[name].good)


@pytest.mark.parametrize("name", DOCUMENTS)
@given(st.data())
@few(20)
def test_a_damaged_one_is_read_or_told(name: str, data: st.DataObject) -> None:
    """Never a traceback."""
    document = DOCUMENTS[name]
    document.holds(data.draw(cut(document.good, document.scraps)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("stack file", b"config: x"),
        ("stack file", b"\xff"),
        ("stack file", b"config: {1: {2: 3}}"),
        ("workflow", b"config: x"),
        ("workflow", b"config: {1: x, flowground:github: [1]}"),
        ("promotion", b""),
        ("promotion", b"\xff"),
        ("promotion", b"config: x"),
        ("promotion", b"config: {1: x}"),
        ("promotion", b"[" * 2_000),
        ("promotion", b"config: {flowground:prefect: x}"),
        ("terraform state", b'{"version":4,"resources":[1]}'),
        ("terraform state", b'{"version":4,"resources":{"a":1}}'),
        ("terraform state", b'{"version":4,"resources":[{"mode":"managed"}]}'),
        ("terraform state", b"[" * 100_000),
        ("stack export", b'{"deployment":{"resources":[{"urn":"x","type":"t"}]}}'),
        ("stack export", b"1"),
        ("guardrails", b"[" * 100_000),
        ("guardrails", b'{"%b":1}' % (b"\\n" * 60)),
        ("guardrails", b'{"exempt":{"%b":{}}}' % (b"\\n" * 60)),
        ("guardrails", b'{"limit":{"deletions":"secret-looking"}}'),
        ("ignore patterns", b"[a-E]\0a"),
        ("ignore patterns", b"[[a]\0a"),
        ("placeholders", b"{{ prefect.variables. }}"),
        ("rrule", b"rrule\nDTSTART:202"),
        ("rrule", b"rrule\nDTSTART:20240080000|FREQ=DAILY"),
        ("rrule", b"rrule\nDTSTART:20240101T080000|FREQ=SECONDLY;INTERVAL=99999999999"),
        ("rrule", b"rrule\nDTSTART:20240101 8 XYZ|FREQ=DAILY"),
        ("rrule", b"rrule\nDTSTART:20240101T080000|FREQ=SECONDLY;INTERVAL=0"),
        ("cron", b"cron\n" + b"\0" * 500),
        ("interval", b"interval\nPT1H30M"),
        ("interval", b"interval\nP99999999999D"),
        ("kept facts.json", b"[]"),
        ("kept facts.json", b'{"stack":1}'),
        ("kept preview.json", b'{"steps":[{"op":[]}]}'),
        ("kept preview.json", b"[1]"),
        ("kept rehearsal.json", b'{"stages":[{}]}'),
        (
            "kept rehearsal.json",
            b'{"stack":"a","base":"b","stages":[{"title":1,"seconds":"x"}]}',
        ),
        ("kept said.txt", b"\xff"),
    ],
)
def test_what_was_a_traceback_once_is_told(name: str, content: bytes) -> None:
    """Each was found by the test above, or by `make fuzz`."""
    DOCUMENTS[name].holds(content)


def test_an_interval_may_be_written_as_iso_8601_has_it() -> None:
    """In a stack's config too, and not in a prefect.yaml alone."""
    (made,) = documents.SCHEDULES.validate_python([{"interval": "PT1H30M"}])
    assert made.interval == 5_400
