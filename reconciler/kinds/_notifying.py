"""What the kinds of alert notification share: the API notifications.alerting.grafana.app, where an object is one whole,
has a revision that the server enforces, and stays editable in Grafana (docs/grafana.md).

Must not: use the provisioning API, which writes an integration at a time, takes no revision, and stores a nested secret
that is sent back redacted as the text "[REDACTED]".
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from reconciler.core.errors import Diagnostic, ServerError
from reconciler.core.exchange import HANDLE_404, ApiRequest, Body, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_object, text_of
from reconciler.core.kind import Kind
from reconciler.core.resource import LiveObject, Manager, Resource
from reconciler.kinds._kube import kube_pages, kube_path

GROUP = "notifications.alerting.grafana.app/v0alpha1"
_PAGE = 500
_PROVENANCE = "grafana.com/provenance"


class Notifying(Kind):
    """A kind whose objects Grafana calls by their name alone. The uid is the server's: it follows from the name, and
    changes with it.
    """

    plural: ClassVar[str]
    """Of its resource in the API."""
    titled: ClassVar[str] = "title"
    """The key of the API's spec that holds the name."""

    @abstractmethod
    def shown(self, spec: JsonObject) -> dict[str, Json]:
        """The attributes, besides the name, of what the API shows."""

    @abstractmethod
    def sent(self, resource: Resource, live: LiveObject | None) -> Mapping[str, Body]:
        """What the API's spec is to be, besides the name."""

    def marks(self, attributes: JsonObject) -> tuple[str, ...]:
        """Further keys (`LiveObject.keys`) that only one object of the kind can have."""
        return ()

    def uid(self, name: str, written: str | None) -> str | None:
        """The server makes it of the name."""
        return None

    def keys(self, resource: Resource) -> tuple[str, ...]:
        """Found by its exact name."""
        return (f"name:{resource.attributes.get('name')}",)

    def claims(self, resource: Resource) -> tuple[str, ...]:
        """Names are unique in an organisation."""
        return (*self.keys(resource), *self.marks(resource.attributes))

    def names(self, attributes: JsonObject) -> tuple[str, ...]:
        """Its name: all others refer by it."""
        return (text_of(attributes.get("name")),)

    def revisions_enforced(self, server: Server) -> bool:
        """A PUT without the revision is refused too."""
        return True

    def lists_all(self, server: Server) -> bool:
        """The list comes from the organisation's one configuration."""
        return True

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """All of them whole, in one answer."""
        served(server)
        yield from kube_pages(kube_path(server, GROUP, self.plural), _PAGE, self.live)

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """One by the server's uid."""
        answer = yield ApiRequest("GET", kube_path(server, GROUP, self.plural, uid), handles=HANDLE_404)
        return None if answer.status == 404 else self.live(answer.object)

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """One by its name."""
        return (yield from self.read(server, uid_of(text_of(resource.attributes.get("name")))))

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """POST; a taken name is 409."""
        path = kube_path(context.server, GROUP, self.plural)
        answer = yield ApiRequest("POST", path, body={"metadata": {}, "spec": self._spec(resource, None)})
        return text_of(as_object(answer.object.get("metadata")).get("name"))

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """PUT with the revision (409 where somebody was faster). With another name it gets another uid, and Grafana
        changes the name wherever it stands.
        """
        metadata: dict[str, Body] = {"name": live.uid, "resourceVersion": live.revision}
        path = kube_path(context.server, GROUP, self.plural, live.uid)
        yield ApiRequest("PUT", path, body={"metadata": metadata, "spec": self._spec(resource, live)})

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """With the revision; in use is 409."""
        path = kube_path(context.server, GROUP, self.plural, live.uid)
        body = {"preconditions": {"resourceVersion": live.revision}}
        yield ApiRequest("DELETE", path, body=body, handles=HANDLE_404)

    def _spec(self, resource: Resource, live: LiveObject | None) -> Mapping[str, Body]:
        return {self.titled: resource.attributes.get("name"), **self.sent(resource, live)}

    def live(self, item: JsonObject) -> LiveObject:
        """An object as the API shows it."""
        metadata, spec = as_object(item.get("metadata")), as_object(item.get("spec"))
        uid, name = text_of(metadata.get("name")), text_of(spec.get(self.titled))
        attributes = {"name": name, **self.shown(spec)}
        return LiveObject(
            kind=self.name,
            uid=uid,
            attributes=attributes,
            revision=text_of(metadata.get("resourceVersion")) or None,
            manager=managed(as_object(metadata.get("annotations"))),
            keys=(f"uid:{uid}", f"name:{name}", *self.marks(attributes)),
        )


def served(server: Server) -> None:
    """Raises ServerError where the server tells its APIs and this is none of them: its own 404 says nothing of it."""
    if server.apis and not server.serves(GROUP):
        text = f"this Grafana does not serve {GROUP}, and has no other API with revisions for it"
        hint = "Grafana 12 or later has it; leave the kind out with --kinds until then"
        raise ServerError((Diagnostic("absent-api", text, hint),), status=404)


def uid_of(name: str) -> str:
    """The uid that Grafana makes of a name."""
    import base64

    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def managed(annotations: JsonObject) -> Manager | None:
    """Who else owns it, by Grafana's mark of provenance; None: nobody."""
    by = text_of(annotations.get(_PROVENANCE))
    if by in {"", "none"}:
        return None
    if by == "file":
        return Manager(
            "file provisioning (a file in provisioning/alerting)",
            "take it out of that file and name it there under what is to be deleted: the next apply creates it",
        )
    if by == "api":
        return Manager(
            "another tool (it wrote over Grafana's provisioning API)",
            "Grafana never takes that mark back: delete it with that tool, and the next apply creates it",
        )
    return Manager(f"Grafana itself (provenance '{by}')", "declare another one, under another name")
