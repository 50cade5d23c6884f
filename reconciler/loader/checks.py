"""What is wrong with the spec of ggrec.yaml, all of it at once, each thing at its place. Resolves nothing.

No message quotes what may be a secret: of a wrong value only its type is told.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from reconciler.core.address import NAME
from reconciler.core.errors import Diagnostic
from reconciler.core.source import MarkedDict, Path, format_path, mark_at
from reconciler.loader.envelope import suggestion
from reconciler.loader.models import (
    AuthModel,
    GuardModel,
    InstanceModel,
    LimitsModel,
    ProjectModel,
    ProtectModel,
    StateModel,
    TlsModel,
)
from reconciler.loader.references import has_reference, is_reference, misused
from reconciler.loader.urls import url_diagnostic, url_problem

_PARTS: dict[Any, type[BaseModel]] = {
    "auth": AuthModel,
    "tls": TlsModel,
    "guard": GuardModel,
    "protect": ProtectModel,
    "state": StateModel,
}
_TYPES: dict[type, str] = {
    type(None): "nothing",
    bool: "true or false",
    int: "a number",
    float: "a number with a fraction",
    str: "a text",
    MarkedDict: "a mapping",
}
_WANTED = {
    "string_type": ("a text", "quote it, if that is the text"),
    "int_type": ("a whole number", "write only digits, without quotes"),
    "int_from_float": ("a whole number", "write only digits"),
    "float_type": ("a number", "write only the number, without a unit and quotes"),
    "bool_type": ("true or false", "write true or false: yes and on are texts here"),
    "list_type": ("a list", "as in [one, two]"),
    "dict_type": ("a mapping", "indent what belongs to it"),
    "model_type": ("a mapping", "indent what belongs to it"),
}
_LIMITS = {
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "greater_than": ("gt", "must be more than {}"),
    "string_too_short": ("min_length", "must not be empty"),
}
_SECRETS = ("token", "password")
_STORE_SECRETS = ("access_key_id", "secret_access_key")


def checked(spec: MarkedDict) -> tuple[ProjectModel, list[Diagnostic]]:
    """The model of a spec (the empty one where it is wrong), and everything that is wrong."""
    problems: list[Diagnostic] = []
    model = ProjectModel()
    try:
        model = ProjectModel.model_validate(spec)
    except ValidationError as error:
        problems += [_problem(spec, dict(item)) for item in error.errors(include_url=False, include_input=False)]
    instances = spec.get("instances")
    named = instances if isinstance(instances, MarkedDict) else MarkedDict()
    for name, instance in named.items():
        problems += _name(spec, name)
        if isinstance(instance, MarkedDict):
            problems += [*_auth(spec, name, instance), *_url(spec, name, instance), *_tls(spec, name, instance)]
            problems += _state(spec, name, instance)
    problems += _globs(spec)
    default = spec.get("default")
    if isinstance(default, str) and default not in named:
        text = f"default names the instance '{default}', which is not there"
        hint = suggestion(default, named) if named else "there are no instances"
        problems.append(Diagnostic("unknown-default", text, hint, mark_at(spec, ("default",))))
    problems += _misused(spec, ())
    return model, problems


def _fields(path: Path) -> list[str]:
    """The keys that may stand at the place where an unknown one was found."""
    if path[0] == "instances":
        model, rest = (InstanceModel, path[2:]) if len(path) > 2 else (ProjectModel, path)
    else:
        model, rest = ProjectModel, path
    part = _PARTS.get(rest[0]) if len(rest) > 1 else None
    inside = LimitsModel if part is GuardModel and len(rest) > 2 else part
    return list((inside or model).model_fields)


def _problem(spec: MarkedDict, item: dict[str, Any]) -> Diagnostic:
    path: Path = tuple(item["loc"])
    name = ".".join(map(str, path))
    sort = str(item["type"])
    if path[2:] == ("state", "url") and not isinstance(_value(spec, path[:-1]), dict):
        path = path[:-1]  # written as a text
        name = ".".join(map(str, path))
    if sort == "extra_forbidden":
        hint = suggestion(str(path[-1]), _fields(path))
        return Diagnostic("unknown-key", f"unknown key '{path[-1]}'", hint, mark_at(spec, path, key=True))
    if sort == "missing":
        hint = "as in url: s3://bucket/prefix" if path[2:3] == ("state",) else 'as in url: "${env:GRAFANA_URL}"'
        return Diagnostic("missing-key", f"'{name}' is missing", hint, mark_at(spec, path[:-1]))
    where = mark_at(spec, path)
    if sort in _WANTED:
        wanted, hint = _WANTED[sort]
        if path[2:] == ("state",):
            wanted, hint = "a folder, a URL or a mapping", "as in state: s3://bucket/prefix"
        found = _TYPES.get(type(_value(spec, path)), "a list")
        if found == "nothing":
            hint = "write one, or remove the key"
        elif path[-1] in _SECRETS and path[2:3] == ("auth",):
            hint = _secret_hint(str(path[-1]))
        elif path[-1] in _STORE_SECRETS:
            hint = _store_hint(str(path[-1]))
        return Diagnostic("bad-value", f"{name} must be {wanted}, and is {found}", hint, where)
    limit, text = _LIMITS.get(sort, ("", f"is wrong: {item['msg']}"))
    value = item.get("ctx", {}).get(limit, 0)
    return Diagnostic("bad-value", f"{name} {text.format(f'{value:g}')}", "", where)


def _value(spec: Any, path: Path) -> Any:
    for step in path:
        spec = spec[step]
    return spec


def _globs(spec: MarkedDict) -> Iterator[Diagnostic]:
    """A rule that can never hold protects nothing: better said than believed."""
    instances = spec.get("instances")
    named = instances if isinstance(instances, MarkedDict) else {}
    bases: list[Path] = [(), *(("instances", name) for name in named)]
    for path in bases:
        here: Any = spec
        for step in (*path, "protect", "addresses"):
            here = here.get(step) if isinstance(here, dict) else None
        for index, text in enumerate(here if isinstance(here, list) else ()):
            if isinstance(text, str) and "." not in text and "*" not in text:
                place: Path = (*path, "protect", "addresses", index)
                hint = "write kind.name or a glob, as in dashboard.exec-*"
                yield Diagnostic("bad-address", f"'{text}' matches no address", hint, mark_at(spec, place))


def _name(spec: MarkedDict, name: str) -> Iterator[Diagnostic]:
    if not NAME.match(name):
        text = f"'{name}' cannot be the name of an instance"
        hint = "1 to 40 of A-Z a-z 0-9 _ - : the state is kept under it"
        yield Diagnostic("bad-name", text, hint, mark_at(spec, ("instances", name), key=True))


def _auth(spec: MarkedDict, name: str, instance: MarkedDict) -> Iterator[Diagnostic]:
    auth = instance.get("auth")
    if not isinstance(auth, MarkedDict):
        return
    base = f"instances.{name}.auth"
    path = ("instances", name, "auth")
    for key in _SECRETS:
        text = auth.get(key)
        if isinstance(text, str) and not is_reference(text):
            what = "is not one reference" if has_reference(text) else "is a secret in plain text"
            hint = _secret_hint(key)
            code = "bad-reference" if has_reference(text) else "literal-secret"
            yield Diagnostic(code, f"{base}.{key} {what}", hint, mark_at(spec, (*path, key)))
    if "token" in auth and ("user" in auth or "password" in auth):
        text = f"{base} has a token and a user or password"
        yield Diagnostic("two-credentials", text, "keep the token, or user and password", mark_at(spec, path, key=True))
    elif ("user" in auth) != ("password" in auth):
        there, absent = ("user", "password") if "user" in auth else ("password", "user")
        hint = 'as in auth: {user: admin, password: "${env:GRAFANA_PASSWORD}"}'
        yield Diagnostic(
            "half-credentials", f"{base} has {there} without {absent}", hint, mark_at(spec, (*path, there))
        )


def _state(spec: MarkedDict, name: str, instance: MarkedDict) -> Iterator[Diagnostic]:
    """An object store's keys are references, and come together."""
    state = instance.get("state")
    if not isinstance(state, MarkedDict):
        return
    path = ("instances", name, "state")
    for key in _STORE_SECRETS:
        text = state.get(key)
        if isinstance(text, str) and not is_reference(text):
            code = "bad-reference" if has_reference(text) else "literal-secret"
            what = "is not one reference" if has_reference(text) else "is a secret in plain text"
            message = f"{'.'.join(path)}.{key} {what}"
            yield Diagnostic(code, message, _store_hint(key), mark_at(spec, (*path, key)))
    there = [key for key in _STORE_SECRETS if key in state]
    if len(there) == 1:
        text = f"{'.'.join(path)} has {there[0]} without the other key"
        yield Diagnostic("half-credentials", text, _store_hint(there[0]), mark_at(spec, (*path, there[0])))


