"""The accounts that components are told to log in as, where they are others than the store's own."""

from collections.abc import Iterator

from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.store import Login, Reference, Store
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import keyed
from cx_conformance.probes.stores.target import Credentials
from cx_conformance.vantage.store_access import StoreAccess


def told_accounts(
    seen: Seen, entry: Entry[Store], access: StoreAccess, known: Credentials
) -> Iterator[tuple[str, Credentials]]:
    """Yield where components are told another account than ``known``, and what they would log in with.

    What something else puts in later is left out, and what may not be read.
    """
    for settings in entry.of.settings:
        if settings.username is None or settings.password is None:
            continue
        for one in keyed(seen, settings, settings.username):
            # Read again: what looks secret is masked in the snapshot.
            name, namespace = one.config_map.name, one.config_map.namespace
            login = Login(
                username_from=Reference(config_map=name, key=one.key),
                password=Reference(config_map=name, key=settings.password),
                database=known.database,
            )
            told = access.login(entry.of, login, namespace)
            if told and told.username != known.username and not _put_in_later(told):
                yield one.where, told


def _put_in_later(told: Credentials) -> bool:
    values = (told.username or "", told.password.get_secret_value() if told.password else "")
    return any(not value or "$" in value or "{{" in value for value in values)


def read_from(login: Login | None, namespace: str) -> tuple[str, ...]:
    """Name where an account is read from; never what is there."""
    references = (login.username_from, login.password) if login else ()
    return tuple(one.words(namespace) for one in references if one is not None)
