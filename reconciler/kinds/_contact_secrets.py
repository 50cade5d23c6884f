"""Which settings of which integration are secret, as Grafana 12.3.0 says itself (`GET /api/alert-notifiers`).

Imported only where documents are checked. Must not: show what stands in a setting.
"""

from collections.abc import Iterator

from reconciler.core.closest import closest
from reconciler.core.json import Json, JsonObject, as_object
from reconciler.core.kind import Names
from reconciler.core.source import Path

_TLS = ("caCertificate", "clientCertificate", "clientKey")
SECURE: dict[str, tuple[str, ...]] = {
    "LINE": ("token",),
    "dingding": ("url",),
    "discord": ("url",),
    "email": (),
    "googlechat": ("url",),
    "jira": ("user", "password", "api_token"),
    "kafka": ("password",),
    "mqtt": ("password", *(f"tlsConfig.{key}" for key in _TLS)),
    "oncall": ("password", "authorization_credentials"),
    "opsgenie": ("apiKey",),
    "pagerduty": ("integrationKey",),
    "prometheus-alertmanager": ("basicAuthPassword",),
    "pushover": ("apiToken", "userKey"),
    "sensugo": ("apikey",),
    "slack": ("token", "url"),
    "sns": ("sigv4.access_key", "sigv4.secret_key"),
    "teams": (),
    "telegram": ("bottoken",),
    "threema": ("api_secret",),
    "victorops": ("url",),
    "webex": ("bot_token",),
    "webhook": (
        "password",
        "authorization_credentials",
        *(f"tlsConfig.{key}" for key in _TLS),
        "hmacConfig.secret",
        "http_config.oauth2.client_secret",
        *(f"http_config.oauth2.tls_config.{key}" for key in _TLS),
    ),
    "wecom": ("url", "secret"),
}
"""Type → the paths in its settings."""


def check_integration(sort: str, settings: JsonObject, secure: JsonObject, at: Path, names: Names) -> None:
    """Note what is wrong with the type and the secrets of the integration at a path of the spec."""
    known = SECURE.get(sort)
    if known is None:
        _check_type(sort, at, names)
        return
    for path in known:
        keys = _within(settings, path.split("."))
        if keys:
            text = f"{path} is a secure setting of {sort}, and stands under settings"
            hint = f"write it under secureSettings as a reference: {path}: ${{env:NAME}}"
            names.fail((*at, "settings", *keys), "literal-secret", text, hint)
    for path in secure:
        if path not in known:
            near = closest(path, known)
            secrets = f"the secure settings of {sort} are {', '.join(known)}" if known else f"{sort} has none"
            hint = f"did you mean {near}?" if near else f"{secrets}; what is not secret stands under settings"
            names.fail((*at, "secureSettings", path), "not-secure", f"{path} is no secure setting of {sort}", hint)


def _check_type(sort: str, at: Path, names: Names) -> None:
    """A type of which nothing is known may be a newer Grafana's; one that is nearly a known one is a mistake."""
    folded = {name.casefold(): name for name in SECURE}
    near = folded.get(sort.casefold()) or closest(sort, SECURE, 0.75)
    if near:
        names.fail((*at, "type"), "unknown-type", f"there is no integration '{sort}'", f"did you mean {near}?")


def _within(settings: Json, path: list[str]) -> tuple[str, ...]:
    """The keys that lead to a setting, however they are spelled: Grafana takes another case for something else, and
    would store and show it in plain text. () where it is not there.
    """
    for key in _spelled(settings, path[0]):
        if len(path) == 1:
            return (key,)
        rest = _within(as_object(settings)[key], path[1:])
        if rest:
            return (key, *rest)
    return ()


def _spelled(settings: Json, wanted: str) -> Iterator[str]:
    return (key for key in as_object(settings) if key.casefold() == wanted.casefold())
