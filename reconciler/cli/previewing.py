"""preview: declared dashboards as pages; and the pages of a plan, with what changes marked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from reconciler.authoring.resolve import Resolved
from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session
from reconciler.cli.settings import ConfigOption, InstanceOption, Settings
from reconciler.core.address import Address
from reconciler.core.diff import Key, Op
from reconciler.core.errors import ExitCode, InvalidInput, UsageError
from reconciler.core.json import as_object, text_of
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.resource import Resource
from reconciler.preview.page import site_files
from reconciler.preview.site import Page, RoleMenu, Site
from reconciler.render.lines import count

_STATES = {
    Action.CREATE: "created",
    Action.UPDATE: "changed",
    Action.ADOPT: "taken over",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
}
_OPS = {Op.ADD: "added"}


def preview(
    addresses: Annotated[list[str] | None, Argument(help="dashboard.name …; nothing: all.")] = None,
    out: Annotated[Path, Option("--out", "-o", help="The folder for the pages.")] = Path("site"),
    instance: InstanceOption = None,
    config: ConfigOption = None,
) -> int:
    """Draw declared dashboards as static pages. Offline; no request leaves the pages."""
    session = Session(Settings(instance, None, config))
    resolved = session.resolved()
    boards = [resource for resource in resolved.resources if resource.address.kind == "dashboard"]
    chosen = [_named(text, boards) for text in addresses or ()] or boards
    if not chosen:
        raise UsageError.one("no-dashboards", "no dashboard is declared", hint="`kind: Dashboard`")
    _write(session, out, site_of(session, resolved, chosen, {}))
    return ExitCode.DONE


def preview_plan(session: Session, out: Path, plan: Plan) -> None:
    """Draw all declared dashboards, and mark on them what the plan changes."""
    resolved = session.resolved()
    changes = {change.address: change for change in plan.changes if change.address.kind == "dashboard"}
    boards = [resource for resource in resolved.resources if resource.address.kind == "dashboard"]
    _write(session, out, site_of(session, resolved, boards, changes))


def site_of(
    session: Session, resolved: Resolved, chosen: Sequence[Resource], changes: Mapping[Address, Change]
) -> Site:
    """The site for some dashboards, with the roles that show them."""
    titles = {r.uid: (text_of(r.attributes.get("title")), text_of(r.attributes.get("parentUid")))
              for r in resolved.resources if r.address.kind == "folder"}  # fmt: skip
    sources = {str(r.uid): text_of(r.attributes.get("name")) or r.address.name
               for r in resolved.resources if r.address.kind == "datasource"}  # fmt: skip
    uids = {resource.address: str(resource.uid) for resource in resolved.resources}
    roles = tuple(
        RoleMenu(
            role.title,
            uids.get(role.home.shown, "") if role.home else "",
            tuple(uids[entry.shown] for entry in role.entries if entry.shown in uids),
        )
        for role in resolved.roles
    )
    pages = tuple(_page(resource, titles, changes.get(resource.address)) for resource in chosen)
    note = "Marked is what the plan changes." if changes else ""
    deleted = tuple(
        f"{change.title} ({address})" for address, change in sorted(changes.items()) if change.action is Action.DELETE
    )
    return Site(session.project.name, pages, sources, roles, note, deleted)


def _page(resource: Resource, titles: Mapping[str | None, tuple[str, str]], change: Change | None) -> Page:
    folders: list[str] = []
    uid = text_of(resource.attributes.get("folderUid"))
    while uid in titles and len(folders) < len(titles):
        folders.insert(0, titles[uid][0])
        uid = titles[uid][1]
    marks: dict[int, str] = {}
    removed: list[str] = []
    for edit in change.edits if change and change.action is Action.UPDATE else ():
        number = next((step.value for step in edit.path if isinstance(step, Key) and step.field == "id"), None)
        if isinstance(number, int):
            last = edit.path[-1]
            whole = isinstance(last, Key) and last.field == "id"
            if whole and edit.op is Op.REMOVE:
                removed.append((last.label if isinstance(last, Key) else "") or str(number))
                continue
            marks[number] = _OPS.get(edit.op, "changed") if whole else marks.get(number, "changed")
    model = as_object(resource.attributes.get("dashboard"))
    state = _STATES.get(change.action, "") if change else ""
    return Page(str(resource.uid), model, tuple(folders), resource.origin, state, marks, tuple(removed))


def _named(text: str, boards: Sequence[Resource]) -> Resource:
    found = next((resource for resource in boards if text in (str(resource.address), resource.address.name)), None)
    if found is None:
        known = ", ".join(str(resource.address) for resource in boards[:8]) or "none"
        raise UsageError.one("not-declared", f"no dashboard '{text}' is declared", hint=f"declared: {known}")
    return found


def _write(session: Session, out: Path, site: Site) -> None:
    """Write the pages; other files of the folder stay."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in site_files(site).items():
            (out / name).write_text(text, "utf-8", "surrogatepass")
    except OSError as error:
        raise InvalidInput.one("cannot-write", f"{error.filename}: {error.strerror}") from None
    session.output.text(f"Drew {count(len(site.pages), 'dashboard')}: open {out / 'index.html'}")
