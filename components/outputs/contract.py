"""The contract `flowground/v1`: what a stack tells other teams, as typed models.

Names, ids and addresses in the open; what opens doors apart, in `Credentials`, every
value of which is a secret output. Within v1 the contract only grows: no key is taken
away, renamed or changed in type, so a reader ignores what it does not know.
"""

from __future__ import annotations

import inspect
import re
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
)
from pydantic_core import CoreSchema

from .errors import OutputsError

SCHEMA: Final = "flowground/v1"
SCHEMA_ID: Final = "urn:flowground:outputs:v1"

T = TypeVar("T")


class Known(dict[str, T]):
    """Things by the key that the stack's config gives them; a miss says what there is.

    `in` and `get` are a dict's own; only `[key]` fails, and as OutputsError: a program
    that raised KeyError in an `apply` would end with a traceback.
    """

    def __init__(self, things: dict[str, T], what: str, stack: str) -> None:
        super().__init__(things)
        self._what = what
        self._stack = stack

    def __missing__(self, key: str) -> T:
        there = ", ".join(sorted(self)) or "none"
        raise OutputsError(
            f"stack {self._stack} has no {key!r} in {self._what}; there are: {there}"
        )


def _known(things: dict[str, T], info: ValidationInfo) -> dict[str, T]:
    context = info.context or {}
    what = f"{context.get('within', '')}{info.field_name}"
    return Known(things, what, context.get("stack", ""))


Things = Annotated[dict[str, T], AfterValidator(_known)]


class _Told(BaseModel):
    """A part of the contract."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, validate_default=True
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say in the schema what each key means: the docstring's own words."""
        schema = handler.resolve_ref_schema(handler(core))
        head, _, attributes = (inspect.getdoc(cls) or "").partition("\n\nAttributes:\n")
        schema["description"] = head
        told = re.findall(r"^    (\w+): (.+(?:\n     .+)*)", attributes, re.MULTILINE)
        for name, meaning in told:
            key = cls.model_fields[name].alias or name
            schema["properties"][key]["description"] = " ".join(meaning.split())
        return schema


class Workspace(_Told):
    """A Prefect Cloud workspace.

    Attributes:
        id: Its id.
        handle: Its handle, as in `prefect cloud workspace set --workspace a/HANDLE`.
    """

    id: str
    handle: str


class WorkPool(_Told):
    """A Prefect work pool.

    Attributes:
        name: Its name, as in `work_pool.name` of a prefect.yaml.
        type: Its type: `process`, `modal:push`…
        queues: The names of its queues.
    """

    name: str
    type: str
    queues: list[str] = Field(default_factory=list)


class Deployment(_Told):
    """A Prefect deployment.

    Attributes:
        id: Its id.
        name: Its name; `prefect deployment run FLOW/NAME` takes it with its flow's.
        flow_id: Its flow's id.
        url: Its page in the Prefect UI; None where there is none.
    """

    id: str
    name: str
    flow_id: str
    url: str | None = None


class Prefect(_Told):
    """One environment's Prefect; things are keyed as the stack's config has them.

    Attributes:
        api_url: What PREFECT_API_URL must be set to.
        ui_url: The workspace's pages for people; None where there are none.
        workspace: The workspace; None where there is only a server.
        work_pools: The work pools.
        blocks: The blocks, as `Block.load` takes them: `TYPE/NAME`.
        variables: The variables' names.
        concurrency_limits: The global concurrency limits' names.
        tag_concurrency_limits: The tags that are limited.
        deployments: The deployments.
        automations: The automations' ids.
        service_accounts: The service accounts' names; their keys are credentials.
    """

    api_url: str
    ui_url: str | None = None
    workspace: Workspace | None = None
    work_pools: Things[WorkPool] = Field(default_factory=dict)
    blocks: Things[str] = Field(default_factory=dict)
    variables: Things[str] = Field(default_factory=dict)
    concurrency_limits: Things[str] = Field(default_factory=dict)
    tag_concurrency_limits: Things[str] = Field(default_factory=dict)
    deployments: Things[Deployment] = Field(default_factory=dict)
    automations: Things[str] = Field(default_factory=dict)
    service_accounts: Things[str] = Field(default_factory=dict)


class ModalVolume(_Told):
    """A Modal volume.

    Attributes:
        name: Its name, as `modal.Volume.from_name` takes it.
        version: Its file system's version: 1 or 2.
    """

    name: str
    version: int


