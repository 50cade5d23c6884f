"""What a Team document may say."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _person(text: str) -> str:
    if not text.strip() or text != text.strip():
        raise ValueError(f"'{text}' is nobody: write a login or an e-mail address, without blanks around it")
    return text


class TeamSpec(BaseModel):
    """What a Team document says."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    name: str = Field(min_length=1, description="The team's name in Grafana; unique there, case matters.")
    email: str = Field(default="", description="The team's e-mail address.")
    membership: Literal["additive", "exact"] = Field(
        default="additive",
        description="additive: at least the members named here (who was named and no longer is leaves); exact: these "
        "and no others. Members that an identity provider syncs are left alone either way.",
    )
    members: list[Annotated[str, AfterValidator(_person)]] | None = Field(
        default=None,
        description="Logins or e-mails. Omit members and admins (or write null) to leave the membership alone; an "
        "empty list is a managed membership of nobody.",
    )
    admins: list[Annotated[str, AfterValidator(_person)]] | None = Field(
        default=None, description="Logins or e-mails of members who administer the team."
    )

    @model_validator(mode="after")
    def _consistent(self) -> "TeamSpec":
        folded = [text.casefold() for text in [*(self.members or ()), *(self.admins or ())]]
        twice = sorted({text for text in folded if folded.count(text) > 1})
        if twice:
            raise ValueError(f"named more than once in members and admins: {', '.join(twice)}")
        if self.membership == "exact" and self.members is None and self.admins is None:
            raise ValueError("membership: exact needs members or admins (write `members: []` for a team of nobody)")
        return self
