"""The actions of an automation.

Sources: prefect.server.events.actions; for those that Prefect Cloud alone has,
prefect.events.actions and Prefect's Terraform provider.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator

from .automation_parts import Rule, Seconds, Values

SUBJECT: Final = "Prefect automated notification"


class Plain(Rule):
    """An action about which there is nothing more to say."""

    type: Literal[
        "do-nothing",
        "cancel-flow-run",
        "suspend-flow-run",
        "resume-flow-run",
        "delete-flow-run",
        # Prefect Cloud only:
        "declare-incident",
        "pause-schedule-for-flow-run",
        "resume-schedule-for-flow-run",
    ]


class Targeted(Rule):
    """An action on an object: a selected one, or the one that the event is about."""

    target: ClassVar[str]
    source: Literal["selected", "inferred"] = "selected"

    @model_validator(mode="after")
    def _select_one(self) -> Self:
        selected = getattr(self, self.target) is not None
        if self.source == "selected" and not selected:
            raise ValueError(f'needs a {self.target}, or "source": "inferred"')
        if self.source == "inferred" and selected:
            raise ValueError(f"cannot have a {self.target}, because it is inferred")
        return self


class DeploymentAction(Targeted):
    """Pause or resume a deployment's schedules."""

    target = "deployment_id"
    type: Literal["pause-deployment", "resume-deployment"]
    deployment_id: UUID | None = None


class RunDeployment(Targeted):
    """Run a deployment."""

    target = "deployment_id"
    type: Literal["run-deployment"]
    deployment_id: UUID | None = None
    parameters: Values
    job_variables: Values
    schedule_after: Seconds = timedelta(0)


class WorkPoolAction(Targeted):
    """Pause or resume a work pool."""

    target = "work_pool_id"
    type: Literal["pause-work-pool", "resume-work-pool"]
    work_pool_id: UUID | None = None


class WorkQueueAction(Targeted):
    """Pause or resume a work queue."""

    target = "work_queue_id"
    type: Literal["pause-work-queue", "resume-work-queue"]
    work_queue_id: UUID | None = None


class AutomationAction(Targeted):
    """Pause or resume an automation."""

    target = "automation_id"
    type: Literal["pause-automation", "resume-automation"]
    automation_id: UUID | None = None


class ChangeFlowRunState(Rule):
    """Put the flow run into another state."""

    type: Literal["change-flow-run-state"]
    state: Literal[
        "SCHEDULED",
        "PENDING",
        "RUNNING",
        "COMPLETED",
        "FAILED",
        "CANCELLED",
        "CRASHED",
        "PAUSED",
        "CANCELLING",
    ]
    name: str | None = None
    message: str | None = None
    force: bool = False


class SendNotification(Rule):
    """Send a notification through a block."""

    type: Literal["send-notification"]
    block_document_id: UUID
    subject: str = SUBJECT
    body: str


class SendEmail(Rule):
    """Send e-mail; Prefect Cloud only."""

    type: Literal["send-email-notification"]
    emails: Annotated[list[str], Field(min_length=1)]
    subject: str = SUBJECT
    body: str


def _text(payload: Any) -> Any:
    """Write a payload that is not text as the server does."""
    if isinstance(payload, dict | list):
        return json.dumps(payload, indent=2, ensure_ascii=False)
    return payload


class CallWebhook(Rule):
    """Call a webhook block."""

    type: Literal["call-webhook"]
    block_document_id: UUID
    payload: Annotated[str, BeforeValidator(_text)] = ""


Action: TypeAlias = Annotated[
    Plain
    | RunDeployment
    | DeploymentAction
    | WorkPoolAction
    | WorkQueueAction
    | AutomationAction
    | ChangeFlowRunState
    | SendNotification
    | SendEmail
    | CallWebhook,
    Field(discriminator="type"),
]

ACTION: Final[TypeAdapter[Any]] = TypeAdapter(Action)
ACTIONS: Final[TypeAdapter[Any]] = TypeAdapter(list[Action])
