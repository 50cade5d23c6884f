"""What a FolderPermissions document may say."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class EntrySpec(BaseModel):
    """One entry: who, and what they may do."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    team: str | None = Field(default=None, description="metadata.name of a Team.")
    user: str | None = Field(
        default=None, min_length=1, description="A login or an e-mail address. Who has no account yet is let in later."
    )
    role: Literal["Viewer", "Editor"] | None = Field(
        default=None, description="Everybody with this role in the organisation (what viewers may, editors may too)."
    )
    permission: Literal["View", "Edit", "Admin"] = Field(description="Each level has what the one before has.")

    @model_validator(mode="after")
    def _one(self) -> "EntrySpec":
        if sum(value is not None for value in (self.team, self.user, self.role)) != 1:
            raise ValueError("an entry names one of team, user and role")
        return self


class PermissionsSpec(BaseModel):
    """What a FolderPermissions document says."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    folder: str = Field(description="metadata.name of a Folder.")
    mode: Literal["additive", "exact"] = Field(
        default="additive",
        description="additive: at least these entries (one that is no longer written is taken away, those of others "
        "stay); exact: these and no other entries of the folder's own, so also without what Grafana gives a new folder "
        "(Admin to who created it; at the root Edit to editors and View to viewers). Administrators of the "
        "organisation always get in, and what a folder above grants stays: neither can be taken away here.",
    )
    entries: list[EntrySpec] = Field(
        description="Each names one of `team` (metadata.name of a Team), `user` (a login or an e-mail address; who has "
        "no account yet is let in later) and `role` (Viewer or Editor), and a `permission`: View, Edit or Admin. With "
        "`mode: exact`, an empty list leaves administrators only."
    )

    @model_validator(mode="after")
    def _consistent(self) -> "PermissionsSpec":
        named = [(entry.team, entry.user and entry.user.casefold(), entry.role) for entry in self.entries]
        twice = sorted({next(name for name in who if name) for who in named if named.count(who) > 1})
        if twice:
            raise ValueError(f"named more than once: {', '.join(twice)}")
        if self.mode == "additive" and not self.entries:
            raise ValueError("additive permissions need an entry (write `mode: exact` to let only administrators in)")
        return self
