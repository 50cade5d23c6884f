"""What a LibraryPanel document says, as a pydantic model: imported only where documents are checked."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator


class LibraryPanelSpec(BaseModel):
    """What a LibraryPanel document says."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    name: str | None = Field(
        default=None,
        min_length=1,
        description="What Grafana's list of library panels calls it; omitted: metadata.name.",
    )
    folder: str | None = Field(default=None, description="metadata.name of a Folder; omitted: the root.")
    panel: dict[str, Any] = Field(
        description="Grafana's own panel model, whole; `type` is required. `datasource` of the panel and of its "
        "`targets` may be a metadata.name instead of Grafana's `{type, uid}`.",
    )

    @field_validator("panel")
    @classmethod
    def _whole(cls, panel: dict[str, Any]) -> dict[str, Any]:
        """With a type: where an update leaves it out, Grafana keeps the old one."""
        if not isinstance(panel.get("type"), str) or not panel["type"]:
            raise ValueError("a panel needs a type, as in `type: timeseries`")
        if panel["type"] == "row":
            raise ValueError("a row cannot be a library panel")
        if "libraryPanel" in panel:
            raise ValueError("a library panel cannot show another one: leave libraryPanel out")
        for key in ("title", "description"):
            if not isinstance(panel.get(key, ""), str):
                raise ValueError(f"{key} must be a text")
        if not isinstance(panel.get("targets", []), list):
            raise ValueError("targets must be a list")
        return panel
