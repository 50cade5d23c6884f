"""What an Annotation document says, as a pydantic model: imported only where documents are checked."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator

from reconciler.kinds._times import milliseconds
from reconciler.kinds.annotation import MARKER

_FORMS: dict[str, Any] = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "integer"}]}
Moment = Annotated[int, BeforeValidator(milliseconds), WithJsonSchema(_FORMS)]


class AnnotationSpec(BaseModel):
    """What an Annotation document says."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    text: str = Field(min_length=1, description="What happened. Grafana shows it as HTML.")
    time: Moment = Field(description="When: RFC 3339 with a zone, or epoch milliseconds.")
    timeEnd: Moment | None = Field(default=None, description="The end, for a region.")
    tags: list[str] = Field(default_factory=list, description="Tags by which dashboards query it.")
    dashboard: str | None = Field(
        default=None, description="metadata.name of a Dashboard; omitted: the whole organisation."
    )
    panel: int | str | None = Field(
        default=None, description="A panel of that dashboard, by its title (also inside a collapsed row) or its id."
    )

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: list[str]) -> list[str]:
        own = [tag for tag in value if tag.strip().startswith(MARKER)]
        if own:
            raise ValueError(f"'{own[0]}': tags that begin with {MARKER} are ggrec's own markers")
        return value
