"""What a run holds an installation against: a blueprint that was given, or the release that is said or recognised."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.fingerprints import FIRST_CHARTED
from cx_conformance.blueprint.loading import Loaded, load_blueprint, load_site
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.releases import KNOWN, PAGE, load_release, nearest
from cx_conformance.blueprint.site import Site
from cx_conformance.run.options import Options
from cx_conformance.run.suite_files import suite_root

if TYPE_CHECKING:
    from cx_conformance.cluster.recognition import Recognition

Reason = Literal["blueprint", "option", "site", "sandbox", "newest", "recognised", "assumed"]


class Choice(Struct, frozen=True):
    """The release that is promised, and why this one."""

    version: str
    """As it was said or recognised: ``4.8``."""
    release: str
    """What stands for it: ``4.7``."""
    reason: Reason


class Promises:
    """Decided at once where somebody says the release, else by what the lists of the cluster show."""

    def __init__(self, options: Options) -> None:
        """Read the site file; InputProblems, and ValueError for a release that is not known, say what is wrong."""
        self._options = options
        self._read: dict[str, Loaded[Blueprint]] = {}
        self._site_alone = load_site(options.site) if options.site else None
        self.choice: Choice | None = self._said()

    def _said(self) -> Choice | None:
        """Return what somebody says; None: it is to be recognised."""
        if self._options.blueprint:
            if self._options.release:
                raise ValueError("--release chooses a shipped blueprint; leave out --release or --blueprint")
            # Whoever gives a blueprint promises that one, whatever release it is written for.
            return Choice("", "", "blueprint")
        if self._options.release:
            return Choice(self._options.release, known_release(self._options.release, "--release"), "option")
        said = self.site_alone.release
        if self._site_alone and said and said != "auto" and not self._options.recognise:
            return Choice(said, known_release(said, f"{self._site_alone.path.name}: release"), "site")
        if self._options.ready:
            # What is not there yet cannot be recognised.
            return Choice(KNOWN[-1], KNOWN[-1], "newest")
        return Choice(PAGE, PAGE, "sandbox") if self._options.sandbox is not None else None

    def decide(self, found: "Recognition | None") -> None:
        """Choose what was recognised, where nobody said anything; None: nothing could be looked at."""
        if self.choice is not None:
            return
        if found is None or found.model is None:
            self.choice = Choice(PAGE, PAGE, "assumed")
            return
        judged = nearest(found.release)
        if found.model == "charts" and judged == PAGE:
            judged = FIRST_CHARTED
        self.choice = Choice(found.release, judged, "recognised")

    def _release(self, name: str) -> Loaded[Blueprint]:
        """Return a shipped release, which is read once; InputProblems where its file cannot be used."""
        if name not in self._read:
            self._read[name] = load_release(name, suite_root() / "blueprint.yaml")
        return self._read[name]

    def may_promise(self, component: str) -> bool:
        """Whether what will be decided may have a component of that id; asked before anything is looked at."""
        return any(component in self._release(one).document.components for one in KNOWN)

    def may_be(self) -> Iterator[Plan]:
        """Yield what may be promised while nobody has looked: what was said, else every release."""
        if self.choice is not None and self.choice.reason not in ("newest", "assumed"):
            yield self.plan
            return
        for one in KNOWN:
            # A site file that names what a release does not have is not of that release.
            with suppress(ValueError):
                yield Plan(self._release(one).document, self.site_alone)

    @property
    def usual(self) -> Iterator[str]:
        """Yield the ids of the page's components, for messages."""
        yield from self._release(PAGE).document.components

    @property
    def first_namespaces(self) -> tuple[str, ...]:
        """Return where to look before the release is known: where any release has its components, at this site."""
        site = self.site_alone
        page = Plan(self._release(PAGE).document, Site(namespaces=site.namespaces))
        own = (one.namespace for one in site.overrides.values() if one.namespace)
        return tuple(dict.fromkeys((*page.namespaces, *own, *site.tenants)))

    @property
    def site_alone(self) -> Site:
        """Return the site file's content, held against no blueprint."""
        return self._site_alone.document if self._site_alone else Site()

    @property
    def release(self) -> str:
        """Return the name of the release that is promised; empty where a blueprint was given, or nothing is decided."""
        return self.choice.release if self.choice else ""

    @cached_property
    def blueprint(self) -> Loaded[Blueprint]:
        """Return the blueprint of what was decided; InputProblems."""
        if self._options.blueprint:
            return load_blueprint(self._options.blueprint)
        return self._release(self.release or PAGE)

    @cached_property
    def site(self) -> Loaded[Site] | None:
        """Return the site file, which names nothing that the blueprint does not have; InputProblems."""
        return load_site(self._options.site, self.blueprint.document) if self._options.site else None

    @cached_property
    def plan(self) -> Plan:
        """Return the blueprint as this site has it."""
        return Plan(self.blueprint.document, self.site.document if self.site else Site())


def known_release(version: str, where: str, besides: str = ", what lies between, and auto") -> str:
    """Return the release that stands for a ``version`` that somebody said; ValueError lists what may be said."""
    told = f"{where}: {version[:40]!r} is not known; known are {', '.join(KNOWN)}{besides}"
    try:
        release = nearest(version)
        numbers = tuple(int(part) for part in version.removeprefix("v").split("-")[0].split("_")[0].split(".")[:2])
    except ValueError:
        raise ValueError(told) from None
    if not (4, 3) <= numbers < (6, 0):
        raise ValueError(told)
    return release
