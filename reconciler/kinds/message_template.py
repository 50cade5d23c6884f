"""Message templates: texts that contact points put into their messages.

Must not: let Grafana wrap a text that defines nothing (it would come back as another one), or touch the built-in ones.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from reconciler.core.exchange import ApiRequest, Body, Listing, Server, Wanted
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, LiveNames, Names
from reconciler.core.resource import LiveObject, Resource
from reconciler.kinds._kube import kube_path
from reconciler.kinds._later import later
from reconciler.kinds._notifying import GROUP, Notifying, served

if TYPE_CHECKING:
    from reconciler.kinds._template_spec import MessageTemplateSpec

_BUILT_IN = "__default__"


class MessageTemplate(Notifying):
    """The kind `message-template`. Attributes: name and template."""

    name: ClassVar[str] = "message-template"
    yaml_kind: ClassVar[str] = "MessageTemplate"
    summary: ClassVar[str] = "Texts for messages, in Go's template language, that contact points use by name."
    spec = later("_template_spec", "MessageTemplateSpec")
    plural: ClassVar[str] = "templategroups"
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: MessageTemplate
metadata:
  name: short
spec:
  name: Short
  template: |
    {{ define "short.title" }}{{ .Status }}: {{ .CommonLabels.alertname }}{{ end }}
    {{ define "short.text" }}{{ range .Alerts }}{{ .Annotations.summary }}
    {{ end }}{{ end }}
"""

    def desired(self, name: str, spec: "MessageTemplateSpec", names: Names) -> Desired:
        """As written."""
        return Desired({"name": spec.name or name, "template": spec.template})

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """All there is."""
        return Authored(self.normalise(live.attributes))

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """Without blanks and line breaks at both ends, as Grafana keeps it."""
        return {"name": attributes.get("name"), "template": text_of(attributes.get("template")).strip()}

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """All but the built-in ones."""
        served(server)
        answer = yield ApiRequest("GET", kube_path(server, GROUP, self.plural))
        found = (self.live(as_object(item)) for item in as_list(answer.object.get("items")))
        yield tuple(live for live in found if live.uid != _BUILT_IN)

    def shown(self, spec: JsonObject) -> dict[str, Json]:
        """The text."""
        return {"template": text_of(spec.get("content"))}

    def sent(self, resource: Resource, live: LiveObject | None) -> Mapping[str, Body]:
        """The text."""
        return {"content": self.normalise(resource.attributes)["template"]}
