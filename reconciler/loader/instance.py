"""One instance of ggrec.yaml with the environment worked in: what to connect to. Secrets stay references."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct, field

from reconciler.core.errors import Diagnostic, InvalidInput
from reconciler.core.guard import Guard
from reconciler.core.json import Json
from reconciler.core.observation import MARGIN
from reconciler.core.protect import Protection
from reconciler.core.resource import SecretRef
from reconciler.core.source import MarkedDict, format_path, mark_at
from reconciler.core.source import Path as ValuePath
from reconciler.loader.guards import guard_of, protection_of
from reconciler.loader.references import interpolated
from reconciler.loader.state import RemoteState, remote_problem
from reconciler.loader.urls import url_diagnostic, url_problem

if TYPE_CHECKING:
    from reconciler.loader.models import ProjectModel, StateModel


class Tls(Struct, frozen=True):
    """PEM files as paths."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    insecure_skip_verify: bool = False


class Instance(Struct, frozen=True):
    """One Grafana, ready to connect to. `state` is a folder or an object store; `timeout` and `lease` in seconds."""

    name: str
    url: str
    state: Path | RemoteState
    token: SecretRef | None = None
    user: str | None = None
    password: SecretRef | None = None
    org: int | None = None
    values: Mapping[str, Json] = field(default_factory=dict)
    tls: Tls = field(default_factory=Tls)
    guard: Guard = field(default_factory=Guard)
    protection: Protection = field(default_factory=Protection)
    timeout: float = 30.0
    lease: float = 60.0
    margin: float = MARGIN


class Overrides(Struct, frozen=True):
    """What wins over the file: the environment's variables, and over those `--url`."""

    environment: Mapping[str, str]
    url: str | None = None


