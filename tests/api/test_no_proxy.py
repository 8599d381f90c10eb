"""NO_PROXY is read as by kubectl, which is where an engineer has tried it."""

import pytest

from cx_conformance.api.no_proxy import goes_straight


@pytest.mark.parametrize(
    ("address", "no_proxy", "straight"),
    [
        ("https://api.example:6443", "", False),
        ("https://api.example:6443", "*", True),
        ("https://api.example:6443", "other.example, API.example", True),
        ("https://api.example:6443", "example", True),
        ("https://api.example:6443", ".example", True),
        ("https://api.example:6443", "*.example", True),
        ("https://api.example:6443", "*.api.example", False),
        ("https://api.example:6443", ".api.example", False),
        ("https://api.example:6443", "i.example", False),
        ("https://api.example:6443", "api.example:6443", True),
        ("https://api.example:6443", "api.example:443", False),
        ("https://api.example", "api.example:443", True),
        ("http://api.example", "api.example:80", True),
        ("https://api.example:6443", ":6443", False),
        ("https://10.1.2.3:6443", "10.0.0.0/8", True),
        ("https://10.1.2.3:6443", "10.1.9.9/16", True),
        ("https://10.1.2.3:6443", "10.1.2.3", True),
        ("https://10.1.2.3:6443", "10.1.2.3:6443", True),
        ("https://10.1.2.3:6443", "10.1.2.3:443", False),
        ("https://10.1.2.3:6443", "2.3, 10.1, nonsense/8", False),
        ("https://[fd00::1]:6443", "fd00::/8", True),
        ("https://[fd00::1]:6443", "fd00::1", True),
        ("https://[fd00::1]:6443", "[fd00::1]:6443", True),
        ("https://[fd00::1]:6443", "[fd00::1]:443", False),
        ("https://localhost:6443", "", True),
        ("https://127.0.0.1:6443", "", True),
        ("https://[::1]:6443", "", True),
        ("https://api.example:port", "*", False),
    ],
)
def test_an_address_is_asked_straight_or_not(address: str, no_proxy: str, *, straight: bool) -> None:
    """https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config says by which rules."""
    assert goes_straight(address, no_proxy) is straight
