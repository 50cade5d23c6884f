"""What a Folder document says, as a pydantic model: imported only where documents are checked."""

from pydantic import BaseModel, ConfigDict, Field


class FolderSpec(BaseModel):
    """What a Folder document says."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    title: str = Field(min_length=1, description="The folder's title.")
    parent: str | None = Field(default=None, description="metadata.name of the Folder it lies in; omitted: top level.")
    description: str | None = Field(default=None, description="What the folder is for.")
