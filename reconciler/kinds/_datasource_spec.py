"""What a Datasource document says, as a pydantic model: imported only where documents are checked."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from reconciler.core.secret_reference import read_reference


def secret_reference(value: object) -> str:
    """A reference, checked. The error never shows the value: it may be the secret itself."""
    if isinstance(value, str) and read_reference(value) is not None:
        return value
    what = "a text of another form" if isinstance(value, str) else "not even a text"
    raise ValueError(
        f"a secret must be a reference, and this is {what}: write ${{env:NAME}}, ${{env:NAME:-default}}, "
        "${file:path}, ${command:…} or ${sops:path#key}, and nothing around it"
    )


class DatasourceSpec(BaseModel):
    """What a Datasource document says: Grafana's own fields."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True, hide_input_in_errors=True)

    name: str | None = Field(default=None, min_length=1, max_length=190, description="Omitted: metadata.name.")
    type: str = Field(min_length=1, description="The plugin: prometheus, elasticsearch, loki …")
    access: Literal["proxy", "direct"] = Field(default="proxy", description="proxy (Grafana asks) or direct.")
    url: str = Field(default="", description="Where it is.")
    user: str = ""
    database: str = ""
    basicAuth: bool = False
    basicAuthUser: str = ""
    withCredentials: bool = False
    isDefault: bool | None = Field(
        default=None, description="Whether it is the organisation's default. Omitted: not ours."
    )
    jsonData: dict[str, Any] = Field(default_factory=dict, description="Options of the plugin.")
    secureJsonData: dict[str, Annotated[str, BeforeValidator(secret_reference)]] = Field(
        default_factory=dict,
        description='Secrets of the plugin, as references: "${env:NAME}", "${file:path}" … (docs/secrets.md).',
    )
