"""``attestation.json``: the run as an in-toto statement in its envelope, for tools that hold a delivery to its tests.

Statement v1 (https://in-toto.io/Statement/v1) with predicate test-result v0.1, as in-toto publishes them. The subjects
are the images that the components ran, and the report itself, so that there is always one. Inconclusive is FAILED:
what could not be looked at has not passed.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.verdict import Verdict
from cx_conformance.reports.file_names import BLUEPRINT, REPORT, SITE
from cx_conformance.reports.pack.envelope import Envelope
from cx_conformance.reports.writing import replacing

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"
_DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})\b")
_RESULT: Final = {Verdict.CONFORMANT: "PASSED", Verdict.DEVIATIONS: "WARNED"}
_LISTS: Final = {
    Result.PASS: "passedTests",
    Result.WAIVED: "warnedTests",
    Result.FAIL: "failedTests",
    Result.ERROR: "failedTests",
    Result.BLOCKED: "failedTests",
}


def write_attestation(record: RunRecord, path: Path, digests: Mapping[str, str]) -> None:
    """Write the statement about a clean record, in an envelope that nobody has signed yet; raises ReportNotWritten.

    ``digests`` are those of the pack's files.
    """
    with replacing(path) as file:
        file.write(Envelope(orjson.dumps(statement(record, digests)), {}).text)


def statement(record: RunRecord, digests: Mapping[str, str]) -> dict[str, Any]:
    """Return the statement; not applicable outcomes are no tests."""
    tests: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for one in record.outcomes:
        if one.result in _LISTS:
            tests[_LISTS[one.result]].append(one.where)
    images = record.cluster.images if record.cluster else {}
    subjects = [
        _resource(component, found[1])
        for component, ids in images.items()
        for image in ids
        if (found := _DIGEST.search(image))
    ]
    report = [_resource(REPORT, digests[REPORT])] if REPORT in digests else []
    inputs = ((BLUEPRINT, record.blueprint), (SITE, record.site))
    return {
        "_type": STATEMENT,
        "subject": [*subjects, *report],
        "predicateType": PREDICATE,
        "predicate": {
            "result": _RESULT.get(record.verdict, "FAILED"),
            "configuration": [_resource(name, digests.get(name, used.sha256)) for name, used in inputs if used.sha256],
            **tests,
        },
    }


def _resource(name: str, digest: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": digest}}
