"""Assembling: from options and files to a connected engine. The only place where the rooms meet."""

import math
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.desired import Desired, state_of
from reconciler.cli.output import Output, SystemClock
from reconciler.cli.settings import Settings
from reconciler.core.acknowledgement import ACKNOWLEDGED, Acknowledgement
from reconciler.core.budget import Budget
from reconciler.core.desired import DesiredState
from reconciler.core.errors import Diagnostic, GgrecError, InvalidInput, UsageError
from reconciler.core.exchange import Server
from reconciler.core.registry import Registry
from reconciler.core.resource import Resource
from reconciler.core.state import Run, State
from reconciler.loader.project import FILE, Instance, Project, load_project

if TYPE_CHECKING:
    from reconciler.authoring.resolve import Resolved
    from reconciler.grafana.client import Client
    from reconciler.grafana.driver import Grafana, GrafanaWriter
    from reconciler.grafana.secrets import SecretResolver
    from reconciler.loader.documents import Loaded
    from reconciler.store.hints import StoredHints
    from reconciler.store.state_store import StateStore

T = TypeVar("T")


class Session(Struct, dict=True):
    """One command's surroundings. Parts are made when first asked for."""

    settings: Settings

    @cached_property
    def output(self) -> Output:
        """Where results go."""
        given = self.settings
        return Output(as_json=given.json, no_color=given.no_color, verbose=given.verbose)

    @cached_property
    def clock(self) -> SystemClock:
        """The present moment."""
        return SystemClock()

    @cached_property
    def budget(self) -> Budget:
        """The time that this command may take; it begins when first asked for."""
        return Budget(self.settings.timeout or math.inf, time.monotonic, time.monotonic())

    @cached_property
    def registry(self) -> Registry:
        """All kinds."""
        from reconciler.kinds import discover

        return discover()

    @cached_property
    def project(self) -> Project:
        """ggrec.yaml, or what stands for it."""
        return load_project(self.settings.config, start=Path.cwd())

    @cached_property
    def instance(self) -> Instance:
        """The chosen Grafana."""
        return self.project.instance(self.settings.instance, os.environ, url=self.settings.url)

    @cached_property
    def secrets(self) -> "SecretResolver":
        """References resolved over the environment and the project's files."""
        from reconciler.cli.crash import hide_those_of
        from reconciler.grafana.secrets import SecretResolver

        return hide_those_of(SecretResolver(os.environ, self.project.root, self.project.model.secret_commands))

    @cached_property
    def store(self) -> "StateStore":
        """The state of the chosen instance."""
        from reconciler.cli.storing import open_store

        return open_store(self.instance.state, self.secrets, lease=self.instance.lease)

    @property
    def acknowledged(self) -> tuple[Acknowledgement, ...]:
        """What acknowledged.yaml lets stand in the chosen instance, ended ones too. Raises InvalidInput."""
        if not (self.project.root / ACKNOWLEDGED).exists():
            return ()
        from reconciler.loader.acknowledged import read_acknowledged

        found, known = read_acknowledged(self.project.root), self.project.model.instances
        lost = [item for item in found if known and item.instance not in ("", self.instance.name, *known)]
        if lost:
            hint = f"known: {', '.join(sorted(known))}"
            texts = [(f"no instance '{item.instance}' in {FILE}", item.where) for item in lost]
            raise InvalidInput(tuple(Diagnostic("unknown-instance", text, hint, where) for text, where in texts))
        return tuple(item for item in found if item.instance in ("", self.instance.name)) if found else ()

    @cached_property
    def hints(self) -> "StoredHints":
        """What was last verified of the chosen instance."""
        from reconciler.store.hints import StoredHints

        return StoredHints(self.store.blobs)

    def load(self) -> "Loaded":
        """The documents of the desired files, as they are now."""
        from reconciler.loader.documents import load_documents

        return load_documents(self.project.desired, root=self.project.root, commands=self.project.model.commands)

    @cached_property
    def desired(self) -> Desired:
        """What is declared, from the cache or from the files."""
        values = self.project.values(self.settings.instance)
        return Desired(self.project, values, lambda: self.registry, lambda: self.secrets)

    def resources(self) -> tuple[Resource, ...]:
        """What is declared. Raises InvalidInput with everything that is wrong."""
        return _valid(self.desired.state).resources

    def known(self) -> "tuple[tuple[Resource, ...], State | None]":
        """All that can be known without Grafana: what is declared, and the stored state. Raises InvalidInput with
        everything that is wrong.
        """
        resources = self.resources()
        self.hints.observation()  # it is kept, for who asks again
        return resources, self.store.load()

    def resolved(self) -> "Resolved":
        """What is declared, with its roles; whole. Raises InvalidInput with everything that is wrong."""
        return self.valid()[1]

    def valid(self) -> "tuple[Loaded, Resolved]":
        """The same with the documents it comes from. Raises InvalidInput with everything that is wrong."""
        loaded, resolved = self.desired.read()
        _valid(state_of(loaded, resolved))
        return loaded, resolved

    def valid_apart_from(self, codes: Collection[str]) -> "tuple[Loaded, Resolved]":
        """The same; errors of these codes are handed out and not raised."""
        loaded, resolved = self.desired.read()
        state = state_of(loaded, resolved)
        _valid(replace(state, diagnostics=tuple(item for item in state.diagnostics if item.code not in codes)))
        return loaded, resolved

    def declared_apart_from(self, codes: Collection[str]) -> DesiredState:
        """What is declared and what was found, from the cache where that is right; errors of these codes are not
        raised.
        """
        state = self.desired.state
        _valid(replace(state, diagnostics=tuple(item for item in state.diagnostics if item.code not in codes)))
        return state

    def resource(self, resources: tuple[Resource, ...], address: str) -> Resource:
        """The declared object of an address. Raises UsageError where there is none."""
        found = next((item for item in resources if str(item.address) == address), None)
        if found is None:
            hint = "`ggrec validate` lists what is declared"
            raise UsageError.one("not-declared", f"{address} is not declared in {self.project.desired}", hint=hint)
        return found

    @asynccontextmanager
    async def reader(self) -> "AsyncIterator[Grafana]":
        """Connected, and not able to write."""
        from reconciler.grafana.driver import Grafana

        async with self._client() as client:
            yield Grafana(client, await self._probed(client))

    @asynccontextmanager
    async def reader_beside(self, work: Callable[[], T]) -> "AsyncIterator[tuple[Grafana, T]]":
        """The same, and what the work comes to that is done while Grafana says who it is. What the work raises is
        raised first: a mistake in the files is to be said, also where nobody answers.
        """
        from reconciler.cli.beside import beside
        from reconciler.grafana.driver import Grafana

        async with self._client() as client:
            server, found = await beside(self._probed(client), work)
            yield Grafana(client, server), found

    @asynccontextmanager
    async def writer(self) -> "AsyncIterator[GrafanaWriter]":
        """Connected, and able to write."""
        from reconciler.grafana.driver import GrafanaWriter

        async with self._client() as client:
            yield GrafanaWriter(client, await self._probed(client, writing=True))

    async def _probed(self, client: "Client", *, writing: bool = False) -> Server:
        from reconciler.engine.timed import within
        from reconciler.grafana.probe import probe

        async with within(self.budget):
            return await probe(client, writing=writing)

    def _client(self) -> "Client":
        from reconciler.grafana.client import Client, Timing
        from reconciler.grafana.connection import Connection, Tls

        chosen = self.instance
        tls = Tls(chosen.tls.ca, chosen.tls.certificate, chosen.tls.key, chosen.tls.insecure_skip_verify)
        connection = Connection(
            url=chosen.url,
            token=chosen.token,
            user=chosen.user,
            password=chosen.password,
            org=chosen.org,
            tls=tls,
            timeout=chosen.timeout,
            parallelism=self.settings.reads,
            writes=max(2, self.settings.parallelism),
        )
        return Client(connection, self.secrets, trace=self.output, timing=Timing(budget=self.budget))

    def new_run(self, plan_digest: str) -> Run:
        """A run about to begin: who, which commit, which command."""
        import uuid

        from reconciler.cli.storing import user_name
        from reconciler.store.lock import pipeline_url

        now = self.clock.now()
        stamp = now.translate(str.maketrans("", "", "-:"))
        return Run(
            id=f"{stamp}-{uuid.uuid4().hex[:6]}",
            plan_digest=plan_digest,
            who=user_name(),
            commit=self.commit,
            command=self.command,
            started=now,
            pipeline=pipeline_url(os.environ),
        )

    @property
    def command(self) -> str:
        """The command line, for people who find a lock or read the history."""
        from reconciler.core.literals import without_literals

        return without_literals(" ".join(["ggrec", *sys.argv[1:]]))

    @cached_property
    def commit(self) -> str:
        """The project's Git commit, with `+` where the work tree differs from it; "" outside Git."""
        head = _git(self.project.root, "rev-parse", "--short", "HEAD")
        if not head:
            return ""
        dirty = _git(self.project.root, "status", "--porcelain", "--", str(self.project.desired))
        return head + ("+" if dirty else "")


def _valid(state: DesiredState) -> DesiredState:
    if state.errors:
        raise InvalidInput(state.errors)
    return state


def new_lineage() -> str:
    """The identity of a new state."""
    import uuid

    return str(uuid.uuid4())


def _git(folder: Path, *arguments: str) -> str:
    import subprocess

    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


__all__ = ["GgrecError", "Session", "new_lineage"]
