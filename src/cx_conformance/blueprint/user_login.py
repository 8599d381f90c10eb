"""A person's login to the platform, that a run may make once: which account, and what is opened with it."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from cx_conformance.blueprint.component import ComponentId
from cx_conformance.blueprint.promise import Model
from cx_conformance.blueprint.store import Reference

PAGES: Final = ("unified-agent", "unified-admin")
"""The components whose pages people open in a browser: the agent desk's and the administrator's."""


class UserLogin(Model):
    """An account of the platform that a run logs in to, once, as a person does; its password by reference."""

    username: str | None = None
    """The account's name, where it is no secret."""
    username_from: Reference | None = None
    """Where the account's name is read from."""
    password: Reference
    """Where the password is read from; never the password itself."""
    realm: Annotated[str, Field(min_length=1)] | None = None
    """The realm of the account; absent: the one that the blueprint says is imported."""
    client: Annotated[str, Field(min_length=1)] = "cim"
    """The client that asks for the token; "Direct access grants" must be switched on for it."""
    client_secret: Reference | None = None
    """Where that client's secret is read from; absent: the client is a public one."""
    pages: tuple[ComponentId, ...] = PAGES
    """The components whose pages are opened."""

    @model_validator(mode="after")
    def _one_name_and_full_places(self) -> Self:
        if (self.username is None) == (self.username_from is None):
            raise ValueError("name the account by `username` or by `usernameFrom`, by one of them")
        if any((one.secret or one.config_map) and not one.namespace for one in self.references):
            raise ValueError("a reference to a Secret or a ConfigMap needs its namespace here")
        return self

    @property
    def references(self) -> tuple[Reference, ...]:
        """Return the places of everything that is read for it."""
        return tuple(one for one in (self.username_from, self.password, self.client_secret) if one is not None)

    @property
    def words(self) -> str:
        """The account as outcomes name it: by its name, or by where that is read."""
        return self.username or (self.username_from.words("") if self.username_from else "")
