"""Of MinIO's client only what speaks S3 is imported, and the rest is there for whoever wants it."""

import subprocess
import sys

import pytest

from cx_conformance.run.suite_files import suite_root

ADMIN = "'minio.minioadmin' in sys.modules"


@pytest.mark.parametrize(
    ("then", "told"),
    [
        (f"print({ADMIN}, minio.Minio.__module__)", "False minio.api"),
        ("from minio import MinioAdmin; print(MinioAdmin.__module__)", "minio.minioadmin"),
        (f"minio.minioadmin; print({ADMIN}, minio.MinioAdmin is minio.minioadmin.MinioAdmin)", "True True"),
        ("print(hasattr(minio, 'else'))", "False"),
    ],
    ids=["alone", "by name", "by module", "what nobody has"],
)
def test_the_administrators_client_is_imported_when_it_is_looked_for(then: str, told: str) -> None:
    """In a process of its own, which has imported nothing yet."""
    code = f"import sys; from cx_conformance.probes.stores.minio_s3 import minio; {then}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=suite_root() / "src", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == told


def test_a_client_that_is_there_already_is_left_as_it_is() -> None:
    """Whoever imported all of it before keeps all of it."""
    code = (
        "import sys, minio; before = minio.MinioAdmin; import cx_conformance.probes.stores.minio_s3 as ours; "
        "print(ours.minio is minio, minio.MinioAdmin is before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=suite_root() / "src", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True True"
