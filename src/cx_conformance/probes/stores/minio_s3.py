"""MinIO's client as far as it speaks S3.

Its package imports its client for administrators too, whose ciphers take 3 MiB and 40 ms, and which nobody here uses.
Whoever asks the package for that one gets it: it is imported when it is looked for.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final

_ADMIN: Final = "minio.minioadmin"


class _Later(ModuleType):
    """Stands for a module while another imports names from it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def _of_admin(name: str) -> Any:
    if name not in {"MinioAdmin", "minioadmin"}:
        raise AttributeError(f"module 'minio' has no attribute {name!r}")
    admin = import_module(_ADMIN)
    return admin if name == "minioadmin" else getattr(admin, name)


def _import_without_admin() -> None:
    stand = _Later(_ADMIN)
    sys.modules[_ADMIN] = stand
    try:
        package = import_module("minio")
    finally:
        del sys.modules[_ADMIN]
    for name in [name for name, value in vars(package).items() if value is stand or name == "MinioAdmin"]:
        delattr(package, name)
    setattr(package, "__getattr__", _of_admin)  # noqa: B010 - as PEP 562 has it


if "minio" not in sys.modules:
    _import_without_admin()

import minio  # noqa: E402
from minio.error import MinioException, S3Error  # noqa: E402

__all__ = ["MinioException", "S3Error", "minio"]
