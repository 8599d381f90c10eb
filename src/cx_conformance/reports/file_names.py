"""The files of a pack."""

from typing import Final

JUNIT: Final = "junit.xml"
PAGE: Final = "report.html"
PAPER: Final = "report.pdf"
REPORT: Final = "report.json"
METRICS: Final = "metrics.prom"
BLUEPRINT: Final = "blueprint.yaml"
SITE: Final = "site.yaml"
ATTESTATION: Final = "attestation.json"
README: Final = "README.txt"
SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
EVIDENCE: Final = "evidence"
"""A folder for each component with a root cause stands in it."""

NIGHTS: Final = "nights"
"""A folder of what is kept of earlier runs; no part of the pack."""

SUMMED: Final = (REPORT, PAGE, PAPER, JUNIT, METRICS, BLUEPRINT, SITE, ATTESTATION, README)
"""What the sums are of, where it is there, beside all that lies in the folder of evidence."""
