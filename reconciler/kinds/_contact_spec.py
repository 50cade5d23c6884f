"""What a ContactPoint document says, as a pydantic model: imported only where documents are checked."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from reconciler.kinds._datasource_spec import secret_reference


class IntegrationSpec(BaseModel):
    """One way in which a contact point tells people."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True, hide_input_in_errors=True)

    type: str = Field(min_length=1, description="As Grafana calls it: email, slack, webhook, pagerduty …")
    uid: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,40}$",
        description="By which Grafana knows it and keeps its secrets. Omitted: `<metadata.name>-<type>`, and a number "
        "for the second of a type and those after it.",
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="Grafana's own settings of the type.")
    secureSettings: dict[str, Annotated[str, BeforeValidator(secret_reference)]] = Field(
        default_factory=dict,
        description='Its secret settings, as references: "${env:NAME}", "${file:path}" … (docs/secrets.md). One that '
        "lies deeper is written with dots: `tlsConfig.clientKey`.",
    )
    disableResolveMessage: bool = Field(default=False, description="Whether nothing is said when an alert is over.")
    version: str | None = Field(
        default=None, min_length=1, description="Which version of the type's settings these are. Omitted: v1."
    )


class ContactPointSpec(BaseModel):
    """What a ContactPoint document says."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True, hide_input_in_errors=True)

    name: str | None = Field(
        default=None, min_length=1, max_length=190, description="As Grafana shows it. Omitted: metadata.name."
    )
    integrations: list[IntegrationSpec] = Field(
        description="Whom it tells, and how. An empty list: a contact point that tells nobody."
    )
