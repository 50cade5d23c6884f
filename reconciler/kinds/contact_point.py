"""Contact points: whom an alert reaches, by one or more integrations that are one whole.

Must not: show or compare a secret setting (Grafana tells only which are set), or take one integration for another: each
has a uid of its own, under which Grafana keeps its secrets.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from reconciler.core.diff import Edit, EditPath, Identities, Key
from reconciler.core.exchange import Body, Exchange, Server
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, LiveNames, Names
from reconciler.core.references import Referrer
from reconciler.core.resource import LiveObject, Resource, SecretRef
from reconciler.core.semantic import Row, edit_row, path_name
from reconciler.kinds._elsewhere import rules
from reconciler.kinds._later import later
from reconciler.kinds._notifying import Notifying

if TYPE_CHECKING:
    from reconciler.kinds._contact_spec import ContactPointSpec, IntegrationSpec

_LONGEST_UID = 40
_USUAL_VERSION = "v1"


class ContactPoint(Notifying):
    """The kind `contact-point`. Attributes: name and integrations (uid, type, settings, disableResolveMessage, and
    secureFields: which secrets are set). Secrets are named `<uid of the integration>.<path>`.
    """

    name: ClassVar[str] = "contact-point"
    yaml_kind: ClassVar[str] = "ContactPoint"
    summary: ClassVar[str] = "Whom alerts reach: an address, a channel, a pager, a webhook, or several of them."
    spec = later("_contact_spec", "ContactPointSpec")
    plural: ClassVar[str] = "receivers"
    identities: ClassVar[Identities] = MappingProxyType({"integrations": "uid"})
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: ContactPoint
metadata:
  name: on-call
spec:
  name: On call
  integrations:
    - type: email
      settings: {addresses: on-call@example.org, singleEmail: true}
    - type: webhook
      settings:
        url: https://pager.example.org/grafana
        username: grafana
        tlsConfig: {insecureSkipVerify: false}
      secureSettings:
        password: ${env:PAGER_PASSWORD:-example}
        tlsConfig.caCertificate: ${file:certificates/pager.pem:-example}
"""

    def desired(self, name: str, spec: "ContactPointSpec", names: Names) -> Desired:
        """Grafana's fields; each secret as a path that must be set."""
        from reconciler.kinds._contact_secrets import check_integration  # only where documents are checked

        uids = _uids(name, spec.integrations, names)
        integrations: list[Json] = []
        secrets: dict[str, SecretRef] = {}
        for index, (uid, one) in enumerate(zip(uids, spec.integrations, strict=True)):
            check_integration(one.type, one.settings, one.secureSettings, ("integrations", index), names)
            secrets |= {f"{uid}.{path}": SecretRef(text) for path, text in sorted(one.secureSettings.items())}
            attributes: dict[str, Json] = {
                "uid": uid,
                "type": one.type,
                "settings": one.settings,
                "secureFields": dict.fromkeys(sorted(one.secureSettings), True),
                "disableResolveMessage": one.disableResolveMessage,
            }
            integrations.append({**attributes, "version": one.version} if one.version else attributes)
        return Desired({"name": spec.name or name, "integrations": integrations}, secrets)

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """All that is set; secrets become named references."""
        from reconciler.kinds._secret_names import secret_variables  # only a pull needs it

        full = self.normalise(live.attributes)
        called = names.name(self.name, live.uid) or text_of(full["name"])
        integrations = [as_object(item) for item in as_list(full["integrations"])]
        kept = [
            _secret(text_of(item["uid"]), path) for item in integrations for path in as_object(item["secureFields"])
        ]
        variables = secret_variables(called, kept)
        return Authored(
            {"name": full["name"], "integrations": [_written(item, variables) for item in integrations]},
            secrets=tuple(variables.values()),
        )

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """Defaults filled; mappings with nothing in them left out (Grafana leaves those of secrets behind)."""
        items = map(as_object, as_list(attributes.get("integrations")))
        return {"name": attributes.get("name"), "integrations": [_normal(item) for item in items]}

    def project(self, live: JsonObject, desired: JsonObject) -> JsonObject:
        """An integration without a uid (that of the contact point every organisation begins with) gets the declared
        one of its type.
        """
        present = [as_object(item) for item in as_list(live.get("integrations"))]
        if all(item.get("uid") for item in present):
            return live
        taken = {text_of(item.get("uid")) for item in present}
        free = [item for item in map(as_object, as_list(desired.get("integrations"))) if item.get("uid") not in taken]
        named: list[Json] = []
        for item in present:
            like = next((other for other in free if not item.get("uid") and other["type"] == item.get("type")), None)
            if like is not None:
                free.remove(like)
                item = {**item, "uid": like["uid"]}
            named.append(item)
        return {**live, "integrations": named}

    def marks(self, attributes: JsonObject) -> tuple[str, ...]:
        """The uids of integrations: unique in an organisation."""
        uids = [text_of(as_object(item).get("uid")) for item in as_list(attributes.get("integrations"))]
        return tuple(f"integration:{uid}" for uid in uids if uid)

    def unset_secrets(self, resource: Resource, live: LiveObject) -> tuple[str, ...]:
        """Those that Grafana does not show as set, under the integration's uid."""
        held = _held(live.attributes)
        return tuple(name for name in sorted(resource.secrets) if name not in held)

    def elsewhere(self, server: Server) -> Exchange[tuple[Referrer, ...]]:
        """Alert rules that name it themselves; the tree of policies is a kind of ours."""
        return (yield from rules())

    def describe(
        self, edits: tuple[Edit, ...], before: JsonObject | None = None, after: JsonObject | None = None
    ) -> tuple[Row, ...]:
        """By integration: its type, and what of its settings."""
        sorts: dict[str, str] = {}
        for side in (before, after):
            for item in map(as_object, as_list((side or {}).get("integrations"))):
                sorts[text_of(item.get("uid"))] = text_of(item.get("type"))
        return tuple(_row(edit, sorts) for edit in edits)

    def place(self, path: EditPath) -> str:
        """`integration on-call-email: addresses`."""
        subject, rest = _apart(path)
        return ": ".join(part for part in (subject, path_name(rest)) if part) or "all of it"

    def shown(self, spec: JsonObject) -> dict[str, Json]:
        """The integrations as they come, without what is empty in the answer."""
        return {"integrations": [dict(as_object(item)) for item in as_list(spec.get("integrations"))]}

    def sent(self, resource: Resource, live: LiveObject | None) -> Mapping[str, Body]:
        """Of the secrets only those of `resource.secrets` are sent, in their places among the settings; the others
        that are to be set are kept by name, and what is named in neither way goes.
        """
        items = as_list(self.normalise(resource.attributes)["integrations"])
        bodies: list[Body] = [_body(as_object(item), resource.secrets) for item in items]
        return {"integrations": bodies}


