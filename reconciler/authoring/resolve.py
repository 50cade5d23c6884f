"""Documents → resources: the whole way, with everything that is wrong reported at once."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace
from pydantic import ValidationError

from reconciler.authoring.access import Access
from reconciler.authoring.dashboard import Expanded, expand_dashboard
from reconciler.authoring.declaration import Declaration
from reconciler.authoring.expansion import Expansion
from reconciler.authoring.explain import explain
from reconciler.authoring.library import KINDS as LIBRARY
from reconciler.authoring.library import Library
from reconciler.authoring.loops import LOOP, unrolled, unrolled_documents
from reconciler.authoring.metadata import Metadata, read_metadata
from reconciler.authoring.metrics import Metrics
from reconciler.authoring.names import Declared
from reconciler.authoring.noted import NOTHING, Noted, library_in, on_panels
from reconciler.authoring.placeholders import with_placeholders
from reconciler.authoring.problems import Problems, suggestion
from reconciler.authoring.role_links import RoleLinks
from reconciler.authoring.roles import KIND as ROLE
from reconciler.authoring.uniqueness import check_claims, check_uids
from reconciler.authoring.values import Text, with_values
from reconciler.core.address import Address
from reconciler.core.desired import Remembered
from reconciler.core.errors import Diagnostic, InvalidInput, Severity
from reconciler.core.graph import closure, order
from reconciler.core.json import Json, as_object, canonical_value, text_of
from reconciler.core.kind import Kind
from reconciler.core.metric import Catalogue
from reconciler.core.registry import Registry
from reconciler.core.resource import Document, Resource
from reconciler.core.roles import RoleView
from reconciler.core.source import Mark, MarkedDict, mark_at

_DASHBOARD = "dashboard"


class Resolved(Struct, frozen=True):
    """Resources in order of addresses, and every error and warning in order of places. A document with an error has
    no resource, so nothing may be planned from it while `failed`. `roles` are the declared roles in order of names.
    `remembered` are the dashboards that need not be expanded again while nothing changes that they depend on;
    `catalogue` are the declared metrics.
    """

    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]
    roles: tuple[RoleView, ...] = ()
    remembered: tuple[Remembered, ...] = ()
    catalogue: Catalogue = field(default_factory=Catalogue)

    @property
    def failed(self) -> bool:
        """Whether there is an error among the diagnostics."""
        return any(item.severity is Severity.ERROR for item in self.diagnostics)


def resolve(
    documents: Sequence[Document],
    registry: Registry,
    *,
    values: Mapping[str, Json],
    remembered: Sequence[Remembered] = (),
) -> Resolved:
    """Everything that `documents` declare; `values` are the instance's. Never raises for bad input. The documents of
    those that are `remembered` are among them, and are not expanded again.
    """
    return Resolving(documents, registry, values, remembered).run()


class Resolving:
    """One way from documents to resources. Whoever wants to see what is on the way (provenance) derives from it."""

    def __init__(
        self,
        documents: Sequence[Document],
        registry: Registry,
        values: Mapping[str, Json],
        remembered: Sequence[Remembered] = (),
    ) -> None:
        self.registry = registry
        self.known = {item.document.mark: item for item in remembered}
        self.templates: dict[Address, tuple[str, ...]] = {}
        self.noted: dict[Address, Noted] = {}
        self.values = values
        self.found: list[Diagnostic] = []
        self.declared: dict[Address, Declaration] = {}
        self.specs: dict[Address, MarkedDict] = {}
        self.uids: dict[Address, str | None] = {}
        self.needs: dict[Address, dict[Address, Mark]] = {}
        self.built: dict[Address, Resource | None] = {}
        self.building: set[Address] = set()
        self.asked: dict[Address, Declared] = {}
        self.models: dict[Address, Expanded | None] = {}
        self.library = Library.of(documents, values)
        for document in documents:
            if document.kind not in (*LIBRARY, ROLE):
                self._take_all(document)
        self.expansion = self._expansion([document for document in documents if document.kind == ROLE])
        self.links = RoleLinks(self.expansion.roles, Access(self.specs), self._title, self._uid)

    def _expansion(self, documents: Sequence[Document]) -> Expansion:
        """The roles, and what they expand into declared."""
        written: list[Document] = []
        for document in documents:
            written += self._unrolled(document)
        expansion = Expansion(written, self.values, self.declared)
        for document in expansion.documents():
            self._take(document)
        for address, spec, made in list(expansion.grants(self.specs)):
            if made is not None:
                self._take(made)
            elif address in self.declared:
                self.declared[address] = replace(self.declared[address], spec=spec)
                self.specs[address] = spec
        return expansion

    def _title(self, address: Address) -> str:
        """What a dashboard is called in links."""
        model = self._model(address)
        return (text_of(model.model.get("title")) if model else "") or address.name

    def _uid(self, address: Address) -> str:
        return self.uids.get(address) or address.name

    def run(self) -> Resolved:
        for address in sorted(self.declared):
            self._build(address)
        problems = {address: item.problems for address, item in self.declared.items()}
        resources = on_panels(self.built, self.uids)
        check_uids(self.uids, problems)
        check_claims(resources, self.registry, problems)
        self._check_circles()
        self.found += self.library.found
        self.found += self.library.templates.unused()
        metrics = Metrics(self.library.metrics, self._datasources())
        self.found += metrics.found
        for part in self.expansion.problems:
            self.found += part.found
        for item in problems.values():
            self.found += item.found
        once = {(item.where, item.code, item.message): item for item in reversed(self.found)}
        ordered = tuple(resources[address] for address in sorted(resources))
        roles = self.expansion.summaries(self.specs, self.models)
        return Resolved(
            ordered,
            tuple(sorted(once.values(), key=Diagnostic.sort_key)),
            roles,
            self._to_remember(),
            metrics.catalogue,
        )

    def _to_remember(self) -> tuple[Remembered, ...]:
        """Dashboards that nothing was said about and that no role touches: what they come to depends on their own
        files, the library, the values, and the objects they need.
        """
        if self.expansion.roles or self.expansion.problems:
            return ()
        found = (self._remembered(address) for address in self.declared)
        return tuple(item for item in found if item is not None)

    def _remembered(self, address: Address) -> Remembered | None:
        item, resource = self.declared[address], self.built.get(address)
        if item.kind.shorthand != _DASHBOARD or resource is None or item.problems.found or item.kind.claims(resource):
            return None
        document = item.slim()
        return Remembered(document, resource, self.needs.get(address, {}), self.templates.get(address, ()))

    def _recall(self, address: Address, kind: Kind, known: Remembered, problems: Problems) -> None:
        """Know a document that was expanded before."""
        resource = known.resource
        metadata = Metadata(resource.uid, resource.lifecycle)
        self.declared[address] = Declaration(kind, known.document, problems, metadata, known.document.spec, None)
        self.specs[address], self.uids[address] = known.document.spec, resource.uid
        self.built[address], self.needs[address] = resource, dict(known.needs)
        self.templates[address] = known.templates
        self.library.templates.took(known.templates)

    def _datasources(self) -> dict[str, str]:
        """The declared datasources: name → uid."""
        return {a.name: self.uids[a] or a.name for a in self.declared if a.kind == "datasource"}

    def _take_all(self, document: Document) -> None:
        """Know a document, or each of those that its `for_each` makes."""
        for one in self._unrolled(document):
            self._take(one)

    def _unrolled(self, document: Document) -> list[Document]:
        problems = Problems(document)
        metadata = document.metadata
        if LOOP in metadata:
            metadata = with_values(metadata, self.values, problems)
        made = list(unrolled_documents(document, metadata, problems))
        self.found += problems.found
        return made

    def _take(self, document: Document) -> None:
        """Know a document by its address; unknown kinds and second ones are errors."""
        kind = self.registry.by_yaml(document.kind)
        if kind is None:
            problems = Problems(document)
            known = [*(kind.yaml_kind for kind in self.registry.values()), *LIBRARY, ROLE]
            problems.at(None, "unknown-kind", f"no kind '{document.kind}'", suggestion(document.kind, known))
            self.found += problems.found
            return
        address = Address(kind.name, document.name)
        problems = Problems(document, str(address))
        if address in self.declared:
            first = self.declared[address].document.mark
            text = f"{document.kind} '{document.name}' is declared twice"
            hint = f"the first is at {first}: rename one, or remove it"
            problems.at(mark_at(document.metadata, ("name",)), "declared-twice", text, hint)
            self.found += problems.found
            return
        if document.mark in self.known:
            self._recall(address, kind, self.known[document.mark], problems)
            return
        spec = self.filled(document, kind, problems)
        body = document.body
        if body is not None and not document.bare:
            body = with_values(body, self.values, problems, Text.VERBATIM)
        metadata = read_metadata(problems, self.library.lifecycles.under(document))
        self.declared[address] = Declaration(kind, document, problems, metadata, spec, body)
        self.specs[address] = spec
        self.uids[address] = kind.uid(document.name, metadata.uid)
        if metadata.uid is not None and self.uids[address] is None:
            text = f"the uid of a {document.kind} is chosen by Grafana"
            problems.in_value(document.metadata, ("uid",), "uid-not-ours", text, "leave metadata.uid out")

    def filled(self, document: Document, kind: Kind, problems: Problems) -> MarkedDict:
        """A document's spec with the instance's values, its loops written out."""
        whose = Text.GRAFANAS if kind.grafanas_texts else Text.OURS
        spec: MarkedDict = unrolled(with_values(document.spec, self.values, problems, whose), problems)
        return spec

    def _build(self, address: Address) -> Resource | None:
        """The resource of an address; None where it is broken (its errors are noted), or is being built already: then
        it needs itself, which is found afterwards.
        """
        if address not in self.built and address not in self.building:
            self.building.add(address)
            self.built[address] = self._resource(address, self.declared[address])
            self.building.discard(address)
        return self.built.get(address)

    def _resource(self, address: Address, item: Declaration) -> Resource | None:
        kind, problems, spec = item.kind, item.problems, item.spec
        names, noted = self._names(address), NOTHING
        if kind.shorthand == _DASHBOARD:
            expanded = self._model(address)
            if expanded is None:
                return None
            spec, noted = self.whole_spec(address, item, expanded), self.noted.get(address, NOTHING)
            if not self.expansion.problems:  # only roles look at models again
                self.models[address] = None
        try:
            checked = kind.spec.model_validate(spec)
        except ValidationError as error:
            explain(error, spec, kind.spec, problems)
            return None
        desired = kind.desired(address.name, checked, names)
        if problems.stop:
            return None
        return Resource(
            address=address,
            uid=self.uids[address],
            attributes=as_object(canonical_value(desired.attributes)),
            secrets=dict(desired.secrets),
            depends_on=tuple(sorted(set(names.needs) - {address})),
            lifecycle=item.metadata.lifecycle,
            source=item.document.mark,
            origin=item.document.origin,
            stamp=noted.stamp,
            titled=noted.titled,
            library=noted.library,
        )

    def _names(self, address: Address) -> Declared:
        """What one document asks for by name."""
        if address not in self.asked:
            item = self.declared[address]
            names = self.asked[address] = Declared(self.specs, self.uids, self._build, item.problems)
            names.root = item.spec
            self.needs[address] = names.needs
        return self.asked[address]

    def _model(self, address: Address) -> Expanded | None:
        """A dashboard written out, without the links of roles; None where it is broken (its errors are noted)."""
        if address not in self.models:
            self.models[address] = None
            self.models[address] = self._expanded(address, self.declared[address])
        return self.models[address]

    def _expanded(self, address: Address, item: Declaration) -> Expanded | None:
        names = self._names(address)
        if address in self.expansion.views:
            base = self.expansion.views[address][1].base
            model = self._model(base)
            for need, mark in self.needs.get(base, {}).items():
                if need.kind != "folder":
                    names.needs.setdefault(need, mark)
            return self.expansion.derive(address, model) if model else None
        if "from" in item.spec and item.body is None and not item.document.manifest:
            if not isinstance(item.spec["from"], dict):  # a command that failed is told by the loader
                item.problems.in_value(item.spec, ("from",), "from-not-read", "the file of `from` was not read")
            return None
        with self.library.templates.counted() as used:
            expanded = expand_dashboard(item.spec, item.body, self.library, names=names, problems=item.problems)
        self.templates[address] = tuple(sorted(used))
        return expanded

    def whole_spec(self, address: Address, item: Declaration, expanded: Expanded) -> MarkedDict:
        """The spec that the kind is given: the folder's name and the model, its links complete."""
        model, titled = self.links.on(address, expanded.model)
        own, stamp = address, ""
        if address in self.expansion.views and not self.expansion.views[address][1].spec.title:
            own = self.expansion.views[address][1].base  # its title is worked out as well
            titled["title"] = str(own)
        if item.body is None:
            model, stamp, named = with_placeholders(model, self._uid(address), item.problems)
            titled |= dict.fromkeys(named, str(own))
        self.noted[address] = Noted(stamp, titled, library_in(model))
        result = MarkedDict(mark=item.spec.mark)
        if "folder" in item.spec:
            result.take("folder", item.spec, item.spec["folder"])
        result.put("model", model, key_at=item.spec.mark, value_at=item.spec.mark)
        return result

    def _check_circles(self) -> None:
        """Objects that need themselves, directly or around a corner: each circle once, at the reference that closes
        it.
        """
        for address, needed in sorted(self.needs.items()):
            if address in needed:
                problems = self.declared[address].problems
                problems.at(needed[address], "dependency-cycle", f"{address} needs itself", "name another object")
        graph = {address: tuple(needed) for address, needed in self.needs.items()}
        while True:
            try:
                order(graph)
                return
            except InvalidInput as error:
                found = error.diagnostics[0]
            first = Address.parse(found.subject)
            into = next(n for n in graph[first] if n != first and first in closure((n,), graph))
            self.declared[first].problems.at(self.needs[first][into], found.code, found.message, found.hint)
            graph[first] = tuple(n for n in graph[first] if first not in closure((n,), graph))
