"""What all tables of the settings file have in common."""

from typing import get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Section(BaseModel):
    """A table of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_truth_for_number(cls, value: object, given: ValidationInfo) -> object:
        """Refuse true and false in the place of a number, which would be taken for 1 and 0."""
        annotation = cls.model_fields[given.field_name or ""].annotation
        if isinstance(value, bool) and {int, float} & {annotation, *get_args(annotation)}:
            message = "must be a number, not true or false"
            raise ValueError(message)
        return value
