"""Entries of a stack's config, each validated by the model of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ValidatorFunctionWrapHandler, WrapValidator, create_model
from pydantic_core import core_schema

from .model import Args, Part, annotation_of
from .references import refers

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler


class EntryOf:
    """Says that a mapping holds the arguments of a kind, except some.

    `Annotated[dict[str, Any], EntryOf(WorkPoolArgs, "name", "workspace_id")]` takes
    what `WorkPoolArgs` takes but the two, refuses all else, and yields what was
    given, so that defaults stay the kind's own affair.
    """

    def __init__(self, model: type[Args], *without: str) -> None:
        self.model = model
        self.without = without

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Validate by the kind's model, with paths into the entry."""
        del source
        fields: dict[str, Any] = {
            name: (
                Annotated[annotation_of(field), WrapValidator(_unless_it_refers)],
                ... if field.is_required() else field,
            )
            for name, field in self.model.model_fields.items()
            if name not in self.without
        }
        entry = create_model(f"{self.model.__name__}Entry", __base__=Part, **fields)
        return core_schema.no_info_after_validator_function(
            _given, handler.generate_schema(entry)
        )


def _unless_it_refers(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Leave what refers to another part of the stack to the kind's own check."""
    return value if refers(value) else validate(value)


def _given(entry: Part) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.model_fields_set}
