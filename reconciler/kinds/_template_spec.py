"""What a MessageTemplate document says, as a pydantic model: imported only where documents are checked."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _template(text: str) -> str:
    if not re.search(r"\{\{\s*define\b", text):
        raise ValueError(
            'it defines nothing, and Grafana would wrap it: write `{{ define "name" }}…{{ end }}` (not `{{-` in all of '
            "them), and use that name in messages"
        )
    return text


class MessageTemplateSpec(BaseModel):
    """What a MessageTemplate document says."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    name: str | None = Field(
        default=None, min_length=1, max_length=190, description="As Grafana shows it. Omitted: metadata.name."
    )
    template: Annotated[str, AfterValidator(_template)] = Field(
        description='One or more definitions, in Go\'s template language: `{{ define "name" }}…{{ end }}`. Contact '
        'points use one by `{{ template "name" . }}`.'
    )
