"""Roles: who may take them, by a key or by a token, and what they may do then."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import jwt
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.support.s3_errors import refused
from tests.support.waiting import until

ACCOUNT = "123456789012"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(scope="module")
def issuer():
    """An OpenID Connect issuer on loopback, with a key of its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = json.loads(RSAAlgorithm.to_jwk(key.public_key()))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            url = f"http://127.0.0.1:{self.server.server_port}"
            pages = {
                "/.well-known/openid-configuration": {
                    "issuer": url,
                    "jwks_uri": f"{url}/keys",
                },
                "/keys": {"keys": [{**public, "kid": "k", "alg": "RS256"}]},
            }
            body = json.dumps(pages[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Issuer(f"http://127.0.0.1:{server.server_port}", key)
    server.shutdown()
    thread.join()
    server.server_close()


class Issuer:
    """Who signs tokens."""

    def __init__(self, url, key):
        self.url = url
        self._key = key

    def token(self, key=None, **claims):
        """Sign a token, valid but for what is changed."""
        base = {
            "iss": self.url,
            "aud": "oidc.modal.com",
            "sub": "modal:workspace_id:ac-1:environment_name:dev:app_name:a",
            "exp": int(time.time()) + 600,
        }
        return jwt.encode(
            {**base, **claims}, key or self._key, "RS256", headers={"kid": "k"}
        )


@pytest.fixture
def modal_role(s3, issuer, name, bucket):
    """A role for containers of Modal's environment `dev`, who read the bucket."""
    iam = s3.client("iam")
    address = issuer.url.partition("//")[2]
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{address}"
    listed = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    if arn not in [each["Arn"] for each in listed]:
        arn = iam.create_open_id_connect_provider(
            Url=issuer.url, ClientIDList=["another"], ThumbprintList=["0" * 40]
        )["OpenIDConnectProviderArn"]
        iam.add_client_id_to_open_id_connect_provider(
            OpenIDConnectProviderArn=arn, ClientID="oidc.modal.com"
        )
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{address}:aud": "oidc.modal.com"},
            "StringLike": {
                f"{address}:sub": "modal:workspace_id:ac-1:environment_name:dev:*"
            },
        },
    }
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
    reads = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(reads))
    return role["Role"]["Arn"]


def assume(s3, role, token, **more):
    """Take a role by a token, without any key, as Modal's containers do."""
    sts = s3.client("sts", config={"signature_version": "unsigned"})
    answer = sts.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="container", WebIdentityToken=token, **more
    )
    given = answer["Credentials"]
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    return tuple(given[name] for name in names)


def test_a_token_opens_what_its_role_may(s3, issuer, modal_role, bucket, name):
    """Credentials of the session read the bucket, and only that."""
    s3.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    session = assume(s3, modal_role, issuer.token())
    mine = s3.client("s3", session)
    assert mine.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    with refused("AccessDenied"):
        mine.put_object(Bucket=bucket, Key="k", Body=b"y")
    arn = s3.client("sts", session).get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/container"
    with refused("InvalidToken"):
        s3.client("s3", session[:2]).get_object(Bucket=bucket, Key="k")
    with refused("InvalidToken"):
        s3.client("s3", (*session[:2], "other")).get_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"sub": "modal:workspace_id:ac-1:environment_name:prod:x"}, "AccessDenied"),
        ({"sub": "modal:workspace_id:ac-2:environment_name:dev:x"}, "AccessDenied"),
        ({"aud": "someone"}, "InvalidIdentityToken"),
        ({"aud": "another"}, "AccessDenied"),
        ({"exp": 1}, "ExpiredTokenException"),
        ({"iss": "http://127.0.0.1:1"}, "InvalidIdentityToken"),
    ],
    ids=str,
)
def test_a_token_of_another_is_refused(s3, issuer, modal_role, claims, code):
    """Another environment, workspace, audience, issuer or time opens nothing."""
    with refused(code):
        assume(s3, modal_role, issuer.token(**claims))


def test_a_token_signed_by_another_is_refused(s3, issuer, modal_role):
    """Moto takes any token; here the issuer's own key must have signed."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with refused("InvalidIdentityToken"):
        assume(s3, modal_role, issuer.token(stranger))
    unsigned = issuer.token().rpartition(".")[0] + "."
    with refused("InvalidIdentityToken"):
        assume(s3, modal_role, unsigned)
    with refused("InvalidIdentityToken"):
        assume(s3, modal_role, "nonsense")


def test_a_session_ends(s3, issuer, modal_role, bucket):
    """An ended session is told so, which has SDKs take the role again."""
    sts = s3.client(
        "sts", config={"signature_version": "unsigned", "parameter_validation": False}
    )
    given = sts.assume_role_with_web_identity(
        RoleArn=modal_role,
        RoleSessionName="short",
        WebIdentityToken=issuer.token(),
        DurationSeconds=1,
    )["Credentials"]
    mine = s3.client(
        "s3", (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    )

    def has_ended():
        try:
            mine.list_objects_v2(Bucket=bucket)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None

    assert until(has_ended, 20, what="the session's end") == "ExpiredToken"


def test_a_session_policy_narrows(s3, root, issuer, modal_role, bucket):
    """A session may do what both the role and its own policy allow."""
    for key in ("a", "b"):
        root.put_object(Bucket=bucket, Key=key, Body=b"x")
    only_a = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/a",
    }
    session = assume(s3, modal_role, issuer.token(), Policy=document(only_a))
    mine = s3.client("s3", session)
    mine.get_object(Bucket=bucket, Key="a")
    for call in (mine.get_object, mine.delete_object):
        with refused("AccessDenied"):
            call(Bucket=bucket, Key="b")


def test_a_role_is_taken_by_whom_it_trusts(s3, name, user, bucket):
    """Both the role's trust and the user's own policies must allow it."""
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    key = user({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role})
    iam, mine = s3.client("iam"), s3.client("sts", key)
    taking = {"RoleArn": role, "RoleSessionName": "session"}
    with refused("AccessDenied"):  # there is no such role yet; moto would not mind
        mine.assume_role(**taking)
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
    with refused("AccessDenied"):
        mine.assume_role(**taking)
    trust["Principal"] = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(trust))
    given = mine.assume_role(**taking)["Credentials"]
    session = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    with refused("AccessDenied"):  # a role without policies may do nothing
        s3.client("s3", session).list_objects_v2(Bucket=bucket)
    iam.put_role_policy(
        RoleName=name,
        PolicyName="p",
        PolicyDocument=document(
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
        ),
    )
    s3.client("s3", session).list_objects_v2(Bucket=bucket)


def test_unsigned_calls_get_nothing_but_roles(s3):
    """IAM and STS answer nobody who did not sign, but for web identities."""
    answer = httpx.post(s3.url, data={"Action": "ListUsers", "Version": "2010-05-08"})
    assert answer.status_code in (400, 403)
    answer = httpx.post(
        s3.url, data={"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    )
    assert "MissingAuthenticationToken" in answer.text