class Filling:
    """Texts of ggrec.yaml with `${env:…}` filled in; `problems` collects what is not set, at its place."""

    def __init__(self, written: MarkedDict, environment: Mapping[str, str]) -> None:
        self.written = written
        self.environment = environment
        self.problems: list[Diagnostic] = []

    def text(self, text: str, path: ValuePath) -> str:
        """The text, filled in."""
        filled, missing = interpolated(text, self.environment)
        for name in missing:
            message = f"{format_path(path)}: the environment variable {name} is not set, or empty"
            self.fail("variable-missing", message, f"set it, or write ${{env:{name}:-default}}", path)
        return filled

    def values(self, value: Any, path: ValuePath) -> Any:
        """A value with all its texts filled in; plain mappings and lists."""
        if isinstance(value, str):
            return self.text(value, path)
        if isinstance(value, dict):
            return {key: self.values(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.values(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def fail(self, code: str, message: str, hint: str, path: ValuePath | None = None) -> None:
        """Note what is wrong; without a path it is not the file's fault."""
        where = mark_at(self.written, path) if path is not None else None
        self.problems.append(Diagnostic(code, message, hint, where))


class Resolving:
    """Makes an Instance of a project's model (its `instances` may have none of that name)."""

    def __init__(self, name: str, project: "ProjectModel", written: MarkedDict, overrides: Overrides) -> None:
        self.name = name
        self.project = project
        self.model = project.instances.get(name)
        self.environment = overrides.environment
        self.given = overrides.url
        self.filling = Filling(written, overrides.environment)
        self.base: tuple[str, ...] = ("instances", name)

    def run(self, root: Path) -> Instance:
        """The instance; its files are relative to `root`. Raises InvalidInput with everything that is wrong."""
        model = self.model
        url = self._url()
        token, user, password = self._auth()
        tls = self._tls(root)
        org = self._org()
        name = self.name or default_name(url)
        state = self._state(name, root)
        values = self.filling.values(model.values, (*self.base, "values")) if model else {}
        if self.filling.problems:
            raise InvalidInput(tuple(sorted(self.filling.problems, key=Diagnostic.sort_key)))
        guard = guard_of(self.project.guard, model.guard if model else _models().GuardModel())
        protect = model.protect if model else None
        return Instance(
            name=name,
            url=url,
            state=state,
            token=token,
            user=user,
            password=password,
            org=org,
            values=values,
            tls=tls,
            guard=guard,
            protection=protection_of(self.project.protect, protect, self.filling.written, self.base),
            timeout=model.timeout if model else 30.0,
            lease=model.state.lease if model and model.state else 60.0,
            margin=model.observation.margin if model else MARGIN,
        )

    def _text(self, text: str, *path: str) -> str:
        return self.filling.text(text, (*self.base, *path))

    def _url(self) -> str:
        """The address: `--url`, else GRAFANA_URL, else the file's."""
        if self.given:
            url, source = self.given, "--url"
        elif self.environment.get("GRAFANA_URL"):
            url, source = self.environment["GRAFANA_URL"], "GRAFANA_URL"
        else:
            before = len(self.filling.problems)
            url, source = self._text(self.model.url if self.model else "", "url"), ""
            if len(self.filling.problems) > before:
                return ""
        problem = url_problem(url)
        if problem:
            what = source or ".".join((*self.base, "url"))
            written = None if source else self.filling.written
            self.filling.problems.append(url_diagnostic(what, problem, (*self.base, "url"), written))
        return "" if problem else url

    def _auth(self) -> tuple[SecretRef | None, str | None, SecretRef | None]:
        """Token, user and password: the environment's, else the file's."""
        environment = self.environment
        if environment.get("GRAFANA_TOKEN"):
            return SecretRef("${env:GRAFANA_TOKEN}"), None, None
        if environment.get("GRAFANA_USER"):
            if not environment.get("GRAFANA_PASSWORD"):
                hint = "set both, or neither, or GRAFANA_TOKEN"
                self.filling.fail("half-credentials", "GRAFANA_USER is set, and GRAFANA_PASSWORD is not", hint)
            return None, environment["GRAFANA_USER"], SecretRef("${env:GRAFANA_PASSWORD}")
        auth = self.model.auth if self.model else _models().AuthModel()
        if auth.token:
            return SecretRef(auth.token), None, None
        if auth.user and auth.password:
            return None, self._text(auth.user, "auth", "user"), SecretRef(auth.password)
        message = f"no credentials for {f'the instance {self.name}' if self.name else 'this Grafana'}"
        hint = "set GRAFANA_TOKEN (or GRAFANA_USER and GRAFANA_PASSWORD), or `auth` in ggrec.yaml"
        self.filling.fail("no-credentials", message, hint, (*self.base, "auth") if self.model else None)
        return None, None, None

    def _org(self) -> int | None:
        text = self.environment.get("GRAFANA_ORG_ID")
        if not text:
            return self.model.org if self.model else None
        if not re.fullmatch(r"[1-9][0-9]{0,17}", text):
            message = f"GRAFANA_ORG_ID is '{text[:40]}', not the number of an organisation"
            self.filling.fail("bad-org", message, "as in GRAFANA_ORG_ID=1")
            return None
        return int(text)

    def _state(self, name: str, root: Path) -> Path | RemoteState:
        model = self.model.state if self.model else None
        if model is None:
            return root / "state" / name
        written = self.filling.written
        for step in (*self.base, "state"):
            written = written.get(step, {}) if isinstance(written, dict) else {}
        place = (*self.base, "state", "url") if isinstance(written, dict) else (*self.base, "state")
        url = self.filling.text(model.url, place)
        if "://" not in url:
            return root / url
        problem = remote_problem(url)
        if problem:
            message = f"{'.'.join((*self.base, 'state'))} cannot be used: {problem}"
            self.filling.fail("bad-state-url", message, "as in s3://bucket/prefix, gs://… or az://…", place)
        return self._remote(url, model, root)

    def _remote(self, url: str, model: "StateModel", root: Path) -> RemoteState:
        def text(key: str) -> str | None:
            value = getattr(model, key)
            return self._text(value, "state", key) if value else None

        ca = text("ca")
        return RemoteState(
            url=url.rstrip("/"),
            endpoint=text("endpoint"),
            region=text("region"),
            allow_http=model.allow_http,
            path_style=model.path_style,
            ca=root / ca if ca else None,
            access_key_id=SecretRef(model.access_key_id) if model.access_key_id else None,
            secret_access_key=SecretRef(model.secret_access_key) if model.secret_access_key else None,
        )

    def _tls(self, root: Path) -> Tls:
        model = self.model.tls if self.model else _models().TlsModel()
        paths: dict[str, Path | None] = {}
        for key in ("ca", "certificate", "key"):
            text: str | None = getattr(model, key)
            paths[key] = root / self._text(text, "tls", key) if text else None
            self._must_exist(paths[key], key)
        return Tls(paths["ca"], paths["certificate"], paths["key"], model.insecure_skip_verify)

    def _must_exist(self, path: Path | None, key: str) -> None:
        try:
            there = path is None or path.is_file()
        except (OSError, ValueError):
            there = False
        if not there:
            message = f"{'.'.join((*self.base, 'tls', key))}: there is no such file"
            self.filling.fail("tls-file", message, "paths are relative to ggrec.yaml", (*self.base, "tls", key))


def default_name(url: str) -> str:
    """How a Grafana that no file names is called: by its host, port and path."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return "default"
    text = parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")
    return re.sub(r"[^A-Za-z0-9._]+", "-", text.lower()).strip("-.") or "default"


def _models() -> Any:
    """The models, for an instance that no file declares: with one, they need not be imported."""
    from reconciler.loader import models

    return models
