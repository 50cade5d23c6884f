"""The shape of ggrec.yaml as pydantic models: the one source of what may be written and of its JSON Schema."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from reconciler.loader.references import REFERENCE

_SECRET: dict[str, Any] = {"pattern": f"^{REFERENCE.pattern}$"}
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


class StateModel(_Model):
    """Where the state is, with what an object store needs beyond the environment."""

    url: str = Field(min_length=1, description="A folder, or s3://bucket/prefix, gs://bucket/prefix, az://box/prefix.")
    endpoint: str | None = Field(default=None, min_length=1, description="The address of a server that speaks S3.")
    region: str | None = Field(default=None, min_length=1)
    allow_http: bool = Field(default=False, description="Allow an endpoint without TLS. Only on a network of your own.")
    path_style: bool | None = Field(
        default=None, description="The bucket in the path, not in the host's name. Default: with an endpoint."
    )
    ca: str | None = Field(default=None, min_length=1, description="A PEM file of the endpoint's own authority.")
    access_key_id: str | None = Field(default=None, description="A reference.", json_schema_extra=_SECRET)
    secret_access_key: str | None = Field(default=None, description="A reference.", json_schema_extra=_SECRET)
    lease: float = Field(default=60.0, ge=10, le=3600, description="Seconds after which a silent lock is taken over.")


def _as_mapping(state: Any) -> Any:
    return {"url": state} if isinstance(state, str) else state


def _or_text(schema: dict[str, Any]) -> None:
    schema["anyOf"].insert(0, {"type": "string", "minLength": 1})


class GuardModel(_Model):
    """Limits on one plan, per kind."""

    max_deletes: int = Field(default=10, ge=0)
    max_delete_share: float = Field(default=0.5, ge=0, le=1)


class InstanceModel(_Model):
    """One Grafana and one organisation in it."""

    url: str = Field(description="The address of its start page.")
    auth: AuthModel = Field(default_factory=AuthModel)
    org: int | None = Field(default=None, ge=1, description="The organisation's id; with a token it is checked only.")
    state: Annotated[StateModel | None, BeforeValidator(_as_mapping)] = Field(
        default=None,
        description="Where the state is: a folder or an object store's URL. Default: state/<instance>.",
        json_schema_extra=_or_text,
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
    instances: dict[str, InstanceModel] = Field(default_factory=dict)
