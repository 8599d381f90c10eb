"""What was looked at, by whom, when, how, and by which blueprint."""

import datetime as dt

from cx_conformance.outcome.record import Input, ReleaseRecord, RunRecord
from cx_conformance.reports.language import Texts


def scope(record: RunRecord, texts: Texts) -> list[tuple[str, str]]:
    """Return labels and texts in the order in which they are read; what is not known says so."""
    cluster = record.cluster
    lines = [
        ("site", _input(record.site, texts) if record.site.sha256 else texts("scope.no_site")),
        ("fqdn", record.fqdn or texts("scope.unknown")),
    ]
    if cluster:
        server = cluster.server or texts("scope.unknown")
        distribution = "" if cluster.distribution == "unknown" else cluster.distribution
        place = texts("scope.context", server=server, context=cluster.context) if cluster.context else server
        looked = texts(
            "scope.requests",
            vantage=cluster.vantage,
            requests=cluster.requests,
            execs=cluster.execs,
            port_forwards=cluster.port_forwards,
            seconds=f"{cluster.seconds:.1f}",
            retries=cluster.retries,
        )
        lines += [
            ("cluster", place),
            ("uid", cluster.uid or texts("scope.unknown")),
            ("kubernetes", " ".join(part for part in (cluster.version, distribution) if part)),
            ("nodes", f"{cluster.nodes:,}"),
            ("storage_class", cluster.storage_class or texts("scope.none")),
            ("ingress", _ingress(cluster.ingress_classes, cluster.ingress_controllers) or texts("scope.none")),
            ("load_balancer", "; ".join(cluster.load_balancers) or texts("scope.none")),
            ("vantage", looked + (texts("scope.static") if record.static else "")),
        ]
        lines += [("caution", "; ".join(cluster.cautions))] if cluster.cautions else []
    else:
        lines.append(("cluster", texts("unreachable")))
    if record.release:
        lines.append(("release", "; ".join((record.release.words, *record.release.told))))
        lines.append(("covered", _covered(record.release, texts)))
    lines += [
        ("blueprint", _input(record.blueprint, texts)),
        ("who", record.who or texts("scope.unknown")),
        ("started", f"{record.started.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"),
        ("local", _local(record.local_time) or texts("scope.unknown")),
        ("seconds", texts("scope.duration", seconds=f"{record.seconds:,.1f}")),
        ("suite", f"cx-conformance {record.suite_version}"),
        ("command", record.command),
    ]
    if "writes" in record.extra:
        lines.append(("writes", "; ".join(record.extra["writes"]) or texts("scope.none")))
    if "cluster_writes" in record.extra:
        lines.append(("cluster_writes", "; ".join(record.extra["cluster_writes"]) or texts("scope.none")))
    return [(texts(f"scope.{label}"), text) for label, text in lines]


def _covered(release: ReleaseRecord, texts: Texts) -> str:
    covered = texts("scope.promised", covered=release.covered or texts("scope.unknown"))
    if not release.not_covered:
        return covered
    return f"{covered}; {texts('scope.not_covered', things=', '.join(release.not_covered))}"


def _input(file: Input, texts: Texts) -> str:
    name = " ".join(part for part in (file.name, file.version) if part)
    return texts("scope.hash", name=name, sha256=file.sha256) if file.sha256 else name


def _ingress(classes: tuple[str, ...], controllers: tuple[str, ...]) -> str:
    named = ", ".join(classes)
    return f"{', '.join(controllers)} ({named})" if controllers else named


def _local(text: str) -> str:
    try:
        return f"{dt.datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S %z}"
    except ValueError:
        return text