class Airflow(_Told):
    """What modalflow is run with in this environment.

    Attributes:
        environment: The variables that the commands are run with.
        airflow_environment: The variables that Airflow's own processes need.
        commands: The exact commands, by what they do.
    """

    environment: Things[str] = Field(default_factory=dict)
    airflow_environment: Things[str] = Field(default_factory=dict)
    commands: Things[str] = Field(default_factory=dict)


class Modal(_Told):
    """One environment's Modal; things are keyed as the stack's config has them.

    Attributes:
        environment: What MODAL_ENVIRONMENT must be set to.
        workspace: The workspace that the environment is in.
        secrets: The secrets' names, as `modal.Secret.from_name` takes them.
        volumes: The volumes.
        dicts: The dicts' names.
        queues: The queues' names.
        service_user: The name of the service user whose token is a credential.
        token_expires_at: When that token ends (RFC 3339); None if never.
        airflow: What modalflow is run with; None where it is not used.
    """

    environment: str
    workspace: str | None = None
    secrets: Things[str] = Field(default_factory=dict)
    volumes: Things[ModalVolume] = Field(default_factory=dict)
    dicts: Things[str] = Field(default_factory=dict)
    queues: Things[str] = Field(default_factory=dict)
    service_user: str | None = None
    token_expires_at: str | None = None
    airflow: Airflow | None = None


class DagBucket(_Told):
    """An S3 bucket of code.

    Attributes:
        bucket: Its name.
        uri: Where the code lies: `s3://BUCKET/PREFIX/`, with the slash at its end.
        region: The AWS region.
        reader: By what Modal reads it: a role, a key pair, or nothing of this stack's.
        role_arn: The role's ARN, for `modal.CloudBucketMount(oidc_auth_role_arn=…)`.
    """

    bucket: str
    uri: str
    region: str
    reader: Literal["oidc-role", "access-key"] | None = None
    role_arn: str | None = None


class S3(_Told):
    """One environment's buckets.

    Attributes:
        dag_buckets: The buckets of code, keyed as the stack's config has them.
    """

    dag_buckets: Things[DagBucket] = Field(default_factory=dict)


class Github(_Told):
    """What is delivered to GitHub for the flow repository's workflows.

    Attributes:
        repository: The repository: `owner/name`.
        environment: The GitHub environment.
        variables: The names of the variables delivered there.
        secrets: The names of the secrets delivered there.
    """

    repository: str
    environment: str
    variables: list[str] = Field(default_factory=list)
    secrets: list[str] = Field(default_factory=list)


class Outputs(_Told):
    """One environment, as its stack's output `flowground` tells of it.

    Attributes:
        contract: The contract's name; the key is `schema`.
        stack: The stack's name.
        tier: The rules that the environment follows.
        prefect: Its Prefect.
        modal: Its Modal; None where the stack has none.
        s3: Its buckets; None where the stack has none.
        github: What it delivers to GitHub; None where it delivers nothing.
    """

    contract: Literal["flowground/v1"] = Field(alias="schema")
    stack: str
    tier: Literal["dev", "staging", "prod"]
    prefect: Prefect | None = None
    modal: Modal | None = None
    s3: S3 | None = None
    github: Github | None = None


class ModalToken(_Told):
    """A Modal token.

    Attributes:
        token_id: What MODAL_TOKEN_ID must be set to.
        token_secret: What MODAL_TOKEN_SECRET must be set to.
    """

    token_id: str
    token_secret: str


class AccessKey(_Told):
    """An AWS key pair.

    Attributes:
        access_key_id: What AWS_ACCESS_KEY_ID must be set to.
        secret_access_key: What AWS_SECRET_ACCESS_KEY must be set to.
    """

    access_key_id: str
    secret_access_key: str


class Credentials(_Told):
    """What opens one environment's doors: the stack's output `credentials`.

    Attributes:
        prefect: The API key of each service account.
        modal: The service user's token; None where there is none.
        s3: The key pair that reads each bucket which is not read by a role.
    """

    prefect: Things[str] = Field(default_factory=dict)
    modal: ModalToken | None = None
    s3: Things[AccessKey] = Field(default_factory=dict)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the two outputs, by their names."""
    outputs, credentials = (
        model.model_json_schema(ref_template="#/$defs/{model}")
        for model in (Outputs, Credentials)
    )
    parts = {**outputs.pop("$defs"), **credentials.pop("$defs")}
    parts |= {"Outputs": outputs, "Credentials": credentials}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": SCHEMA,
        "type": "object",
        "required": ["flowground"],
        "properties": {
            "flowground": {"$ref": "#/$defs/Outputs"},
            "credentials": {"$ref": "#/$defs/Credentials"},
        },
        "$defs": dict(sorted(parts.items())),
    }
