"""What a Preferences document says, as a pydantic model: imported only where documents are checked."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_KEYS = ("home", "theme", "timezone", "week_start", "language")


class PreferencesSpec(BaseModel):
    """What a Preferences document says. Only what is written is managed."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    team: str | None = Field(default=None, description="metadata.name of a Team.")
    organisation: Literal[True] | None = Field(default=None, description="true: those of the whole organisation.")
    home: str | None = Field(default=None, description="metadata.name of a Dashboard: what opens first.")
    theme: str | None = Field(
        default=None,
        min_length=1,
        description="light, dark, system, or another one that this Grafana has; it refuses others.",
    )
    timezone: str | None = Field(
        default=None, min_length=1, description="A zone as in `Europe/Berlin`, or utc, or browser."
    )
    week_start: Literal["monday", "sunday", "saturday", "browser"] | None = Field(
        default=None, description="The first day of a week."
    )
    language: str | None = Field(default=None, min_length=2, description="As in `en-US`.")

    @model_validator(mode="after")
    def _one(self) -> "PreferencesSpec":
        if (self.team is None) == (self.organisation is None):
            raise ValueError("preferences are of a `team`, or of the organisation: write `organisation: true`")
        if all(getattr(self, key) is None for key in _KEYS):
            raise ValueError(f"nothing is preferred: write one of {', '.join(_KEYS)}")
        return self
