"""Datasources: every field, secrets as references, one default, read-only ones left alone.

Must not: read a secret (the server tells only which are set), or trust `version` as a revision (grafana-api.md
section 12).
"""

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from reconciler.core.exchange import HANDLE_404, ApiRequest, Body, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.references import Referrer
from reconciler.core.resource import LiveObject, Resource, SecretRef
from reconciler.core.semantic import ChangeClass
from reconciler.kinds._elsewhere import rules
from reconciler.kinds._later import later
from reconciler.kinds._owners import provisioned_datasource

if TYPE_CHECKING:
    from reconciler.kinds._datasource_spec import DatasourceSpec

SECRET = "secureJsonData."
_FIELDS = ("name", "type", "access", "url", "user", "database", "basicAuth", "basicAuthUser", "withCredentials")
_DEFAULTS: dict[str, Json] = {
    "access": "proxy",
    "url": "",
    "user": "",
    "database": "",
    "basicAuth": False,
    "basicAuthUser": "",
    "withCredentials": False,
}


_NEVER_EMPTIED = ("url", "basicAuthUser")
"""What an update cannot empty: the storage skips an empty value (grafana-api.md section 12)."""


class Datasource(Kind):
    """The kind `datasource`. Attributes: Grafana's fields, jsonData, secureJsonFields (which secrets are set) and,
    where authored, isDefault. Secrets are named `secureJsonData.<key>`.
    """

    name: ClassVar[str] = "datasource"
    yaml_kind: ClassVar[str] = "Datasource"
    summary: ClassVar[str] = "A data source: where dashboards get their data from."
    change_class: ClassVar[ChangeClass] = ChangeClass.DATA_SOURCE
    spec = later("_datasource_spec", "DatasourceSpec")
    held_by_name: ClassVar[bool] = True
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: Datasource
metadata:
  name: prometheus
spec:
  type: prometheus
  url: http://prometheus:9090
  isDefault: true
  jsonData:
    httpMethod: POST
    timeInterval: 30s
    httpHeaderName1: X-Scope-OrgID
  secureJsonData:
    httpHeaderValue1: ${env:PROMETHEUS_TENANT:-shop}
