"""The search for secrets finds them, however they are written."""

from __future__ import annotations

import base64
import gzip
import json
import pickle
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.canaries import spoken

SECRET = 'pnu_"Kanarienvogel"/+ß%7'
PACKED = {
    "raw": lambda s: s.encode(),
    "in a JSON text": lambda s: json.dumps({"a": s}).encode(),
    "in a JSON text in a JSON text": lambda s: json.dumps(json.dumps([s])).encode(),
    "in a URL": lambda s: f"https://x/?k={quote(s, safe='')}&b".encode(),
    "as base64": lambda s: base64.b64encode(s.encode()),
    "as base64 with a prefix": lambda s: base64.b64encode(b"Bearer " + s.encode()),
    "as base64 in a header": lambda s: b"x: " + base64.b64encode(b"u:" + s.encode()),
    "gzipped": lambda s: gzip.compress(s.encode() * 3),
    "as base64 of gzip": lambda s: b'"' + base64.b64encode(gzip.compress(s.encode())),
    "pickled": lambda s: pickle.dumps({"a": s}),
    "pickled as text": lambda s: pickle.dumps(s, 0),
    "as base64 of a pickle": lambda s: base64.b64encode(pickle.dumps(["long" * 9, s])),
    "as hex": lambda s: s.encode().hex().encode(),
}


@pytest.mark.parametrize("how", PACKED)
def test_a_secret_is_found(how: str) -> None:
    """Whatever it is wrapped in."""
    place = {"state": b"before " + PACKED[how](SECRET) + b" after"}
    if how == "gzipped":
        place = {"state": PACKED[how](SECRET)}
    assert spoken(place, {"the key": SECRET}) == ["state tells the key"]


@given(st.binary(max_size=400))
def test_nothing_is_found_where_there_is_none(noise: bytes) -> None:
    """And no text breaks the search."""
    assert spoken({"log": noise}, {"the key": SECRET}) == []


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_base64_is_found_wherever_it_begins(before: bytes, after: bytes) -> None:
    """In the middle of anything that was encoded as a whole."""
    place = {"log": base64.b64encode(before + SECRET.encode() + after)}
    assert spoken(place, {"the key": SECRET}) == ["log tells the key"]
