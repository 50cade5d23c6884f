"""import-dashboards: JSON as Grafana exports it → desired files and, through the ordinary plan and apply, Grafana.

What is wrong with one file does not keep the others; nothing is left of a dashboard that did not get through.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec.structs import replace

from reconciler.authoring.ids import number
from reconciler.authoring.layout import HEIGHT, WIDTH, Flow
from reconciler.authoring.problems import Problems
from reconciler.authoring.resolve import resolve
from reconciler.cli.applying import apply_quietly
from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session
from reconciler.cli.settings import (
    ConfigOption,
    InstanceOption,
    JsonOption,
    NoColorOption,
    Settings,
    UrlOption,
    VerboseOption,
)
from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, ExitCode, GgrecError, InvalidInput, Severity, UsageError
from reconciler.core.exchange import WriteContext
from reconciler.core.json import as_object, text_of
from reconciler.core.resource import Document, Resource
from reconciler.core.source import Mark, MarkedDict, MarkedList
from reconciler.engine.planner import Options
from reconciler.loader.documents import Loaded
from reconciler.loader.exports import Export, Exports, read_exports
from reconciler.loader.writing import to_json, to_yaml
from reconciler.render.json_view import diagnostic_json
from reconciler.render.lines import Line, Span, line
from reconciler.render.plan_view import diagnostic_lines

_GRAFANAS_OWN = ("--", "$")
"""A datasource whose name begins so is Grafana's own, or a variable."""
_NOT_WRITTEN = frozenset({"id", "uid", "version", "iteration"})


