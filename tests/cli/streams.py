"""Dashboards that are expanded one by one, and what they come to all together."""

import json
from pathlib import Path
from typing import Any

from reconciler.cli.desired import Desired
from reconciler.core.desired import DesiredState
from reconciler.core.json import digest
from reconciler.core.lazy import whole
from reconciler.core.source import MarkedDict
from reconciler.grafana.secrets import SecretResolver
from reconciler.loader.models import ProjectModel
from reconciler.loader.project import Project
from tests.authoring.authoring_cases import REGISTRY

LIBRARY = """\
apiVersion: ggrec/v1
kind: Folder
metadata: {name: shop}
spec: {title: Shop}
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: metrics}
spec: {type: prometheus, url: "http://p:9090"}
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: logs}
spec: {type: loki, url: "http://l:3100"}
---
apiVersion: ggrec/v1
kind: Template
metadata: {name: wide}
spec:
  panel:
    type: timeseries
    title: From the template
    options: {legend: {calcs: [mean], placement: bottom, note: "%s"}, ratio: 1.0}
    fieldConfig: {defaults: {custom: {lineWidth: 1.0, fill: 2, axis: {label: "", soft: [0, 1]}}, unit: s}}
---
apiVersion: ggrec/v1
kind: Template
metadata: {name: asks}
spec: {panel: {type: stat, datasource: metrics, targets: [{refId: A, expr: up, legendFormat: all}]}}
---
apiVersion: ggrec/v1
kind: Template
metadata: {name: tiny}
spec: {panel: {type: table, options: {tiny: 1.0e-7}}}
---
apiVersion: ggrec/v1
kind: Template
metadata: {name: query}
spec: {target: {expr: up, instant: true}}
---
apiVersion: ggrec/v1
kind: Palette
metadata: {name: colours}
spec: {colors: {revenue: blue}, thresholds: {sla: {green: null, red: 0.5}}}
""" % ("x" * 200)
HEAD = "apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: {name}}}\nspec: {spec}\n"

LEFT_OVER = {"unused-template"}


def custom(text: str) -> dict[str, Any]:
    return {"name": "v", "type": "custom", "query": text}


def asking(selector: str) -> dict[str, Any]:
    return {"name": "job", "query": f"label_values({selector}, job)", "datasource": "metrics"}


def of(root: Path) -> Desired:
    project = Project("test", root, root / "d", ProjectModel(), MarkedDict())
    return Desired(project, {"n": "filled", "t": 1}, lambda: REGISTRY, lambda: SecretResolver({}, root))


def told(state: DesiredState) -> Any:
    """A state with the order of all keys, and the digests as they are known without looking."""
    objects = [
        (
            item.address,
            item.uid,
            json.dumps(whole(item.attributes)),
            digest(item.attributes),
            item.depends_on,
            item.source,
        )
        for item in state.resources
    ]
    return state.files, objects, state.diagnostics


def board(title: str, *panels: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": title, "panels": [{"title": "Rate", "type": "stat", **panel} for panel in panels], **more}
