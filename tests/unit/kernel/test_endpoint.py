"""Where a service is and who asks: as people set it, or told what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from components.kernel import ConfigurationError
from components.kernel.endpoint import host_of, secret_text, setting

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = "LIBRARY_URL"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HOME, raising=False)


@pytest.mark.parametrize("read", [setting, secret_text])
def test_the_environment_comes_before_the_config(
    read: Callable[..., str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty variable is none, as shells have it."""
    assert read({}, HOME, "libraryUrl") is None
    assert read({"libraryUrl": "c"}, HOME, "libraryUrl") == "c"
    assert read({"libraryUrl": 7}, HOME, "libraryUrl") == "7"
    monkeypatch.setenv(HOME, "")
    assert read({"libraryUrl": "c"}, HOME, "libraryUrl") == "c"
    monkeypatch.setenv(HOME, "e")
    assert read({"libraryUrl": "c"}, HOME, "libraryUrl") == "e"


@pytest.mark.parametrize("odd", [" key", "key ", "key\n", "k\tey", "kéy"])
def test_what_no_header_can_carry_is_told_and_not_shown(odd: str) -> None:
    """It may be a key; a secret that goes elsewhere may be any text."""
    with pytest.raises(ConfigurationError) as told:
        setting({"libraryKey": odd}, HOME, "libraryKey")
    assert str(told.value) == (
        "LIBRARY_URL, or `libraryKey` of the config, has spaces around it, ends of "
        "lines or signs that are not ASCII; set it anew, without them"
    )
    assert secret_text({"libraryKey": odd}, HOME, "libraryKey") == odd


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://library.example/api", ("library.example", 80)),
        ("https://library.example", ("library.example", 443)),
        ("http://127.0.0.1:4200/api", ("127.0.0.1", 4200)),
    ],
)
def test_an_address_names_a_host_and_a_port(url: str, host: tuple[str, int]) -> None:
    """The scheme's own port, where none is said."""
    assert host_of(url, HOME, "http://x") == host


@pytest.mark.parametrize(
    "url",
    ["", "library", "ftp://x", "http://", "http://[", "http://x:port", "http://a b"],
)
def test_what_is_no_address_is_told(url: str) -> None:
    """With one that would be."""
    with pytest.raises(ConfigurationError) as told:
        host_of(url, HOME, "http://x/api")
    assert str(told.value) == f"LIBRARY_URL is '{url}'; give a URL such as http://x/api"