def _store_hint(key: str) -> str:
    return f'write a reference: {key}: "${{env:{key.upper()}}}"; or leave both out, and set AWS_{key.upper()}'


def _secret_hint(key: str) -> str:
    return f'write a reference: {key}: "${{env:GRAFANA_{key.upper()}}}"'


def _url(spec: MarkedDict, name: str, instance: MarkedDict) -> Iterator[Diagnostic]:
    url = instance.get("url")
    if isinstance(url, str) and not has_reference(url) and (problem := url_problem(url)):
        yield url_diagnostic(f"instances.{name}.url", problem, ("instances", name, "url"), spec)


def _tls(spec: MarkedDict, name: str, instance: MarkedDict) -> Iterator[Diagnostic]:
    tls = instance.get("tls")
    if isinstance(tls, MarkedDict) and "key" in tls and "certificate" not in tls:
        text = f"instances.{name}.tls has a key without a certificate"
        yield Diagnostic("half-tls", text, "set both, or neither", mark_at(spec, ("instances", name, "tls", "key")))


def _misused(value: Any, path: Path, root: Any = None) -> Iterator[Diagnostic]:
    """Texts that are no secrets and whose references cannot be filled in."""
    root = value if root is None else root
    secret = path[2:3] in {("auth",), ("state",)} and path[-1] in {*_SECRETS, *_STORE_SECRETS}
    if isinstance(value, str) and not secret and (problem := misused(value)):
        text = f"{format_path(path)} cannot be filled in: {problem}"
        hint = 'write "${env:NAME}" or "${env:NAME:-default}"; names are letters, digits and _'
        yield Diagnostic("bad-reference", text, hint, mark_at(root, path))
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        yield from _misused(item, (*path, step), root)
