"""Identity tokens: what a container shows to others, and who can check it."""

from __future__ import annotations

import json
import urllib.request

import jwt
import modal
import pytest
from modal_proto import api_pb2

from tests.support.modal_raw import call


def fetch(url):
    with urllib.request.urlopen(url) as response:  # noqa: S310 - loopback
        return json.load(response)


def keys_of(plane):
    """Return what OpenID Connect says of the issuer, and its keys."""
    found = fetch(f"{plane.http_url}/oidc/.well-known/openid-configuration")
    return found, fetch(found["jwks_uri"])


@pytest.fixture(scope="module")
def token(client):
    """The identity token of a container, and the ids of what it is of."""
    modal.Environment.objects.create("identity", client=client)
    app = modal.App("who-am-i")

    @app.function(serialized=True, name="tell")
    def tell():
        import os  # noqa: PLC0415 - runs elsewhere

        return os.environ["MODAL_IDENTITY_TOKEN"], os.environ["MODAL_TASK_ID"]

    app.deploy(environment_name="identity", client=client)
    where = {"environment_name": "identity", "client": client}
    return modal.Function.from_name("who-am-i", "tell", **where).remote()


def test_token_says_which_function_it_is_of(plane, token):
    """Its claims are those of Modal's guide, signed by a key that anybody can read."""
    text, task_id = token
    found, keys = keys_of(plane)
    assert found["issuer"] == "https://oidc.modal.com"
    [key] = jwt.PyJWKSet.from_dict(keys).keys
    assert jwt.get_unverified_header(text)["kid"] == key.key_id
    claims = jwt.decode(text, key, algorithms=["RS256"], audience="oidc.modal.com")
    who = call(plane, "TokenInfoGet", api_pb2.TokenInfoGetRequest())
    assert claims["sub"] == (
        f"modal:workspace_id:{who.workspace_id}:environment_name:identity"
        f":app_name:who-am-i:function_name:tell:container_id:{task_id}"
    )
    assert claims["iss"] == found["issuer"]
    assert claims["exp"] > claims["iat"]
    assert claims["function_id"].startswith("fu-")
    assert {one["kty"] for one in keys["keys"]} == {"RSA"}
    assert "d" not in keys["keys"][0]


def test_issuer_keeps_its_key(tmp_path, begin):
    """What was signed before `kill -9` is good after it, and the key is its owner's."""
    plane = begin(tmp_path / "state")
    before = keys_of(plane)[1]
    plane.kill()
    assert keys_of(begin(tmp_path / "state"))[1] == before
    assert (tmp_path / "state/identity.pem").stat().st_mode & 0o077 == 0
