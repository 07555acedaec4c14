"""The table of services: what the local cloud consists of, one entry a service.

Texts in braces are filled in when the cloud starts: `{ports[name]}`, `{secrets[name]}`
and `{data}`, its folder, of the same entry. A service finds its own secrets in its
environment as `LOCALCLOUD_<NAME>`, so that they never show in a process list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from localcloud.credentials import Generator, access_key_id, identifier, token
from localcloud.prefect.pages import workspace_pages

Environment = Mapping[str, str]
Pages = Callable[[Environment], Iterable[tuple[str, str]]]


def _no_pages(_: Environment) -> Iterable[tuple[str, str]]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Service:
    """A program that the supervisor keeps running.

    Attributes:
        name: The name on the command line and of its folder in the state folder.
        summary: What it is, for the table of addresses.
        arguments: Arguments of this Python; the state folder is added to them.
        ports: Its ports by name, each with its fixed default; the first is its address.
        ready: A URL that answers 200 once the service serves.
        secrets: What to generate at first start, by name.
        environment: The variables that clients of this service read.
        reads: The variables of other services that it reads itself, where they run.
        pages: Further addresses for people, computed from a live service's variables.
        boot_seconds: How long a first start may take on a slow machine.
    """

    name: str
    summary: str
    arguments: tuple[str, ...]
    ports: Mapping[str, int]
    ready: str
    secrets: Mapping[str, Generator] = field(default_factory=dict)
    environment: Environment = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    pages: Pages = _no_pages
    boot_seconds: float = 180


SERVICES: tuple[Service, ...] = (
    Service(
        name="prefect",
        summary="Prefect Cloud: an account, and a real Prefect server per workspace",
        arguments=("-m", "localcloud.prefect", "--port", "{ports[api]}"),
        ports={"api": 4200},
        ready="http://127.0.0.1:{ports[api]}/api/health",
        secrets={
            "prefect_account_id": identifier,
            "prefect_workspace_id": identifier,
            "prefect_api_key": token("pnu_"),
        },
        environment={
            "PREFECT_CLOUD_API_URL": "http://127.0.0.1:{ports[api]}/api",
            "PREFECT_CLOUD_UI_URL": "http://127.0.0.1:{ports[api]}",
            "PREFECT_API_URL": (
                "http://127.0.0.1:{ports[api]}/api"
                "/accounts/{secrets[prefect_account_id]}"
                "/workspaces/{secrets[prefect_workspace_id]}"
            ),
            "PREFECT_API_KEY": "{secrets[prefect_api_key]}",
            "PREFECT_CLOUD_ACCOUNT_ID": "{secrets[prefect_account_id]}",
        },
        # What the runs of push work pools need: Modal is shown their credentials, and
        # they clone from GitHub.
        reads=("MODAL_SERVER_URL", "GIT_SSL_CAINFO"),
        pages=workspace_pages,
    ),
    Service(
        name="modal",
        summary="Modal: a control plane that runs functions as processes",
        arguments=(
            *("-m", "localcloud.modal", "--port", "{ports[grpc]}"),
            *("--http-port", "{ports[http]}"),
        ),
        ports={"grpc": 4210, "http": 4211},
        ready="http://127.0.0.1:{ports[http]}/health",
        secrets={
            "modal_token_id": token("ak-", 22),
            "modal_token_secret": token("as-"),
        },
        environment={
            "MODAL_SERVER_URL": "http://127.0.0.1:{ports[grpc]}",
            "MODAL_TOKEN_ID": "{secrets[modal_token_id]}",
            "MODAL_TOKEN_SECRET": "{secrets[modal_token_secret]}",
            # The client uses HTTPS_PROXY for loopback, whatever NO_PROXY says.
            "MODAL_DISABLE_API_PROXY": "1",
            # Where S3 finds the keys of containers' identity tokens.
            "LOCALCLOUD_OIDC_ISSUERS": (
                "https://oidc.modal.com=http://127.0.0.1:{ports[http]}/oidc"
            ),
        },
        # Where functions' CloudBucketMounts find their buckets.
        reads=("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"),
    ),
    Service(
        name="github",
        summary="GitHub: its REST API and git over HTTP",
        arguments=(
            *("-m", "localcloud.github", "--port", "{ports[api]}"),
            *("--tls-port", "{ports[git]}"),
            # What the committed stacks deliver to.
            *("--repository", "flowground/flows"),
        ),
        ports={"api": 4220, "git": 4221},
        ready="http://127.0.0.1:{ports[api]}/_local/health",
        secrets={"github_token": token("ghp_")},
        # The names that GitHub's own runners and command line use.
        environment={
            "GITHUB_API_URL": "http://127.0.0.1:{ports[api]}",
            "GITHUB_SERVER_URL": "https://127.0.0.1:{ports[git]}",
            "GIT_SSL_CAINFO": "{data}/ca-bundle.pem",
            "GITHUB_TOKEN": "{secrets[github_token]}",
        },
    ),
    Service(
        name="s3",
        summary="AWS: S3, with the IAM, STS and KMS that buckets need",
        arguments=(
            *("-m", "localcloud.s3", "--port", "{ports[api]}"),
            *("--tls-port", "{ports[tls]}"),
        ),
        ports={"api": 4230, "tls": 4231},
        ready="http://127.0.0.1:{ports[api]}/_local/health",
        secrets={
            "s3_access_key_id": access_key_id,
            "s3_secret_access_key": token("", 40),
        },
        environment={
            # Buckets made with good defaults refuse plain HTTP.
            "AWS_ENDPOINT_URL": "https://127.0.0.1:{ports[tls]}",
            "AWS_CA_BUNDLE": "{data}/ca-bundle.pem",
            "AWS_ACCESS_KEY_ID": "{secrets[s3_access_key_id]}",
            "AWS_SECRET_ACCESS_KEY": "{secrets[s3_secret_access_key]}",
            # The SDKs disagree on the name.
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        # Roles trust the identity tokens of Modal's containers.
        reads=("LOCALCLOUD_OIDC_ISSUERS",),
    ),
)


def named(names: Iterable[str]) -> tuple[Service, ...]:
    """Pick services by name, in the table's order; no names pick them all.

    Raises:
        LookupError: A name is not in the table.
    """
    wanted = set(names)
    known = {service.name for service in SERVICES}
    if unknown := sorted(wanted - known):
        raise LookupError(
            f"There is no service called {', '.join(unknown)}; "
            f"choose from {', '.join(sorted(known))}."
        )
    return tuple(s for s in SERVICES if not wanted or s.name in wanted)
