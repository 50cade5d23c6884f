"""Documents → resources: the whole way, with everything that is wrong reported at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from reconciler.authoring.dashboard import expand_dashboard
from reconciler.authoring.metadata import Metadata, read_metadata
from reconciler.authoring.names import Declared
from reconciler.authoring.problems import Problems, suggestion
from reconciler.authoring.templates import KIND, Templates
from reconciler.authoring.values import with_values
from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, GgrecError, Severity
from reconciler.core.graph import order
from reconciler.core.json import Json, as_object, canonical_value
from reconciler.core.kind import Registry
from reconciler.core.resource import Document, Resource
from reconciler.core.source import MarkedDict, mark_at


@dataclass(frozen=True, slots=True)
class Resolved:
    """Resources in order of addresses, and every error and warning."""

    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def failed(self) -> bool:
        """Whether there is an error among the diagnostics."""
        return any(item.severity is Severity.ERROR for item in self.diagnostics)


def resolve(documents: Sequence[Document], registry: Registry, *, values: Mapping[str, Json]) -> Resolved:
    """Everything that `documents` declare. Never raises for bad input."""
    return _Resolving(documents, registry, values).run()


class _Resolving:
    def __init__(self, documents: Sequence[Document], registry: Registry, values: Mapping[str, Json]) -> None:
        self.registry = registry
        self.values = values
        self.found: list[Diagnostic] = []
        self.documents: dict[Address, Document] = {}
        self.problems: dict[Address, Problems] = {}
        self.specs: dict[Address, MarkedDict] = {}
        self.bodies: dict[Address, MarkedDict | None] = {}
        self.metadata: dict[Address, Metadata] = {}
        self.uids: dict[Address, str | None] = {}
        self.built: dict[Address, Resource | None] = {}
        self.building: set[Address] = set()
        self.templates = self._templates(documents)
        for document in documents:
            if document.kind != KIND:
                self._take(document)

    def run(self) -> Resolved:
        for address in sorted(self.documents):
            self._build(address)
        resources = {address: resource for address, resource in self.built.items() if resource is not None}
        self._uid_twice()
        self._claims_twice(resources)
        for problems in self.problems.values():
            self.found += problems.found
        try:
            order({address: resource.depends_on for address, resource in resources.items()})
        except GgrecError as error:
            first = Address.parse(error.diagnostics[0].subject)
            self.found.append(
                Diagnostic(
                    "dependency-cycle",
                    error.diagnostics[0].message,
                    "break the circle",
                    self.documents[first].mark,
                    str(first),
                )
            )
        for unused in self.templates.unused():
            text = f"Template {unused.name} is not used by any panel"
            self.found.append(Diagnostic("unused-template", text, "", unused.mark, severity=Severity.WARNING))
        ordered = tuple(resources[address] for address in sorted(resources))
        return Resolved(ordered, tuple(sorted(self.found, key=Diagnostic.sort_key)))

    def _templates(self, documents: Sequence[Document]) -> Templates:
        kept: dict[str, Document] = {}
        for document in documents:
            if document.kind == KIND:
                problems = Problems(document)
                if document.name in kept:
                    self._twice(document, kept[document.name], problems)
                kept.setdefault(document.name, document)
                Templates([document]).check(document, problems)
                self.found += problems.found
        filled = [self._filled_template(document) for document in kept.values()]
        return Templates(filled)

    def _filled_template(self, document: Document) -> Document:
        problems = Problems(document)
        spec = with_values(document.spec, self.values, problems)
        self.found += problems.found
        return Document(document.kind, document.name, document.metadata, spec, document.mark)

    def _take(self, document: Document) -> None:
        """Know a document by its address; unknown kinds and second ones are errors."""
        problems = Problems(document)
        kind = self.registry.by_yaml(document.kind)
        if kind is None:
            known = [*(kind.yaml_kind for kind in self.registry.values()), KIND]
            problems.at(None, "unknown-kind", f"no kind '{document.kind}'", suggestion(document.kind, known))
            self.found += problems.found
            return
        address = Address(kind.name, document.name)
        if address in self.documents:
            self._twice(document, self.documents[address], problems)
            self.found += problems.found
            return
        self.documents[address] = document
        self.problems[address] = problems
        self.specs[address] = with_values(document.spec, self.values, problems)
        body = document.body
        self.bodies[address] = with_values(body, self.values, problems) if body is not None else None
        self.metadata[address] = read_metadata(problems)
        self.uids[address] = kind.uid(document.name, self.metadata[address].uid)
        if self.metadata[address].uid is not None and self.uids[address] is None:
            where = mark_at(document.metadata, ("uid",))
            problems.at(
                where, "uid-not-ours", f"the uid of a {document.kind} is chosen by Grafana", "leave metadata.uid out"
            )

    def _twice(self, document: Document, other: Document, problems: Problems) -> None:
        where = mark_at(document.metadata, ("name",))
        text = f"{document.kind} '{document.name}' is declared twice"
        problems.at(where, "declared-twice", text, f"the first is at {other.mark}: rename one, or remove it")

    def _build(self, address: Address) -> Resource | None:
        """The resource of an address; None where it is broken (its errors are noted) or needs itself."""
        if address in self.built or address in self.building:
            return self.built.get(address)
        self.building.add(address)
        self.built[address] = self._built(address)
        self.building.discard(address)
        return self.built[address]

    def _built(self, address: Address) -> Resource | None:
        kind, problems, document = self.registry[address.kind], self.problems[address], self.documents[address]
        names = Declared(self.specs, self.uids, self._build, problems)
        spec = self.specs[address]
        if kind.shorthand == "dashboard":
            spec = expand_dashboard(
                spec,
                self.bodies[address],
                manifest=document.manifest,
                templates=self.templates,
                names=names,
                problems=problems,
            )
        names.root = spec
        try:
            checked = kind.spec.model_validate(spec)
        except ValidationError as error:
            for item in error.errors():
                _explain(item, spec, list(kind.spec.model_fields), problems)
            return None
        desired = kind.desired(address.name, checked, names)
        if problems.stop:
            return None
        return Resource(
            address=address,
            uid=self.uids[address],
            attributes=as_object(canonical_value(desired.attributes)),
            secrets=dict(desired.secrets),
            depends_on=tuple(sorted(names.needs - {address})),
            lifecycle=self.metadata[address].lifecycle,
            source=document.mark,
        )

    def _uid_twice(self) -> None:
        """Folders and dashboards share one space of uids in Grafana (grafana-api.md section 7)."""
        seen: dict[tuple[str, str], Address] = {}
        for address, uid in sorted(self.uids.items()):
            if uid is None:
                continue
            space = "folder or dashboard" if address.kind in {"folder", "dashboard"} else address.kind
            other = seen.setdefault((space, uid), address)
            if other != address:
                text = f"has the uid '{uid}' of {other}, declared at {self.documents[other].mark}"
                hint = "folders and dashboards share one space of uids in Grafana: choose another name or metadata.uid"
                self.problems[address].at(None, "uid-twice", text, hint if " or " in space else "choose another one")

    def _claims_twice(self, resources: Mapping[Address, Resource]) -> None:
        seen: dict[tuple[str, str], Address] = {}
        defaults: dict[str, Address] = {}
        for address, resource in sorted(resources.items()):
            for claim in self.registry[address.kind].claims(resource):
                other = seen.setdefault((address.kind, claim), address)
                if other != address:
                    what, _, value = claim.partition(":")
                    text = f"has the {what} '{value}' of {other}, declared at {self.documents[other].mark}"
                    self.problems[address].at(None, "name-twice", text, "Grafana keeps it unique: choose another one")
            if resource.attributes.get("isDefault") is True:
                other = defaults.setdefault(address.kind, address)
                if other != address:
                    text = f"is the default, and so is {other}, declared at {self.documents[other].mark}"
                    self.problems[address].at(None, "two-defaults", text, "an organisation has one default: keep one")


def _explain(item: Any, spec: MarkedDict, fields: list[str], problems: Problems) -> None:
    """One of pydantic's errors in the author's terms, at the author's line."""
    path = tuple(step for step in item["loc"] if step not in {"int", "str"})
    name = ".".join(map(str, path))
    message = str(item["msg"]).removeprefix("Value error, ")
    match item["type"]:
        case "extra_forbidden":
            text = f"unknown key '{path[-1]}'"
            if path[-1] == "secureJsonFields":
                hint = "Grafana only tells by it which secrets are set: write secureJsonData with references"
            else:
                hint = suggestion(str(path[-1]), fields)
            problems.in_value(spec, path, "unknown-key", text, hint, key=True)
        case "missing":
            problems.in_value(spec, path[:-1], "missing-key", f"'{name}' is missing")
        case "string_type" | "int_type" | "bool_type" | "list_type" | "dict_type":
            expected = {"string": "a text", "int": "a whole number", "bool": "true or false", "list": "a list"}
            wanted = expected.get(item["type"].removesuffix("_type"), "a mapping")
            hint = "quote it" if wanted == "a text" and isinstance(item["input"], int | float | bool) else ""
            problems.in_value(spec, path, "wrong-type", f"{name} must be {wanted}, not {_shown(item['input'])}", hint)
        case _:
            problems.in_value(
                spec, path, "bad-value", f"{name}: {message[0].lower()}{message[1:]}" if name else message
            )


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else repr(value)
