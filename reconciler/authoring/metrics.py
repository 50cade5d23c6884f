"""`kind: Metric`: what the application exports, declared beside the dashboards that show it. Makes no object in
Grafana.

A document is one metric, or holds many (`metrics:`), or the fields of an index (`fields:`); what is said at its top
holds for all in it.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reconciler.authoring.explain import explain
from reconciler.authoring.problems import Problems, suggestion, unknown_keys
from reconciler.core.errors import Diagnostic
from reconciler.core.metric import Catalogue, IndexField, Label, Metric, MetricType
from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict, Path, mark_at

KIND = "Metric"
NAME = r"^[a-zA-Z_:][a-zA-Z0-9_:]*$"
_Text = Annotated[str, Field(min_length=1)]
FieldType = Literal[
    "keyword",
    "text",
    "boolean",
    "date",
    "geo_point",
    "ip",
    "byte",
    "short",
    "integer",
    "long",
    "float",
    "double",
    "object",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class LabelSpec(_Strict):
    """What a label may be: its values, or an example where they cannot be listed."""

    values: list[_Text] | None = Field(None, description="The values that it may take.")
    example: str = Field("", description="One of its values, where they cannot be listed.")


class MetricSpec(_Strict):
    """One metric."""

    type: MetricType = Field(strict=False, description="counter, gauge, histogram or summary.")
    unit: str = Field("", description="Grafana's name of a unit (currencyUSD, s, percentunit, short …), or cents.")
    help: str = Field("", description="What it counts.")
    owner: str = Field("", description="Who answers for it.")
    monotonic: bool = Field(False, description="A gauge that only rises and begins again from 0: increase is right.")
    datasource: str = Field("", description="metadata.name of the Datasource that holds it.")
    labels: dict[str, list[_Text] | LabelSpec | None] = Field(
        default_factory=dict, description="Each label with its values, or with an example."
    )


class FieldSpec(_Strict):
    """One field of an index."""

    type: FieldType = Field(description="Elasticsearch's type; a text is taken to have a .keyword beside it.")
    unit: str = Field("", description="Grafana's name of a unit.")
    help: str = Field("", description="What it holds.")
    owner: str = Field("", description="Who answers for it.")
    values: list[_Text] | None = Field(None, description="The values that it may take.")


class MetricDocument(_Strict):
    """What authors write: one metric, many of one datasource, or the fields of an index."""

    name: str = Field("", pattern=NAME + "|^$", description="The metric, where metadata.name cannot be its name.")
    type: MetricType | None = Field(None, strict=False, description="counter, gauge, histogram or summary.")
    unit: str = Field("", description="Grafana's name of a unit, or cents.")
    help: str = Field("", description="What it counts.")
    owner: str = Field("", description="Who answers for it; for all in the document.")
    monotonic: bool = Field(False, description="A gauge that only rises and begins again from 0: increase is right.")
    datasource: str = Field("", description="metadata.name of the Datasource that holds it; for all in the document.")
    labels: dict[str, list[_Text] | LabelSpec | None] = Field(
        default_factory=dict, description="Each label with its values, or with an example."
    )
    metrics: dict[Annotated[str, Field(pattern=NAME)], MetricSpec] = Field(
        default_factory=dict, description="Many metrics by name."
    )
    index: str = Field("", description="The index whose fields these are.")
    fields: dict[str, FieldSpec] = Field(default_factory=dict, description="The fields of an index, by name.")

    @model_validator(mode="after")
    def _one_of(self) -> "MetricDocument":
        if not (self.metrics or self.fields or self.type):
            raise ValueError("say the metric's type, or list metrics or fields")
        if self.fields and not self.index:
            raise ValueError("fields belong to an index: say which")
        if self.type and self.metrics:
            raise ValueError("is either one metric (type) or many (metrics), not both")
        return self


class Metrics:
    """The Metric documents of a project. What is wrong with them is in `found`."""

    def __init__(self, documents: Sequence[Document] = (), datasources: Mapping[str, str] | None = None) -> None:
        """`datasources`: the declared ones, name → uid; None: names are not checked."""
        self.found: list[Diagnostic] = []
        self._datasources = datasources
        self._metrics: dict[tuple[str, str], Metric] = {}
        self._fields: dict[tuple[str, str, str], IndexField] = {}
        for document in documents:
            problems = Problems(document)
            unknown_keys(document.metadata, ("name",), problems)
            self._take(document, problems)
            self.found += problems.found

    @property
    def catalogue(self) -> Catalogue:
        """All of them, in order of names."""
        return Catalogue(
            tuple(self._metrics[key] for key in sorted(self._metrics)),
            tuple(self._fields[key] for key in sorted(self._fields)),
        )

    def _take(self, document: Document, problems: Problems) -> None:
        spec = document.spec
        try:
            read = MetricDocument.model_validate(spec)
        except ValidationError as error:
            explain(error, spec, MetricDocument, problems)
            return
        if read.type is not None:
            one = MetricSpec(**read.model_dump(include={"unit", "help", "labels", "monotonic"}), type=read.type)
            name = read.name or document.name
            self._metric(name, one, read, mark_at(document.metadata, ("name",)), spec=spec, path=(), problems=problems)
        for name, one in read.metrics.items():
            where = mark_at(spec, ("metrics", name), key=True)
            self._metric(name, one, read, where, spec=spec, path=("metrics", name), problems=problems)
        for name, found in read.fields.items():
            where = mark_at(spec, ("fields", name), key=True)
            uid = self._datasource(read.datasource, spec, ("datasource",), problems)
            made = IndexField(
                name, found.type, uid, read.index, found.unit, found.help, found.owner or read.owner,
                tuple(found.values) if found.values is not None else None, where,
            )  # fmt: skip
            first = self._fields.setdefault((uid, read.index, name), made)
            if first is not made:
                _twice(f"the field '{name}' of {read.index}", first.where, where, problems)

    def _metric(
        self,
        name: str,
        one: MetricSpec,
        document: MetricDocument,
        where: Mark | None,
        *,
        spec: MarkedDict,
        path: Path,
        problems: Problems,
    ) -> None:
        own = ("datasource",) if not one.datasource else (*path, "datasource")
        uid = self._datasource(one.datasource or document.datasource, spec, own, problems)
        made = Metric(
            name=name,
            type=one.type,
            datasource=uid,
            unit=one.unit,
            help=one.help,
            owner=one.owner or document.owner,
            monotonic=one.monotonic,
            labels={label: _label(label, written) for label, written in one.labels.items()},
            where=where,
        )
        first = self._metrics.setdefault((uid, name), made)
        if first is not made:
            _twice(f"the metric '{name}'", first.where, where, problems)

    def _datasource(self, name: str, spec: MarkedDict, path: Path, problems: Problems) -> str:
        if not name:
            text = "says no datasource: which one holds it?"
            problems.in_value(
                spec, (), "no-datasource", text, "as in `datasource: prometheus`, metadata.name of a Datasource"
            )
            return ""
        if self._datasources is not None and name not in self._datasources:
            hint = suggestion(name, self._datasources)
            problems.in_value(spec, path, "unknown-name", f"no datasource '{name}' is declared", hint)
        return (self._datasources or {}).get(name, name)


def _label(name: str, written: Any) -> Label:
    if isinstance(written, LabelSpec):
        return Label(name, tuple(written.values) if written.values is not None else None, written.example)
    return Label(name, tuple(written) if written is not None else None)


def _twice(what: str, first: Mark | None, second: Mark | None, problems: Problems) -> None:
    problems.at(second, "declared-twice", f"{what} is declared twice", f"the first is at {first}: keep one of them")
