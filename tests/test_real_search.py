"""GigGatek's Elasticsearch panels on a real search server, with documents that the shop's events produce.

Needs a JDK 17 and the server as examples/search/README.md builds it (`make demo-data` does); skipped without.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest

from reconciler import datasources
from reconciler.sandbox import World, start
from scripts import servers
from scripts.processes import Processes
from tests.cli.command import Folder

pytestmark = pytest.mark.skipif(
    bool(servers.missing("java")) or not (servers.SEARCH / "classes").is_dir(),
    reason="needs a JDK 17, and examples/search built as its README says",
)


class ElasticsearchOnly:
    """Asks data sources of that type, and says of others that nobody asks them here."""

    @staticmethod
    def label_values(*_: Any) -> tuple[int, dict[str, Any]]:
        return 200, {"data": ["laptops", "phones", "payments", "checkout"]}

    @staticmethod
    def query(source: Any, queries: Any, body: Any, *, now: float) -> dict[str, Any]:
        if source["type"] == "elasticsearch":
            return datasources.query(source, queries, body, now=now)
        return {item["refId"]: {"status": 501, "error": "not here"} for item in queries}


def test_every_panel_on_elasticsearch_has_data_and_what_is_found_of_faults(tmp_path: Path) -> None:
    handle = start(World(asks=ElasticsearchOnly()))
    try:
        with Processes(tmp_path) as processes:
            length = ("--days", "10", "--coarse", "7200", "--fine-days", "1", "--fine", "600")
            processes.do(servers.PYTHON, "-m", "shop.backfill", str(tmp_path), *length, where=servers.SHOP)
            url = servers.search_server(processes, tmp_path)
            servers.fill(processes, tmp_path, url)
            shutil.copytree(servers.ROOT / "desired", tmp_path / "desired")
            text = (servers.ROOT / "ggrec.yaml").read_text("utf-8").replace("http://127.0.0.1:3999", handle.url)
            (tmp_path / "ggrec.yaml").write_text(text.replace("http://127.0.0.1:9200", url), "utf-8")
            folder = Folder(tmp_path)
            assert folder.ggrec("apply", "--auto-approve").code == 0
            panels = asked(folder)
            found = {}
            for fault in ("field-renamed", "silent"):
                servers.fill(processes, tmp_path, url, fault=fault)
                found[fault] = {item["place"]: item["verdict"] for item in asked(folder) if item["verdict"] != "ok"}
    finally:
        handle.stop()
    assert [panel for panel in panels if panel["verdict"] in {"error", "no-data"}] == []
    assert len(panels) >= 11
    assert found["field-renamed"] == {'panel "Search Term Analysis"': "no-data"}
    assert found["silent"]['panel "Newest Lines"'] == "stale" and set(found["silent"].values()) == {"stale"}


def asked(folder: Folder) -> list[Any]:
    """The panels that were asked."""
    boards = folder.ggrec("check", "--live", "--json").json["dashboards"]
    return [panel for board in boards for panel in board["panels"] if panel["verdict"] != "not-asked"]
