"""An S3 stand-in, where SeaweedFS is not installed: listing, looking at a bucket, and signatures that are judged.

Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. Objects are not kept: storing one
is answered with S3's own NotImplemented.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import SecretStr

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.http_standin import Reply, Request, start_http
from cx_conformance.sandbox.stores.standin import SAYS_SO, StandIn

PORTS = {"s3": 9000}
_REGION = "us-east-1"
_XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>(?P<day>\d{8})/(?P<region>[^/]+)/s3/aws4_request), *"
    r"SignedHeaders=(?P<headers>[^,]+), *Signature=(?P<signature>[0-9a-f]{64})"
)


def available() -> str | None:
    """Return None: it runs everywhere."""
    return None


def start(  # noqa: PLR0913 - a server's settings, all by name
    address: str,
    ports: Mapping[str, int] = PORTS,
    *,
    username: str = "minio",
    password: SecretStr,
    tls: CertificateFiles | None = None,
    bucket: str = "default",
) -> StandIn:
    """Serve one bucket to one access key on ``ports["s3"]``."""

    def serve(request: Request) -> Reply:
        path = urlsplit(request.path).path
        if path == "/minio/health/live":
            return 200, ""
        refusal = _judged(request, username, password)
        return refusal or _answered(request.method, path, urlsplit(request.path).query, bucket)

    return start_http(address, ports["s3"], serve, tls)


def _answered(method: str, path: str, query: str, bucket: str) -> Reply:
    if method not in {"GET", "HEAD"}:
        return _error(501, "NotImplemented", f"the {SAYS_SO} keeps no objects")
    if path == "/":
        listed = f"<Buckets><Bucket><Name>{bucket}</Name></Bucket></Buckets>"
        return 200, f"<ListAllMyBucketsResult {_XMLNS}>{listed}</ListAllMyBucketsResult>"
    if path.strip("/") != bucket:
        return _error(404, "NoSuchBucket", "The specified bucket does not exist")
    if query.startswith("location"):
        return 200, f"<LocationConstraint {_XMLNS}>{_REGION}</LocationConstraint>"
    if query.startswith("versioning"):
        return 200, f"<VersioningConfiguration {_XMLNS}/>"
    return (200, "") if method == "HEAD" else _error(501, "NotImplemented", f"the {SAYS_SO} lists no objects")


def _judged(request: Request, key: str, secret: SecretStr) -> Reply | None:
    """Return the refusal that S3 gives, None when the signature is right."""
    given = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if given is None:
        return _error(403, "AccessDenied", "Access Denied.")
    if given["key"] != key:
        return _error(403, "InvalidAccessKeyId", "The access key ID you provided does not exist in our records.")
    if not hmac.compare_digest(given["signature"], _signature(request, given, secret)):
        return _error(403, "SignatureDoesNotMatch", "The request signature does not match the one provided.")
    return None


def _signature(request: Request, given: re.Match[str], secret: SecretStr) -> str:
    url = urlsplit(request.path)
    query = "&".join(sorted(part if "=" in part else f"{part}=" for part in url.query.split("&") if part))
    names = given["headers"].split(";")
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    content = request.headers.get("x-amz-content-sha256", "")
    canonical = "\n".join((request.method, url.path, query, headers, given["headers"], content))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signed = "\n".join(("AWS4-HMAC-SHA256", request.headers.get("x-amz-date", ""), given["scope"], digest))
    step = f"AWS4{secret.get_secret_value()}".encode()
    for part in (given["day"], given["region"], "s3", "aws4_request"):
        step = hmac.digest(step, part.encode(), "sha256")
    return hmac.new(step, signed.encode(), "sha256").hexdigest()


def _error(status: int, code: str, words: str) -> Reply:
    return status, f"<Error><Code>{code}</Code><Message>{words}</Message></Error>"
