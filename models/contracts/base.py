"""What all contracts share."""

from typing import Annotated

import pydantic

from models.domain.times import to_text, to_us


class Contract(pydantic.BaseModel):
    """A message of ours: immutable, strict about types, deaf to fields it does not know (they may come later)."""

    model_config = pydantic.ConfigDict(
        frozen=True, extra="ignore", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


Instant = Annotated[
    pydantic.AwareDatetime,
    pydantic.PlainSerializer(lambda time: to_text(to_us(time)), return_type=str),
]
"""A moment with a zone; naive text is refused. Written in UTC with Z."""
MeterId = Annotated[str, pydantic.StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]+$")]
