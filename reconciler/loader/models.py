"""The shape of ggrec.yaml as pydantic models: the one source of what may be written and of its JSON Schema."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from reconciler.core.reference import PATTERN

_SECRET: dict[str, Any] = {"pattern": PATTERN}
"""Only for editors: the program checks it by itself, and never quotes the text."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class AuthModel(_Model):
    """How to get in: a service account's token, or a user and password. Secrets as references."""

    token: str | None = Field(
        default=None, description='A reference: "${env:GRAFANA_TOKEN}".', json_schema_extra=_SECRET
    )
    user: str | None = Field(default=None, min_length=1)
    password: str | None = Field(
        default=None, description='A reference: "${env:GRAFANA_PASSWORD}".', json_schema_extra=_SECRET
    )


class TlsModel(_Model):
    """PEM files, relative to ggrec.yaml."""

    ca: str | None = Field(default=None, min_length=1)
    certificate: str | None = Field(default=None, min_length=1)
    key: str | None = Field(default=None, min_length=1)
    insecure_skip_verify: bool = Field(default=False, description="Trust any certificate. Only for tests.")


class GuardModel(_Model):
    """Limits on one plan, per kind."""

    max_deletes: int = Field(default=10, ge=0)
    max_delete_share: float = Field(default=0.5, ge=0, le=1)


class InstanceModel(_Model):
    """One Grafana and one organisation in it."""

    url: str = Field(description="The address of its start page.")
    auth: AuthModel = Field(default_factory=AuthModel)
    org: int | None = Field(default=None, ge=1, description="The organisation's id; with a token it is checked only.")
    state: str | None = Field(
        default=None, min_length=1, description="The folder of the state. Default: state/<instance>."
    )
    values: dict[str, Any] = Field(default_factory=dict, description="What ${values.x} stands for in desired files.")
    tls: TlsModel = Field(default_factory=TlsModel)
    guard: GuardModel = Field(default_factory=GuardModel)
    timeout: float = Field(default=30.0, gt=0, description="Seconds for one request.")


class ProjectModel(_Model):
    """The spec of ggrec.yaml."""

    desired: str = Field(default="desired/", min_length=1, description="The folder of desired files.")
    default: str | None = Field(default=None, description="The instance used without -i.")
    commands: list[str] = Field(
        default_factory=list, description="Programs that `from: {command: [...]}` may run. None by default."
    )
    secret_commands: list[str] = Field(
        default_factory=list,
        description='Programs that `${command:…}` may run for a secret, each alone ("op") or with the arguments it '
        'must begin with ("vault kv get"). None by default.',
    )
    instances: dict[str, InstanceModel] = Field(default_factory=dict)
