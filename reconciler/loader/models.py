"""The shape of ggrec.yaml as pydantic models: the one source of what may be written and of its JSON Schema."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from reconciler.core.observation import MARGIN, SHORTEST_MARGIN
from reconciler.core.secret_reference import PATTERN

_SECRET: dict[str, Any] = {"pattern": PATTERN}
"""Only for editors: the program checks it by itself, and never quotes the text."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True, allow_inf_nan=False)


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


class LimitsModel(_Model):
    """Limits of one kind, where they differ."""

    max_deletes: int | None = Field(default=None, ge=0, description="The most deletes (and replaces). Default: 10.")
    max_delete_share: float | None = Field(
        default=None, ge=0, le=1, description="The most, as a share of the kind's objects. Default: 0.5."
    )
    max_updates: int | None = Field(
        default=None, ge=0, description="The most updates (and adoptions that write). Default: 200."
    )
    max_update_share: float | None = Field(default=None, ge=0, le=1, description="The same as a share. Default: 0.5.")
    floor: int | None = Field(default=None, ge=0, description="Deletes from which the share counts. Default: 3.")
    update_floor: int | None = Field(
        default=None, ge=0, description="Updates from which the share counts. Default: 50."
    )


class GuardModel(LimitsModel):
    """Limits on one plan, for each kind."""

    references: bool | None = Field(
        default=None, description="Whether to refuse what others still refer to. Default: true."
    )
    kinds: dict[str, LimitsModel] = Field(default_factory=dict, description="Other limits for a kind, by its name.")


class ProtectModel(_Model):
    """What no plan deletes or replaces."""

    addresses: list[str] = Field(default_factory=list, description="Addresses, globs allowed: dashboard.exec-*.")
    folders: list[str] = Field(
        default_factory=list, description="Folders by uid or address: they, and everything in them and below."
    )
    tags: list[str] = Field(default_factory=list, description="Tags of dashboards and annotations.")
    homes: bool | None = Field(
        default=None, description="Home dashboards of teams and of the organisation. Default: true."
    )


class AcceptedModel(_Model):
    """A finding of `ggrec check` that is meant so."""

    code: str = Field(min_length=1, description="The finding's code.")
    address: str = Field(default="*", description="Of which dashboards, globs allowed.")
    panel: str = Field(default="*", description="Titles of panels (names of variables), globs allowed.")
    reason: str = Field(min_length=1, description="Why it is meant so.")


class ChecksModel(_Model):
    """What `ggrec check` and `validate` say of queries."""

    accept: list[AcceptedModel] = Field(default_factory=list, description="Findings that are meant so.")
    stop: list[str] = Field(
        default_factory=list,
        description="Codes of findings with which nothing is planned or applied. Default: none, they are warnings.",
    )


class ObservationModel(_Model):
    """How long what was verified is believed (docs/speed.md)."""

    margin: float = Field(
        default=MARGIN,
        ge=SHORTEST_MARGIN,
        le=3600,
        description="Seconds by which the newest save must be older than the read that verified it: more than the "
        "clocks of Grafana's replicas differ.",
    )


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
    guard: GuardModel = Field(default_factory=GuardModel, description="Wins over the project's, key by key.")
    protect: ProtectModel = Field(default_factory=ProtectModel, description="Added to the project's.")
    timeout: float = Field(default=30.0, gt=0, description="Seconds for one request.")
    observation: ObservationModel = Field(default_factory=ObservationModel)


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
    guard: GuardModel = Field(default_factory=GuardModel, description="For all instances.")
    protect: ProtectModel = Field(default_factory=ProtectModel, description="For all instances.")
    checks: ChecksModel = Field(default_factory=ChecksModel, description="Of queries.")
    instances: dict[str, InstanceModel] = Field(default_factory=dict)
