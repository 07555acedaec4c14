"""Entries of a stack's config, each validated by the model of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ValidatorFunctionWrapHandler, WrapValidator, create_model
from pydantic_core import core_schema

from .model import Args, Part, annotation_of
from .references import refers

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import GetCoreSchemaHandler
    from pydantic.fields import FieldInfo


class EntryOf:
    """Says that a mapping holds the arguments of a kind, except some.

    `Annotated[dict[str, Any], EntryOf(WorkPoolArgs, "name", "workspace_id")]` takes
    what `WorkPoolArgs` takes but the two, refuses all else, and yields what was
    given, so that defaults stay the kind's own affair. What is `optional` is filled in
    by who reads the entry, even where the kind needs it.
    """

    def __init__(
        self, model: type[Args], *without: str, optional: Collection[str] = ()
    ) -> None:
        self.model = model
        self.without = without
        self.optional = optional

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Validate by the kind's model, with paths into the entry."""
        del source
        fields: dict[str, Any] = {
            name: (
                Annotated[annotation_of(field), WrapValidator(_unless_it_refers)],
                self._default(name, field),
            )
            for name, field in self.model.model_fields.items()
            if name not in self.without
        }
        name = f"{self.model.__name__}Entry"
        entry: Any = create_model(name, __base__=Part, **fields)
        return core_schema.no_info_after_validator_function(
            _given, handler.generate_schema(entry)
        )

    def _default(self, name: str, field: FieldInfo) -> Any:
        if not field.is_required():
            return field
        return None if name in self.optional else ...


def _unless_it_refers(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Leave what refers to another part of the stack to the kind's own check."""
    return value if refers(value) else validate(value)


def _given(entry: Part) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.model_fields_set}