def _uids(name: str, integrations: "list[IntegrationSpec]", names: Names) -> list[str]:
    """Each integration's uid: the written one, else one made of the document's name and the type."""
    found: list[str] = []
    numbers: dict[str, int] = {}
    for index, one in enumerate(integrations):
        numbers[one.type] = numbers.get(one.type, 0) + 1
        end = f"-{one.type}" + (f"-{numbers[one.type]}" if numbers[one.type] > 1 else "")
        uid = one.uid or f"{_short(name, _LONGEST_UID - len(end))}{end}"
        if uid in found:
            text = f"two integrations have the uid '{uid}'"
            names.fail(("integrations", index, "uid" if one.uid else "type"), "double-uid", text, "give one another")
        found.append(uid)
    return found


def _short(name: str, length: int) -> str:
    """A name that fits, and is no other long one's."""
    if len(name) <= length:
        return name
    import hashlib

    return f"{name[: length - 7]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _secret(uid: str, path: str) -> str:
    return f"{uid}.{path}"


def _held(attributes: JsonObject) -> frozenset[str]:
    items = map(as_object, as_list(attributes.get("integrations")))
    return frozenset(
        _secret(text_of(item.get("uid")), path)
        for item in items
        for path, there in as_object(item.get("secureFields")).items()
        if there
    )


def _normal(item: JsonObject) -> JsonObject:
    there = [path for path, held in as_object(item.get("secureFields")).items() if held]
    normal: dict[str, Json] = {
        "uid": text_of(item.get("uid")),
        "type": text_of(item.get("type")),
        "settings": _full(as_object(item.get("settings"))),
        "secureFields": dict.fromkeys(sorted(there), True),
        "disableResolveMessage": bool(item.get("disableResolveMessage")),
    }
    version = text_of(item.get("version"))
    return {**normal, "version": version} if version not in {"", _USUAL_VERSION} else normal


def _full(settings: JsonObject) -> dict[str, Json]:
    """Without mappings that hold nothing."""
    inner = {key: _full(value) if isinstance(value, Mapping) else value for key, value in settings.items()}
    return {key: value for key, value in inner.items() if value != {} or not isinstance(value, Mapping)}


def _written(item: JsonObject, variables: Mapping[str, str]) -> JsonObject:
    uid = text_of(item["uid"])
    spec: dict[str, Json] = {"type": item["type"]}
    if uid:
        spec["uid"] = uid
    secure = {path: f"${{env:{variables[_secret(uid, path)]}}}" for path in as_object(item["secureFields"])}
    spec |= {"settings": item["settings"]} if item["settings"] else {}
    spec |= {"secureSettings": secure} if secure else {}
    return spec | {key: item[key] for key in ("disableResolveMessage", "version") if item.get(key)}


def _body(item: JsonObject, secrets: Mapping[str, SecretRef]) -> dict[str, Body]:
    uid = text_of(item["uid"])
    settings: dict[str, Body] = {**as_object(item["settings"])}
    kept: dict[str, Body] = {}
    for path in as_object(item["secureFields"]):
        reference = secrets.get(_secret(uid, path))
        if reference is None:
            kept[path] = True
        else:
            _put(settings, path.split("."), reference)
    return {**item, "settings": settings, "secureFields": kept}


def _put(settings: dict[str, Body], path: list[str], value: SecretRef) -> None:
    """A value in its place; the mappings on the way are copied."""
    for key in path[:-1]:
        there = settings.get(key)
        inner: dict[str, Body] = {**there} if isinstance(there, Mapping) else {}
        settings[key] = inner
        settings = inner
    settings[path[-1]] = value


def _apart(path: EditPath) -> tuple[str, EditPath]:
    """The integration that a path leads into, and the rest of the path as people say it."""
    if len(path) < 2 or path[0] != "integrations" or not isinstance(path[1], Key):
        return "", path
    rest = path[2:]
    inside = rest[1:] if rest[:1] == ("settings",) and len(rest) > 1 else rest
    secret = ("secret", *rest[1:]) if rest[:1] == ("secureFields",) else inside
    return f"integration {path[1].value}", secret


def _row(edit: Edit, sorts: Mapping[str, str]) -> Row:
    subject, rest = _apart(edit.path)
    uid = subject.removeprefix("integration ")
    named = f"{sorts[uid]} ({uid})" if sorts.get(uid) else subject
    return edit_row(edit, rest or edit.path, ContactPoint.change_class, named, edit.path[:2] if subject else ())
