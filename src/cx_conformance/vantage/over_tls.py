"""A store asked over TLS: what is wrong with its certificate is told, and all else is asked all the same."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.probes.stores.observation import Certificate, Finding, Level, StoreObservation
from cx_conformance.probes.stores.target import Target
from cx_conformance.probes.stores.trouble import Kind

Ask = Callable[[Target], StoreObservation]


class AskedOverTls(Struct, frozen=True):
    """What was answered; ``note`` is what to know of the certificate although it was accepted."""

    observation: StoreObservation
    note: str | None = None
    secure_after_all: bool = False
    """Whether TLS was only found to be wanted when it was asked without."""


def ask_over_tls(
    ask: Ask,
    target: Target,
    *,
    told: bool,
    other_name: Callable[[Certificate], str | None],
    lacking_ca: Callable[[], str],
) -> AskedOverTls:
    """Ask, and ask again where only the certificate is in the way.

    ``told`` is whether the components are told the target's name, so that no other name of the store will do;
    ``other_name`` finds one that a certificate covers, ``lacking_ca`` says why no CA is known.
    """
    first = ask(target)
    tls = target.tls
    target = _with_time_left(target, first)
    if tls is None or first.tls.ok is not False or first.tls.kind is not Kind.TLS or first.certificate is None:
        return AskedOverTls(first)
    if tls.ca_pem is None:
        return AskedOverTls(ask(replace(target, tls=replace(tls, unverified=lacking_ca()))))
    if not tls.check_hostname:
        return AskedOverTls(first)
    other = None if told else other_name(first.certificate)
    if other is not None:
        again = ask(replace(target, host=other))
        if again.tls.ok:
            note = f"the certificate is for {other}, another name of the same store than {target.host}"
            return AskedOverTls(again, note)
    # The chain is in order where the name alone was wrong: whoever has the password may have it.
    again = ask(replace(target, tls=replace(tls, check_hostname=False)))
    return AskedOverTls(_with(again, Level.TLS, first.tls) if again.tls.ok else first)


def either_way(plain: StoreObservation, over_tls: AskedOverTls) -> AskedOverTls:
    """Return what came of a store that did not tell in time whether it speaks TLS, asked in plain and then over TLS.

    A store that says nothing for two whole patiences is silent, and that is an answer: whoever calls it waits in vain.
    One that hung up in plain may have done so for want of TLS, which it then had no time to speak.
    """
    tls = over_tls.observation.tls
    if tls.kind is None or tls.kind is Kind.TLS:
        return over_tls
    if plain.speaks.kind is Kind.TIMED_OUT:
        return AskedOverTls(plain)
    words = (
        f"could not be told: whether {plain.address} speaks TLS was not known in time; "
        f"in plain: {plain.speaks.words}; over TLS: {tls.words}"
    )
    return AskedOverTls(_with(plain, Level.SPEAKS, Finding(ok=None, words=words, kind=Kind.GAVE_UP)))


def _with_time_left(target: Target, first: StoreObservation) -> Target:
    """Return the target for another look, which ends when the first one had to."""
    left = max(target.limits.total_s - first.milliseconds / 1000, 0.1)
    return replace(target, limits=replace(target.limits, total_s=left))


def _with(observation: StoreObservation, level: Level, finding: Finding) -> StoreObservation:
    return replace(observation, findings={**observation.findings, level: finding})
