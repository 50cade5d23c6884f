"""schema: what editors need to help with desired files."""

import json
import sys
from typing import Annotated

from reconciler.authoring.metrics import KIND as METRIC
from reconciler.authoring.metrics import MetricDocument
from reconciler.authoring.roles import KIND as ROLE
from reconciler.authoring.roles import RoleSpec
from reconciler.cli.options import Option
from reconciler.core.errors import ExitCode
from reconciler.kinds import discover
from reconciler.loader.schema import document_schema, project_schema


def schema(
    project: Annotated[bool, Option("--project", help="The schema of ggrec.yaml instead.")] = False,
) -> int:
    """Print the JSON Schema of desired files, for editors."""
    kinds = {kind.yaml_kind: kind.written or kind.spec for kind in discover().values()}
    found = project_schema() if project else document_schema({**kinds, ROLE: RoleSpec, METRIC: MetricDocument})
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return ExitCode.DONE
