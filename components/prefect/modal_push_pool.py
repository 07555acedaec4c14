"""A work pool whose runs Prefect Cloud starts in Modal, with the credentials for it.

What `prefect work-pool create --type modal:push --provision-infra` makes, as
`prefect.infrastructure.provisioners.modal` has it: a block `<pool>-modal-credentials`,
and a pool whose template refers to that block as the default of its variable
`modal_credentials`. Nothing is made in Modal itself.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import pulumi

from components.kernel import ConfigurationError

from .block import Block
from .job_template import default_template
from .work_pool import WorkPool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from .base import WorkspaceLike

TYPE: Final = "modal:push"
VARIABLE: Final = "modal_credentials"


def with_credentials(
    template: Mapping[str, Any], reference: JsonValue
) -> dict[str, Any]:
    """Return a copy of a template whose runs use a block unless they say otherwise.

    Raises:
        ConfigurationError: The template has no variable for it.
    """
    filled: dict[str, Any] = copy.deepcopy(dict(template))
    variables = filled.get("variables", {}).get("properties", {})
    if VARIABLE not in variables:
        raise ConfigurationError(
            f"the base job template has no variable '{VARIABLE}'; start from what "
            f"`prefect work-pool get-default-base-job-template --type {TYPE}` prints"
        )
    variables[VARIABLE]["default"] = reference
    return filled


class ModalPushPool(pulumi.ComponentResource):
    """A work pool whose runs need no worker: Prefect Cloud starts them in Modal.

    Attributes:
        credentials: The block that holds the Modal token.
        work_pool: The pool.
        name: The pool's name.
    """

    credentials: Block
    work_pool: WorkPool
    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        token_id: pulumi.Input[str],
        token_secret: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] = "",
        base_job_template: Mapping[str, Any] | None = None,
        is_paused: pulumi.Input[bool] = False,
        concurrency_limit: pulumi.Input[int] | None = None,
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the pool and its credentials.

        Args:
            resource_name: Its name in the program and in state.
            token_id: The id of the Modal token (`ak-…`), a service user's for choice.
            token_secret: Its secret; kept encrypted in state and never read back.
            name: The pool's name: lower case letters, digits and `-`, as the block's
                name is made of it. The resource's name if not given. A change replaces
                both.
            description: For people.
            base_job_template: How a run's sandbox is described; the type's own default
                if not given. It needs a variable `modal_credentials`, whose default is
                set here.
            is_paused: Whether nothing is handed out.
            concurrency_limit: How many runs at once; as many as come if not given.
            workspace: The workspace it lives in.
            adopt: Take over a block and a pool of these names that differ, such as
                those that `--provision-infra` made.
            opts: Pulumi's resource options.

        Raises:
            ConfigurationError: The template has no variable `modal_credentials`.
        """
        super().__init__("flowground:prefect:ModalPushPool", resource_name, None, opts)
        pool_name = name if name is not None else resource_name
        template = base_job_template or default_template(TYPE) or {}
        with_credentials(template, None)  # the error is for the preview
        child = pulumi.ResourceOptions(parent=self)
        self.credentials = Block(
            resource_name,
            type_slug="modal-credentials",
            name=pulumi.Output.concat(pool_name, "-modal-credentials"),
            data={"token_id": token_id},
            secrets={"token_secret": token_secret},
            workspace=workspace,
            adopt=adopt,
            opts=child,
        )
        self.work_pool = WorkPool(
            resource_name,
            type=TYPE,
            name=pool_name,
            description=description,
            base_job_template=self.credentials.reference.apply(
                lambda reference: with_credentials(template, reference)
            ),
            is_paused=is_paused,
            concurrency_limit=concurrency_limit,
            workspace=workspace,
            adopt=adopt,
            opts=child,
        )
        self.name = self.work_pool.name
        self.register_outputs({"name": self.name})
