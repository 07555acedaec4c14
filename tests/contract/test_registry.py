"""Every kind that is registered is under the contract."""

from __future__ import annotations

import pytest

import components.github  # registers its kinds
import components.modal  # registers its kinds
import components.prefect  # registers its kinds
import components.s3  # noqa: F401  # registers its kinds
from components.kernel.registry import kind_of, kinds
from components.prefect.base import LookupKind
from tests.contract.samples import SAMPLES


def test_every_registered_kind_has_a_sample() -> None:
    """A kind without its description fails the suite."""
    owned = {kind.token for kind in kinds() if not isinstance(kind, LookupKind)}
    assert {sample.token for sample in SAMPLES} == owned


def test_an_unknown_token_is_one_sentence() -> None:
    """State of a newer version says what to do, instead of a traceback."""
    with pytest.raises(LookupError, match="run the version that made the stack"):
        kind_of("prefect:NoSuchKind")
