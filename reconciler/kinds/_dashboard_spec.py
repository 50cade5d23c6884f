"""What a Dashboard document may say."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class DashboardSpec(BaseModel):
    """A dashboard after expansion: the folder's name and Grafana's model."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    folder: str | None = None
    model: dict[str, Any]


class FromCommand(BaseModel):
    """A program that prints the model as JSON; ggrec.yaml must allow it."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    command: list[str] = Field(min_length=1, description="The program and its arguments; no shell.")


class DashboardDocument(BaseModel):
    """What a Dashboard document may say: Grafana's v1 dashboard model, and these."""

    model_config = ConfigDict(extra="allow")

    title: str | None = Field(default=None, description="The dashboard's title (required, unless `from` brings one).")
    folder: str | None = Field(default=None, description="metadata.name of a Folder; omitted: the root.")
    description: str | None = Field(default=None, description="What the dashboard is for, shown beside its title.")
    tags: list[str] | None = Field(default=None, description="Tags, as in Grafana.")
    panels: list[dict[str, Any]] | None = Field(
        default=None,
        description="Panels in reading order: Grafana's panels, with `width`/`height` instead of `gridPos`, `row:` for "
        "rows, `use:` for templates, `datasource:` by name, `thresholds: {green: null, red: 30}`, `unit`, `decimals`, "
        "`min`, `max`, `color`, `audience`.",
    )
    variables: list[dict[str, Any]] | None = Field(default=None, description="Stands for `templating.list`.")
    annotations: Any = Field(default=None, description="`annotations.list` as a list; `{name, tags}` queries by tags.")
    links: list[dict[str, Any]] | None = Field(default=None, description="Dashboard links, as in Grafana.")
    from_: str | FromCommand | None = Field(
        default=None,
        alias="from",
        description="A JSON file with the model, beside this file; or a command that prints it.",
    )
    inputs: dict[str, str] | None = Field(default=None, description="For `from`: input name → metadata.name.")
