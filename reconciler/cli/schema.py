"""schema: what editors need to help with desired files."""

import json
import sys
from typing import Annotated

from reconciler.authoring.metrics import KIND as METRIC
from reconciler.authoring.metrics import MetricDocument
from reconciler.authoring.roles import KIND as ROLE
from reconciler.authoring.roles import RoleSpec
from reconciler.cli.options import Option
from reconciler.core.errors import ExitCode, UsageError
from reconciler.kinds import discover
from reconciler.loader.schema import document_schema, project_schema
from reconciler.render.plan_schema import plan_schema


def schema(
    project: Annotated[bool, Option("--project", help="The schema of ggrec.yaml instead.")] = False,
    plan: Annotated[bool, Option("--plan", help="The schema of `ggrec plan --json` instead.")] = False,
) -> int:
    """Print the JSON Schema of desired files, for editors."""
    if project and plan:
        raise UsageError.one("one-schema", "--project and --plan ask for two schemas: give one of them")
    if plan:
        sys.stdout.write(json.dumps(plan_schema(), indent=2) + "\n")
        return ExitCode.DONE
    kinds = {kind.yaml_kind: kind.written or kind.spec for kind in discover().values()}
    found = project_schema() if project else document_schema({**kinds, ROLE: RoleSpec, METRIC: MetricDocument})
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return ExitCode.DONE
