"""Addresses and credentials that cannot be right: told when they are first needed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.github import client as github
from components.kernel import ConfigurationError, told
from components.modal import client as modal
from components.prefect import client as prefect
from components.s3 import client as s3
from tests.fuzz.nasty import TEXTS
from tests.fuzz.samples import every_kind, of_kind
from tests.fuzz.sentences import must_be_clear

# A kind of each service, and of each way to its connection.
KINDS = {
    "prefect:Variable": prefect.SETTINGS,
    "prefect:Team": prefect.SETTINGS,
    "modal:Volume": modal.SETTINGS,
    "github:ActionsVariable": github.SETTINGS,
    "s3:Bucket": s3.SETTINGS,
}
URLS = ["http://[::1", "http://a b", "ftp://x", "http://x:99999", "http://", "//", "x"]


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in ("PREFECT", "MODAL", "GITHUB", "AWS"):
        for ending in ("API_URL", "CLOUD_API_URL", "API_KEY", "SERVER_URL", "TOKEN"):
            monkeypatch.delenv(f"{service}_{ending}", raising=False)
    for name in ("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET", "PREFECT_CLOUD_ACCOUNT_ID"):
        monkeypatch.delenv(name, raising=False)


def connected(token: str, key: str, value: str) -> str:
    """Connect a kind with one setting that is as given; return what is told."""
    kind = every_kind()[token]
    config: dict[str, Any] = dict.fromkeys(KINDS[token], "1")
    config |= {k: "http://127.0.0.1:1/api" for k in config if k.lower().endswith("url")}
    config[key] = value
    args = kind.args.from_properties(of_kind(kind)[0])
    try:
        kind.connect(config, args)
    except ConfigurationError as error:
        must_be_clear(told(error))
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("token", "key", "variable"),
    [
        ("prefect:Team", "prefectCloudApiUrl", "PREFECT_CLOUD_API_URL"),
        ("prefect:Variable", "prefectCloudApiUrl", "PREFECT_CLOUD_API_URL"),
        ("github:ActionsVariable", "githubApiUrl", "GITHUB_API_URL"),
    ],
)
@pytest.mark.parametrize("url", URLS)
def test_what_is_no_address_is_told(
    token: str, key: str, variable: str, url: str
) -> None:
    """By the variable that has it, and with one that would do."""
    said = connected(token, key, url)
    assert said.startswith(f"{variable} is '{url}'; give a URL such as https://")


@pytest.mark.parametrize(
    ("token", "key"),
    [
        ("prefect:Team", "prefectApiKey"),
        ("modal:Volume", "modalTokenId"),
        ("modal:Volume", "modalTokenSecret"),
        ("modal:Volume", "modalServerUrl"),
        ("github:ActionsVariable", "githubToken"),
    ],
)
@pytest.mark.parametrize("text", ["“hunter2”", "hunter2\n", " hunter2", "hunter2\0"])
def test_a_credential_that_was_pasted_amiss_is_told_and_not_shown(
    token: str, key: str, text: str
) -> None:
    """Quotes of a word processor, or the end of a line."""
    said = connected(token, key, text)
    assert f"`{key}` of the config" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("token", KINDS)
@given(st.data())
def test_any_setting_connects_or_is_told(token: str, data: st.DataObject) -> None:
    """Without a traceback; nothing is called yet."""
    key = data.draw(st.sampled_from(KINDS[token]))
    connected(token, key, data.draw(st.sampled_from([*TEXTS, *URLS]) | st.text()))