"""

    def desired(self, name: str, spec: "DatasourceSpec", names: Names) -> Desired:
        """Grafana's fields; each secret as a key that must be set."""
        attributes: dict[str, Json] = {field: getattr(spec, field) for field in _FIELDS}
        attributes["name"] = spec.name or name
        attributes["jsonData"] = spec.jsonData
        attributes["secureJsonFields"] = dict.fromkeys(sorted(spec.secureJsonData), True)
        if spec.isDefault is not None:
            attributes["isDefault"] = spec.isDefault
        return Desired(attributes, {SECRET + key: SecretRef(text) for key, text in sorted(spec.secureJsonData.items())})

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """All that differs from the defaults; secrets become named references."""
        full = self.normalise(live.attributes)
        spec: dict[str, Json] = {"name": full["name"], "type": full["type"]}
        spec |= {key: full[key] for key, default in _DEFAULTS.items() if full[key] != default}
        if full.get("isDefault"):
            spec["isDefault"] = True
        if full["jsonData"]:
            spec["jsonData"] = full["jsonData"]
        from reconciler.kinds._secret_names import secret_variables  # only a pull needs it

        variables = secret_variables(
            names.name("datasource", live.uid) or live.uid, as_object(full["secureJsonFields"])
        )
        if variables:
            spec["secureJsonData"] = {key: f"${{env:{variable}}}" for key, variable in variables.items()}
        return Authored(spec, secrets=tuple(variables.values()))

    def claims(self, resource: Resource) -> tuple[str, ...]:
        """Names are unique in an organisation."""
        return (f"name:{resource.attributes.get('name')}",)

    def names(self, attributes: JsonObject) -> tuple[str, ...]:
        """Its name: old dashboards refer by it."""
        return (text_of(attributes.get("name")),)

    def elsewhere(self, server: Server) -> Exchange[tuple[Referrer, ...]]:
        """The queries of alert rules."""
        return (yield from rules())

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """Defaults filled; of secrets only which are set."""
        filled = {key: attributes.get(key) for key in ("name", "type")}
        filled |= {key: attributes.get(key) or default for key, default in _DEFAULTS.items()}
        filled["jsonData"] = as_object(attributes.get("jsonData"))
        set_keys = [key for key, value in as_object(attributes.get("secureJsonFields")).items() if value]
        filled["secureJsonFields"] = dict.fromkeys(sorted(set_keys), True)
        if "isDefault" in attributes:
            filled["isDefault"] = bool(attributes["isDefault"])
        return filled

    def project(self, live: JsonObject, desired: JsonObject) -> JsonObject:
        """`isDefault` moves by itself (grafana-api.md section 12): where nobody wrote it, it is not ours."""
        return live if "isDefault" in desired else {key: value for key, value in live.items() if key != "isDefault"}

    def unset_secrets(self, resource: Resource, live: LiveObject) -> tuple[str, ...]:
        """Those whose key `secureJsonFields` does not show."""
        held = as_object(self.normalise(live.attributes)["secureJsonFields"])
        return tuple(name for name in sorted(resource.secrets) if name.removeprefix(SECRET) not in held)

    def notes(self, resource: Resource, live: LiveObject | None) -> tuple[str, ...]:
        """Fields that shall be empty and that no update empties."""
        if live is None:
            return ()
        wanted, present = self.normalise(resource.attributes), self.normalise(live.attributes)
        return tuple(
            f"{field}: Grafana keeps the old value when an update empties it; to be rid of it, take the datasource out "
            "of the desired state, apply, and declare it again"
            for field in _NEVER_EMPTIED
            if present[field] and not wanted[field]
        )

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """The list lacks secureJsonFields, basicAuthUser and withCredentials: those that matter are read one by one."""
        answer = yield ApiRequest("GET", "/api/datasources")
        for item in as_list(answer.body):
            entry = as_object(item)
            uid = text_of(entry.get("uid"))
            if wanted.covers(uid, f"uid:{uid}"):
                found = yield from self.read(server, uid)
                if found is not None:
                    yield (found,)
            else:
                yield (_live(entry, complete=False),)

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """One datasource, whole."""
        answer = yield ApiRequest("GET", _path(uid), handles=HANDLE_404)
        return None if answer.status == 404 else _live(answer.object, complete=True)

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """POST; a taken name or uid is 409."""
        body = {"uid": resource.uid, **_body(self.normalise(resource.attributes), resource, frozenset())}
        answer = yield ApiRequest("POST", "/api/datasources", body=body)
        return text_of(as_object(answer.object.get("datasource")).get("uid")) or str(resource.uid)

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """PUT with the version read right before (409 where somebody was faster). Of the secrets only those of
        `resource.secrets` are sent; what is set and no longer declared is emptied, the others stay.
        """
        wanted = self.normalise(resource.attributes)
        gone = set(as_object(live.attributes.get("secureJsonFields"))) - set(as_object(wanted["secureJsonFields"]))
        body = _body(wanted, resource, frozenset(gone))
        if "isDefault" not in wanted:
            body["isDefault"] = bool(live.attributes.get("isDefault"))
        if live.meta.get("version") is not None:
            body["version"] = live.meta["version"]
        yield ApiRequest("PUT", _path(live.uid), body=body)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """Not refused while dashboards use it: that is the engine's care (see `references`)."""
        yield ApiRequest("DELETE", _path(live.uid), handles=HANDLE_404)


def _path(uid: str) -> str:
    return f"/api/datasources/uid/{quote(uid, safe='')}"


def _body(wanted: JsonObject, resource: Resource, gone: frozenset[str]) -> dict[str, Body]:
    body: dict[str, Body] = {key: value for key, value in wanted.items() if key != "secureJsonFields"}
    secrets: dict[str, Body] = dict.fromkeys(sorted(gone), "")
    for name, reference in resource.secrets.items():
        secrets[name.removeprefix(SECRET)] = reference
    if secrets:
        body["secureJsonData"] = secrets
    return body


def _live(entry: JsonObject, *, complete: bool) -> LiveObject:
    uid, name = text_of(entry.get("uid")), text_of(entry.get("name"))
    kept = ("isDefault", "jsonData", "secureJsonFields")
    version = entry.get("version")
    return LiveObject(
        kind="datasource",
        uid=uid,
        attributes={key: entry[key] for key in (*_FIELDS, *kept) if key in entry},
        manager=provisioned_datasource(name) if entry.get("readOnly") else None,
        keys=(f"uid:{uid}", f"name:{name}"),
        meta={"version": version if isinstance(version, int) else None, "id": entry.get("id")},
        complete=complete,
    )