def import_dashboards(
    path: Annotated[Path, Argument(help="A dashboard's JSON file, or a folder of them.")],
    folder: Annotated[str | None, Option("--folder", help="metadata.name of a declared Folder.")] = None,
    overwrite: Annotated[
        bool, Option("--overwrite", help="Take over dashboards and desired files that exist already.")
    ] = False,
    message: Annotated[
        str | None, Option("--message", help="What the version says. Default: Imported from <file>.")
    ] = None,
    once: Annotated[bool, Option("--once", help="Only send: write no desired file, own nothing.")] = False,
    instance: InstanceOption = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Import dashboards that Grafana exported: write desired files for them, and apply them."""
    session = Session(Settings(instance, url, config, json, no_color, verbose))
    exports = read_exports(path)
    job = _Import(session, exports, folder, overwrite=overwrite, message=message)
    asyncio.run(job.send()) if once else job.manage()
    _tell(session, job, exports, once=once)
    if not job.failed:
        return ExitCode.DONE
    return ExitCode.PARTIAL if job.done else ExitCode.ERROR


class _Import:
    """One import: what got through (`done`), and why the rest did not (`failed`)."""

    def __init__(
        self, session: Session, exports: Exports, folder: str | None, *, overwrite: bool, message: str | None
    ) -> None:
        self.session, self.exports, self.folder = session, exports, folder
        self.overwrite, self.message = overwrite, message
        self.done: dict[Path, Address] = {}
        self.failed: dict[Path, tuple[Diagnostic, ...]] = dict(exports.failed)
        self.loaded = self._declared()
        self.replaced: dict[Path, Document] = {}
        self.resources = self._resolved()

    def _declared(self) -> Loaded:
        """The desired files as they are. Raises InvalidInput where they are wrong, or have no such folder."""
        loaded = self.session.load()
        empty = all(item.code == "empty-desired" for item in loaded.diagnostics)
        if loaded.diagnostics and not empty:
            raise InvalidInput(loaded.diagnostics)
        names = {document.name for document in loaded.documents if document.kind == "Folder"}
        if self.folder is not None and self.folder not in names:
            hint = f"declared: {', '.join(sorted(names))}" if names else "declare one: `kind: Folder`"
            raise UsageError.one("unknown-folder", f"no Folder '{self.folder}' is declared", hint=hint)
        return loaded

    def _document(self, export: Export) -> Document:
        """The document that a desired file for it would hold."""
        there = self.replaced.get(export.file)
        if there is not None:
            return replace(there, body=export.model)
        mark = Mark(str(export.file), 1, 1)
        metadata, spec = MarkedDict(mark=mark), MarkedDict(mark=mark)
        metadata.put("name", export.name, key_at=mark, value_at=mark)
        for key, value in self._spec(export).items():
            spec.put(key, value, key_at=mark, value_at=mark)
        return Document("Dashboard", export.name, metadata, spec, mark, body=export.model)

    def _spec(self, export: Export) -> dict[str, Any]:
        folder = self.folder or self._folder_of(export)
        return {**({"folder": folder} if folder else {}), "from": f"{export.name}.json"}

    def _folder_of(self, export: Export) -> str:
        """The declared folder that a manifest names by its uid."""
        for document in self.loaded.documents:
            uid = text_of(document.metadata.get("uid")) or document.name
            if document.kind == "Folder" and uid == export.folder:
                return document.name
        return ""

    def _resolved(self) -> dict[Address, tuple[Export, Resource]]:
        """What the files come to; those that are declared already, or broken, fail."""
        known = {document.name: document for document in self.loaded.documents if document.kind == "Dashboard"}
        wanted: dict[Address, Export] = {}
        for export in self.exports.found:
            there = known.get(export.name)
            if there is not None and not (self.overwrite and there.body is not None):
                text = f"dashboard.{export.name} is declared already, at {there.mark}"
                self._fail(export.file, "declared-already", text, "--overwrite replaces what came from a JSON file")
                continue
            if there is not None and self.folder not in (None, there.spec.get("folder")):
                text = f"dashboard.{export.name} is declared in another folder, at {there.mark}"
                self._fail(export.file, "declared-elsewhere", text, "change `folder` there, or leave --folder out")
                continue
            if there is not None:
                self.replaced[export.file] = there
            model, unknown = self._bound(export)
            if unknown:
                self.failed[export.file] = unknown
            else:
                wanted[Address("dashboard", export.name)] = replace(export, model=model)
        kept = [document for document in self.loaded.documents if document not in self.replaced.values()]
        made = [self._document(export) for export in wanted.values()]
        values = self.session.project.values(self.session.settings.instance)
        resolved = resolve([*kept, *made], self.session.registry, values=values)
        for address, export in wanted.items():
            errors = [d for d in resolved.diagnostics if d.subject == str(address) and d.severity is Severity.ERROR]
            if errors:
                self.failed[export.file] = tuple(errors)
        others = [d for d in resolved.diagnostics if d.severity is Severity.ERROR and d.subject not in map(str, wanted)]
        if others:
            raise InvalidInput(tuple(others))
        self.all = resolved.resources
        found = {resource.address: resource for resource in resolved.resources}
        return {a: (e, found[a]) for a, e in wanted.items() if e.file not in self.failed and a in found}

    def _bound(self, export: Export) -> tuple[MarkedDict, tuple[Diagnostic, ...]]:
        """The model with datasources that are only named (as old exports do) as references to declared ones."""
        declared: dict[str, dict[str, str]] = {}
        for document in self.loaded.documents:
            if document.kind == "Datasource":
                uid = text_of(document.metadata.get("uid")) or document.name
                reference = {"type": text_of(document.spec.get("type")), "uid": uid}
                for name in (document.name, uid, text_of(document.spec.get("name"))):
                    declared.setdefault(name.lower(), reference)
        unknown: dict[str, Mark | None] = {}

        def walk(value: Any) -> Any:
            if isinstance(value, MarkedDict):
                made = MarkedDict(mark=value.mark)
                for key, item in value.items():
                    named = (
                        key == "datasource" and isinstance(item, str) and item and not item.startswith(_GRAFANAS_OWN)
                    )
                    if named and item.lower() not in declared:
                        unknown.setdefault(item, value.values_at.get(key))
                    made.take(key, value, declared.get(item.lower(), item) if named else walk(item))
                return made
            if isinstance(value, MarkedList):
                return MarkedList([walk(item) for item in value], mark=value.mark)
            return value

        model: MarkedDict = walk(export.model)
        _complete(model)
        known = ", ".join(sorted({reference["uid"] for reference in declared.values()})) or "none"
        return model, tuple(
            Diagnostic("unknown-datasource", f"no Datasource '{name}' is declared", f"declared: {known}", where)
            for name, where in unknown.items()
        )

    def _fail(self, file: Path, code: str, text: str, hint: str) -> None:
        self.failed[file] = (Diagnostic(code, text, hint, Mark(str(file), 1, 1)),)

    def text_for(self, export: Export) -> str:
        """What a version's message says."""
        return self.message if self.message is not None else f"Imported from {export.file.name}"

    def manage(self) -> None:
        """Apply them as declared objects; their desired files are written first, and taken back for what failed."""
        if not self.resources:
            return
        written: dict[Path, dict[Path, bytes | None]] = {}
        for export, resource in self.resources.values():
            try:
                written[export.file] = self._write(export, resource)
            except OSError as error:
                self._fail(export.file, "cannot-write", f"{error.filename}: {error.strerror}", "nothing was sent")
        sent = {a: item for a, item in self.resources.items() if item[0].file in written}
        try:
            outcome = self._apply(sent)
        except GgrecError:
            for files in written.values():
                _restore(files)
            raise
        for address, (export, _) in sent.items():
            problems = outcome.get(address, ())
            if problems:
                self.failed[export.file] = problems
                _restore(written[export.file])
            else:
                self.done[export.file] = address

    def _apply(self, sent: Mapping[Address, tuple[Export, Resource]]) -> dict[Address, tuple[Diagnostic, ...]]:
        """Why each address did not get through (none: it did). What a plan refuses is left out of a second one."""
        refused: dict[Address, tuple[Diagnostic, ...]] = {}
        guard = replace(self.session.instance.guard, max_updates=10**9, max_update_share=1.0, kinds={})  # each is named
        while True:
            targets = tuple(str(address) for address in sent if address not in refused)
            if not targets:
                return refused
            options = Options(targets, adopt=self.overwrite, guard=guard)
            messages = {address: self.text_for(export) for address, (export, _) in sent.items()}
            outcomes, refusals = asyncio.run(apply_quietly(self.session, self.all, options, messages))
            again = {a: tuple(r for r in refusals if r.subject == str(a)) for a in sent if a not in refused}
            again = {address: found for address, found in again.items() if found}
            if refusals and not again:
                raise InvalidInput(refusals)
            if not refusals:
                return refused | outcomes
            refused |= again

    def _write(self, export: Export, resource: Resource) -> dict[Path, bytes | None]:
        """Write the two desired files; the result is what was there before."""
        there = self.replaced.get(export.file)
        base = self.session.project.desired / "dashboards"
        if there is not None:
            base = (self.session.project.root / there.mark.file).parent
        model = {key: value for key, value in export.model.items() if key not in _NOT_WRITTEN}
        name = text_of(as_object(there.spec).get("from")) if there is not None else f"{export.name}.json"
        texts = {base / name: to_json(model)}
        if there is None:
            texts[base / f"{export.name}.yaml"] = to_yaml("Dashboard", export.name, self._spec(export))
        before: dict[Path, bytes | None] = {}
        base.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            if there is None and path.exists():
                raise FileExistsError(17, "exists already", str(path))
            before[path] = path.read_bytes() if path.exists() else None
            path.write_text(text, "utf-8")
        return before

    async def send(self) -> None:
        """Only send them: no desired file, no state."""
        kind = self.session.registry["dashboard"]
        async with self.session.writer() as writer:
            for address, (export, resource) in self.resources.items():
                context = WriteContext(writer.server, self.text_for(export))
                try:
                    live = await writer.ask(kind.find(writer.server, resource))
                    if live is not None and not self.overwrite:
                        text = f"a dashboard of the uid '{live.uid}' exists in Grafana"
                        self._fail(export.file, "exists-already", text, "--overwrite replaces it")
                        continue
                    if live is None:
                        await writer.write(kind.create(context, resource))
                    else:
                        await writer.write(kind.update(context, resource, live))
                    self.done[export.file] = address
                except GgrecError as error:
                    self.failed[export.file] = error.diagnostics


def _complete(model: MarkedDict) -> None:
    """Give panels a place and an id where they have none (a panel copied by itself has neither): Grafana would put them
    all in one corner.
    """
    panels = model.get("panels")
    if not isinstance(panels, MarkedList) or not all(isinstance(panel, MarkedDict) for panel in panels):
        return
    flow = Flow()
    for panel in panels:
        place = as_object(panel.get("gridPos"))
        top, height = place.get("y"), place.get("h")
        if "gridPos" not in panel:
            panel.put("gridPos", flow.place(WIDTH, HEIGHT), key_at=panel.mark, value_at=panel.mark)
        elif isinstance(top, int) and isinstance(height, int):
            flow.below(top + height)
    mark = model.mark or Mark("", 1, 1)
    number(panels, Problems(Document("Dashboard", "", MarkedDict(), MarkedDict(), mark)))


def _restore(files: Mapping[Path, bytes | None]) -> None:
    """Put files back as they were."""
    for path, data in files.items():
        if data is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(data)


def _tell(session: Session, job: _Import, exports: Exports, *, once: bool) -> None:
    if session.output.as_json:
        session.output.json(
            {
                "format": "ggrec/import/v1",
                "imported": [{"file": str(f), "address": str(a)} for f, a in sorted(job.done.items())],
                "failed": [
                    {"file": str(file), "problems": [diagnostic_json(item) for item in found]}
                    for file, found in sorted(job.failed.items())
                ],
            }
        )
        return
    lines: list[Line] = [line(Span("✓ ", "good"), f"{file} → {address}") for file, address in sorted(job.done.items())]
    for file, found in sorted(job.failed.items()):
        lines.append(line(Span("✗ ", "error"), str(file)))
        lines += [(Span("  "), *part) for item in found for part in diagnostic_lines(item)]
    done = f"Imported {len(job.done)} of {exports.files}"
    end = "; nothing manages them." if once else f" into {session.project.desired}; `ggrec plan` manages them now."
    lines.append(line(Span(done + (end if job.done else "."), "warn" if job.failed else "good")))
    session.output.lines(lines)
