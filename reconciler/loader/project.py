"""ggrec.yaml: which Grafanas there are, how to get in, where desired and state are. Environment variables win over it.

Must not resolve a secret: they stay references.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reconciler.core.errors import Diagnostic, InvalidInput, UsageError
from reconciler.core.guard import Guard
from reconciler.core.json import Json
from reconciler.core.resource import SecretRef
from reconciler.core.source import Mark, MarkedDict, mark_at
from reconciler.loader.envelope import open_envelope, suggestion
from reconciler.loader.references import interpolated, is_reference
from reconciler.loader.yaml import parse_yaml

FILE = "ggrec.yaml"
VARIABLES = ("GRAFANA_URL", "GRAFANA_TOKEN", "GRAFANA_USER", "GRAFANA_PASSWORD", "GRAFANA_ORG_ID")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AuthModel(_Model):
    """How to get in: a service account's token, or a user and password. Secrets as references."""

    token: str | None = Field(default=None, description='A reference: "${env:GRAFANA_TOKEN}".')
    user: str | None = None
    password: str | None = Field(default=None, description='A reference: "${env:GRAFANA_PASSWORD}".')


class TlsModel(_Model):
    """PEM files, relative to ggrec.yaml."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
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
    state: str | None = Field(default=None, description="The folder of the state. Default: state/<instance>.")
    values: dict[str, Any] = Field(default_factory=dict, description="What ${values.x} stands for in desired files.")
    tls: TlsModel = Field(default_factory=TlsModel)
    guard: GuardModel = Field(default_factory=GuardModel)
    timeout: float = Field(default=30.0, gt=0, description="Seconds for one request.")


class ProjectModel(_Model):
    """The spec of ggrec.yaml."""

    desired: str = Field(default="desired/", description="The folder of desired files.")
    default: str | None = Field(default=None, description="The instance used without -i.")
    instances: dict[str, InstanceModel] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files as paths."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    insecure_skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """One Grafana, ready to connect to. `state` is a folder; `timeout` in seconds."""

    name: str
    url: str
    state: Path
    token: SecretRef | None = None
    user: str | None = None
    password: SecretRef | None = None
    org: int | None = None
    values: Mapping[str, Json] = field(default_factory=dict)
    tls: Tls = field(default_factory=Tls)
    guard: Guard = field(default_factory=Guard)
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Project:
    """What ggrec.yaml says; without one, the working directory and the environment."""

    name: str
    root: Path
    desired: Path
    model: ProjectModel
    written: MarkedDict
    file: Path | None = None

    def values(self, name: str | None) -> Mapping[str, Json]:
        """The values of an instance, for work without a Grafana; none where no instance is named and none is the
        default.
        """
        chosen = self._chosen(name)
        return self.model.instances[chosen].values if chosen in self.model.instances else {}

    def _chosen(self, name: str | None) -> str:
        known = self.model.instances
        if name is not None and name not in known:
            raise UsageError.one(
                "unknown-instance",
                f"no instance '{name}' in {FILE}" if known else f"--instance {name}: there is no {FILE} with instances",
                hint=suggestion(name, list(known)) if known else "`ggrec init` writes one",
            )
        return name or self.model.default or (next(iter(known)) if len(known) == 1 else "")

    def instance(self, name: str | None, environment: Mapping[str, str], *, url: str | None = None) -> Instance:
        """The chosen instance (default: `default`, else the only one), overridden by `url` and the environment.

        Raises UsageError for an unknown name, InvalidInput for what is missing, all of it at once.
        """
        chosen = self._chosen(name)
        if chosen not in self.model.instances and not (url or environment.get("GRAFANA_URL")):
            hint = (
                f"name one with -i ({', '.join(self.model.instances)})"
                if self.model.instances
                else "`ggrec init` begins one"
            )
            raise UsageError.one(
                "no-instance", "which Grafana? Give --url or GRAFANA_URL, or an instance of ggrec.yaml", hint=hint
            )
        return _Resolving(self, chosen, environment, url).run()


def load_project(path: Path | None, *, start: Path) -> Project:
    """Read `path`, or the ggrec.yaml found upward from `start`; without any, a project of the folder `start`.

    Raises InvalidInput with everything that is wrong with the file.
    """
    file = path or _found(start)
    if file is None:
        return Project("default", start, start / "desired", ProjectModel(), MarkedDict())
    try:
        data = file.read_bytes()
    except OSError as error:
        text = f"cannot be read: {error.strerror or error}"
        raise InvalidInput.one("unreadable-file", text, hint="--config names ggrec.yaml", subject=str(file)) from None
    documents, problems = parse_yaml(data, file.name)
    if not problems and len(documents) != 1:
        problems.append(Diagnostic("not-one-document", "ggrec.yaml holds one document", where=Mark(file.name, 1, 1)))
    if problems:
        raise InvalidInput(tuple(sorted(problems, key=Diagnostic.sort_key)))
    document, problems = open_envelope(documents[0], file.name)
    if document is None:
        raise InvalidInput(tuple(sorted(problems, key=Diagnostic.sort_key)))
    if document.kind != "Project":
        where = mark_at(documents[0], ("kind",))
        raise InvalidInput.one(
            "not-a-project", f"kind is {document.kind}", hint="ggrec.yaml has `kind: Project`", where=where
        )
    root = file.resolve().parent
    model = _validated(document.spec)
    return Project(document.name, root, root / model.desired, model, document.spec, file)


def _found(start: Path) -> Path | None:
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE).is_file():
            return folder / FILE
    return None


def _validated(spec: MarkedDict) -> ProjectModel:
    problems: list[Diagnostic] = []
    model = ProjectModel()
    try:
        model = ProjectModel.model_validate(spec)
    except ValidationError as error:
        problems += [_problem(spec, dict(item)) for item in error.errors()]
    problems += list(_literal_secrets(spec))
    default = model.default
    if default is not None and default not in model.instances:
        text = f"default names the instance '{default}', which is not there"
        problems.append(
            Diagnostic("unknown-default", text, suggestion(default, list(model.instances)), mark_at(spec, ("default",)))
        )
    if problems:
        raise InvalidInput(tuple(sorted(problems, key=Diagnostic.sort_key)))
    return model


def _fields(path: tuple[Any, ...]) -> list[str]:
    """The keys that may stand at the place where an unknown one was found."""
    if len(path) <= 1:
        return list(ProjectModel.model_fields)
    models: dict[Any, type[BaseModel]] = {"auth": AuthModel, "tls": TlsModel, "guard": GuardModel}
    return list(models.get(path[-2], InstanceModel).model_fields)


def _problem(spec: MarkedDict, item: dict[str, Any]) -> Diagnostic:
    path = tuple(item["loc"])
    name = ".".join(map(str, path))
    kinds: dict[str, Literal["missing", "unknown"]] = {"missing": "missing", "extra_forbidden": "unknown"}
    kind = kinds.get(item["type"])
    if kind == "unknown":
        hint = suggestion(str(path[-1]), _fields(path))
        return Diagnostic("unknown-key", f"unknown key '{path[-1]}'", hint, mark_at(spec, path, key=True))
    if kind == "missing":
        return Diagnostic("missing-key", f"'{name}' is missing", "", mark_at(spec, path[:-1]))
    return Diagnostic("bad-value", f"{name}: {item['msg'][0].lower()}{item['msg'][1:]}", "", mark_at(spec, path))


def _literal_secrets(spec: MarkedDict) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    instances = spec.get("instances")
    for name, instance in instances.items() if isinstance(instances, dict) else ():
        auth = instance.get("auth") if isinstance(instance, dict) else None
        for key in ("token", "password"):
            text = auth.get(key) if isinstance(auth, dict) else None
            if isinstance(text, str) and not is_reference(text):
                where = mark_at(spec, ("instances", name, "auth", key))
                message = f"instances.{name}.auth.{key} is a secret in plain text"
                hint = f'write a reference: {key}: "${{env:GRAFANA_{key.upper()}}}"'
                found.append(Diagnostic("literal-secret", message, hint, where))
    return found


class _Resolving:
    """One instance with the environment worked in."""

    def __init__(self, project: Project, name: str, environment: Mapping[str, str], url: str | None) -> None:
        self.project = project
        self.name = name
        self.environment = environment
        self.url = url
        self.model = project.model.instances.get(name)
        self.problems: list[Diagnostic] = []

    def run(self) -> Instance:
        model, root = self.model, self.project.root
        url = self.url or self.environment.get("GRAFANA_URL") or self._text("url", model.url if model else "")
        token, user, password = self._auth()
        tls = model.tls if model else TlsModel()
        host = urlsplit(url).netloc.replace(":", "-").rpartition("@")[2] or "default"
        name = self.name or host
        state = self._text("state", model.state) if model and model.state else f"state/{name}"
        if "://" in state:
            text = f"instances.{name}.state: {state}: only folders can hold the state"
            self._fail("remote-state", text, "name a folder", "state")
        org = self._org()
        if self.problems:
            raise InvalidInput(tuple(self.problems))
        guard = model.guard if model else GuardModel()
        return Instance(
            name=name,
            url=url,
            state=root / state,
            token=token,
            user=user,
            password=password,
            org=org,
            values=model.values if model else {},
            tls=Tls(
                ca=root / tls.ca if tls.ca else None,
                certificate=root / tls.certificate if tls.certificate else None,
                key=root / tls.key if tls.key else None,
                insecure_skip_verify=tls.insecure_skip_verify,
            ),
            guard=Guard(guard.max_deletes, guard.max_delete_share),
            timeout=model.timeout if model else 30.0,
        )

    def _auth(self) -> tuple[SecretRef | None, str | None, SecretRef | None]:
        if self.environment.get("GRAFANA_TOKEN"):
            return SecretRef("${env:GRAFANA_TOKEN}"), None, None
        if self.environment.get("GRAFANA_USER"):
            return None, self.environment["GRAFANA_USER"], SecretRef("${env:GRAFANA_PASSWORD}")
        auth = self.model.auth if self.model else AuthModel()
        if auth.token:
            return SecretRef(auth.token), None, None
        if auth.user and auth.password:
            return None, self._text("auth.user", auth.user), SecretRef(auth.password)
        where = ("auth",) if self.model else ()
        self._fail(
            "no-credentials",
            f"no credentials for {self.name or 'this Grafana'}",
            "set GRAFANA_TOKEN (or GRAFANA_USER and GRAFANA_PASSWORD), or `auth` in ggrec.yaml",
            *where,
        )
        return None, None, None

    def _org(self) -> int | None:
        text = self.environment.get("GRAFANA_ORG_ID")
        if not text:
            return self.model.org if self.model else None
        if not text.isdigit() or int(text) < 1:
            self._fail(
                "bad-org", f"GRAFANA_ORG_ID is '{text}', not the number of an organisation", "as in GRAFANA_ORG_ID=1"
            )
            return None
        return int(text)

    def _text(self, key: str, text: str) -> str:
        filled, missing = interpolated(text, self.environment)
        for name in missing:
            message = f"instances.{self.name}.{key}: the environment variable {name} is not set"
            self._fail("variable-missing", message, f"set it, or write ${{env:{name}:-default}}", *key.split("."))
        return filled

    def _fail(self, code: str, message: str, hint: str, *path: str) -> None:
        where = mark_at(self.project.written, ("instances", self.name, *path)) if path else None
        self.problems.append(Diagnostic(code, message, hint, where))
