"""What a promised volume says of the place that it is mounted at."""

import pytest

from cx_conformance.blueprint.component import Volume


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/root/config/reporting-connector.conf", "reporting-connector.conf"),
        ("/sensitive.js", "sensitive.js"),
        ("/etc/nginx/conf.d", None),
        ("/opt/app-1.2", None),
        ("/srv/settings.yaml/", None),
        ("/etc/crontabs/root", None),
    ],
)
def test_only_what_ends_as_files_do_is_a_file(path: str, file: str | None) -> None:
    """A folder for drop-ins or of a version has a dot in its name, too."""
    assert Volume(mount_path=path).file == file
