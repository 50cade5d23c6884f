"""Who else may own an object, by the server's marks, and the way to take it over. Verified on 12.3.0: a dashboard
whose file goes is deleted, or stays and is free where its provider says `disableDeletion: true`; a datasource whose
entry goes stays, and is writable after the next reload or restart.
"""

from reconciler.core.json import JsonObject, text_of
from reconciler.core.resource import Manager

SCHEMA_V2 = Manager("dashboard schema v2 (this ggrec writes v1 only)", "save it as 'Classic' in Grafana first")
ALERTING = Manager("Grafana's alerting", "it writes these annotations by itself: declare another one")
SCIM = Manager("SCIM", "end the team's provisioning at the identity provider first")


def by_marks(annotations: JsonObject) -> Manager | None:
    """The owner that Grafana's own marks name (grafana-api.md sections 4 and 8); None where there is none."""
    by = text_of(annotations.get("grafana.app/managedBy"))
    if not by:
        return None
    who = text_of(annotations.get("grafana.app/managerId"))
    path = text_of(annotations.get("grafana.app/sourcePath"))
    if by == "classic-file-provisioning":
        return provisioned_dashboard(path, who)
    quoted = f" '{who}'" if who else ""
    if by == "repo":
        where = f" (file {path})" if path else ""
        return Manager(
            f"Git Sync, repository{quoted}{where}",
            "remove the file in that repository and let it sync, or disconnect the repository and keep what it made",
        )
    release = f"take it out of what {by} manages{f' as {quoted.strip()}' if who else ''}, without deleting it in "
    return Manager(
        f"{by}{quoted}{f' ({path})' if path else ''}", f"{release}Grafana, and clear its grafana.app/managedBy mark"
    )


def provisioned_dashboard(path: str, provider: str = "") -> Manager:
    """A dashboard from a file beside the server; `provider` is told over /apis only."""
    return Manager(
        f"file provisioning: the file {path or 'of a name not told'}"
        + (f" of the provider '{provider}'" if provider else ""),
        "remove that file there: with `disableDeletion: true` on its provider Grafana keeps the dashboard and "
        "`ggrec import` can take it, else Grafana deletes it and the next apply creates it",
    )


def provisioned_datasource(name: str) -> Manager:
    """A datasource from a file beside the server; which file is not told."""
    return Manager(
        f"file provisioning (read-only; the entry '{name}' in provisioning/datasources)",
        "remove that entry there, or write `editable: true` in it, and let Grafana read the files again: "
        "it keeps the datasource, and `ggrec import` can take it",
    )
