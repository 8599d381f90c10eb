"""A real ActiveMQ broker, from Debian's package ``activemq``, with its ports as the platform promises them.

Debian's broker brings neither the web console nor WebSockets: on those two ports a stand-in answers HTTP and says so.
"""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from pydantic import SecretStr

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.running import ServerProcess, accepts
from cx_conformance.sandbox.stores.standin import SAYS_SO, StandIn

PORTS = {"stomp": 61613, "ws": 61614, "stomp+ssl": 61615, "openwire": 61616, "ssl": 61617, "console": 8162}
_SCHEMES = {
    "stomp": "stomp",
    "stomp+ssl": "stomp+ssl",
    "openwire": "tcp",
    "ssl": "ssl",
    "mqtt": "mqtt",
    "auto": "auto+nio",
}
_HOME = Path("/usr/share/activemq")
_STORE_PASSWORD = "sandbox"  # noqa: S105 - Java wants one for a key store; the folder is what protects the key


def available() -> str | None:
    """Return None, or why it cannot run here."""
    if not (_HOME / "bin" / "activemq.jar").exists():
        return "ActiveMQ is not installed (Debian package activemq)"
    return None if shutil.which("java") else "Java is not installed (Debian package default-jre-headless)"


def start(  # noqa: PLR0913 - a server's settings, all by name
    address: str,
    ports: Mapping[str, int] = PORTS,
    *,
    username: str = "expertflow",
    password: SecretStr | None = None,
    tls: CertificateFiles | None = None,
    memory: str | None = None,
) -> ServerProcess:
    """Start a broker on the named ports; those with ``ssl`` in their name only where certificates are given.

    Without a password everybody is let in. Messages are kept in memory only, of which ``memory`` is the limit
    (``128 kb``; None: the broker's own).
    """
    listening = {name: port for name, port in ports.items() if name in _SCHEMES and (tls or "ssl" not in name)}
    server = ServerProcess("activemq", lambda: all(accepts(address, port) for port in listening.values()))
    http = {port: answer_http for name, port in ports.items() if name in {"console", "ws"}}
    if http:
        server.accompany(StandIn(address, http))
    configuration = server.folder / "activemq.xml"
    configuration.touch(mode=0o600)
    configuration.write_text(
        _xml(address, listening, username, password, _usage(memory) + _key_stores(server.folder, tls)), "utf-8"
    )
    server.launch(
        [
            "java",
            "-Xmx96m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            f"-Djava.io.tmpdir={server.folder}",
            f"-Dactivemq.home={_HOME}",
            f"-Dactivemq.base={server.folder}",
            f"-Dactivemq.data={server.folder}",
            "-jar",
            str(_HOME / "bin" / "activemq.jar"),
            "start",
            f"xbean:{configuration.as_uri()}",
        ]
    )
    return server


def _xml(address: str, listening: Mapping[str, int], username: str, password: SecretStr | None, elements: str) -> str:
    wants = "?needClientAuth=true" if "trustStore=" in elements else ""
    connectors = "\n".join(
        f'<transportConnector name="{name}" uri="{_SCHEMES[name]}://{address}:{port}{wants if "ssl" in name else ""}"/>'
        for name, port in listening.items()
    )
    plugin = ""
    if password is not None:
        user = f"username={quoteattr(username)} password={quoteattr(password.get_secret_value())}"
        plugin = (
            "<plugins><simpleAuthenticationPlugin><users>"
            f'<authenticationUser {user} groups="users"/>'
            "</users></simpleAuthenticationPlugin></plugins>"
        )
    return f"""<beans xmlns="http://www.springframework.org/schema/beans"
       xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
       xsi:schemaLocation="http://www.springframework.org/schema/beans
                           http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
                           http://activemq.apache.org/schema/core
                           http://activemq.apache.org/schema/core/activemq-core.xsd">
<broker xmlns="http://activemq.apache.org/schema/core" brokerName="sandbox" persistent="false" useJmx="false"
        schedulerSupport="false" advisorySupport="true">
{plugin}
{elements}
<transportConnectors>
{connectors}
</transportConnectors>
</broker>
</beans>
"""


def _usage(memory: str | None) -> str:
    if memory is None:
        return ""
    limits = (
        f'<memoryUsage><memoryUsage limit="{memory}"/></memoryUsage><tempUsage><tempUsage limit="1 mb"/></tempUsage>'
    )
    return f"<systemUsage><systemUsage>{limits}</systemUsage></systemUsage>"


def _key_stores(folder: Path, tls: CertificateFiles | None) -> str:
    """Write what Java reads certificates from, and return the broker's element that names it."""
    if tls is None:
        return ""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import pkcs12

    protection = serialization.BestAvailableEncryption(_STORE_PASSWORD.encode())
    key = serialization.load_pem_private_key(tls.key.read_bytes(), None)
    certificate = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
    own = folder / "broker.p12"
    own.touch(mode=0o600)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError("a broker's key is of RSA or of an elliptic curve")
    own.write_bytes(pkcs12.serialize_key_and_certificates(b"broker", key, certificate, None, protection))
    text = (
        f'<sslContext><sslContext keyStore="{own.as_uri()}" keyStoreType="PKCS12" keyStorePassword="{_STORE_PASSWORD}"'
    )
    if tls.client_ca is not None:
        trusted = folder / "clients.p12"
        ca = pkcs12.PKCS12Certificate(x509.load_pem_x509_certificate(tls.client_ca.read_bytes()), b"clients")
        trusted.write_bytes(pkcs12.serialize_java_truststore([ca], protection))
        text += f' trustStore="{trusted.as_uri()}" trustStoreType="PKCS12" trustStorePassword="{_STORE_PASSWORD}"'
    return text + "/></sslContext>"


async def answer_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a request with a page that says what this is."""
    await reader.readuntil(b"\r\n\r\n")
    body = f"This is not ActiveMQ's own page but a {SAYS_SO}.\n".encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
