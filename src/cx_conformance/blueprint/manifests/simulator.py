"""Stands in for a component in a container: serves what the environment variable CX_SIMULATE says.

It is shipped into pods as this one file, which is why it is long, and needs Python 3.9 and nothing else. Stores are
stand-ins that really check the account and say what they are; they keep no data. With CX_ADDRESS it listens there only.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import signal
import ssl
import struct
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict  # noqa: UP035 - Python 3.9 in somebody's image reads this too
from urllib.parse import parse_qs

Item = Dict[str, Any]  # noqa: UP006 - likewise
"""One port: what stands in the list of CX_SIMULATE."""
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
NAME = "cx-conformance-simulator"


def account_of(item: Item) -> tuple[str, str]:
    """Return the user name and password of a store, from the environment variables that the item names."""
    return os.environ.get(item.get("usernameEnv", ""), ""), os.environ.get(item.get("passwordEnv", ""), "")


def same(one: str, other: str) -> bool:
    """Compare two secrets."""
    return hmac.compare_digest(one.encode(), other.encode())


# HTTP: components, Keycloak, Grafana, Superset, and S3 on top of it.


async def read_request(reader: Reader) -> tuple[str, str, dict[str, str], bytes]:
    """Return method, target, headers (names in lower case) and body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request, *fields = head.strip().split("\r\n")
    method, target, _ = request.split(" ", 2)
    pairs = (field.partition(":") for field in fields)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return method, target, headers, await reader.readexactly(int(headers.get("content-length", "0")))


def http_answer(status: int, body: str, method: str) -> bytes:
    """Return an answer as bytes; its type is told from its first character."""
    kind = {"{": "application/json", "<": "text/html"}.get(body[:1], "text/plain")
    if body.startswith("<?xml"):
        kind = "application/xml"
    content = body.encode()
    fields = f"Server: {NAME}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}"
    return f"HTTP/1.1 {status} Simulated\r\n{fields}\r\n\r\n".encode() + (b"" if method == "HEAD" else content)


def websocket_answer(headers: dict[str, str]) -> bytes:
    """Return the answer that accepts a WebSocket (RFC 6455, 4.2.2)."""
    key = headers.get("sec-websocket-key", "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode()
    fields = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}"
    return f"HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n\r\n".encode()


async def serve_http(reader: Reader, writer: Writer, item: Item) -> None:
    """Answer the documented paths, open WebSockets where Socket.IO has them, and answer 404 for all others."""
    while True:
        method, target, headers, body = await read_request(reader)
        if item.get("webSocket") and "/socket.io/" in target and headers.get("upgrade", "").lower() == "websocket":
            writer.write(websocket_answer(headers))
            await serve_silently(reader, writer, item)
            return
        found = item.get("paths", {}).get(target.split("?", 1)[0], {"status": 404, "body": "not simulated\n"})
        if found.get("login") == "form":
            form = parse_qs(body.decode())
            username, password = account_of(item)
            given = form.get("username", [""])[0], form.get("password", [""])[0]
            if same(given[0], username) and same(given[1], password):
                found = found["granted"]
        if found.get("login") == "bearer" and same(headers.get("authorization", ""), f"Bearer {found['token']}"):
            found = found["granted"]
        writer.write(http_answer(found.get("status", 200), found.get("body", ""), method))
        await writer.drain()


def s3_signature(method: str, target: str, headers: dict[str, str], secret: str) -> str:
    """Return the signature (AWS version 4) that a request should have."""
    parts = dict(part.strip().split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(","))
    scope = parts["Credential"].split("/", 1)[1]
    path, _, query = target.partition("?")
    arguments = sorted(part if "=" in part else f"{part}=" for part in query.split("&") if part)
    names = parts["SignedHeaders"].split(";")
    signed = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names)
    request = "\n".join(
        (method, path, "&".join(arguments), signed, parts["SignedHeaders"], headers.get("x-amz-content-sha256", ""))
    )
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", headers.get("x-amz-date", ""), scope, digest))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def s3_error(status: int, code: str) -> tuple[int, str]:
    """Return an error as S3 writes it."""
    return status, f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code} ({NAME})</Message></Error>'


def s3_content(item: Item, method: str, target: str, headers: dict[str, str]) -> tuple[int, str]:
    """Return status and body of a request to a store with one empty bucket."""
    access_key, secret = account_of(item)
    authorization = headers.get("authorization", "")
    if not authorization.startswith("AWS4-HMAC-SHA256 "):
        return s3_error(403, "AccessDenied")
    if f"Credential={access_key}/" not in authorization:
        return s3_error(403, "InvalidAccessKeyId")
    if not same(authorization.rpartition("Signature=")[2], s3_signature(method, target, headers, secret)):
        return s3_error(403, "SignatureDoesNotMatch")
    bucket = item.get("bucket", "default")
    space = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    path, _, query = target.partition("?")
    if path == "/":
        listed = f"<Bucket><Name>{bucket}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>"
        root = "ListAllMyBucketsResult"
        return 200, f'<?xml version="1.0"?><{root} {space}><Buckets>{listed}</Buckets></{root}>'
    if path.strip("/") != bucket:
        return s3_error(404, "NoSuchKey" if path.startswith(f"/{bucket}/") else "NoSuchBucket")
    roots = {"location": "LocationConstraint", "versioning": "VersioningConfiguration"}
    return 200, f'<?xml version="1.0"?><{roots.get(query.rstrip("="), "ListBucketResult")} {space}/>'


async def serve_s3(reader: Reader, writer: Writer, item: Item) -> None:
    """Answer health paths to anybody, and the bucket to who signs with the right key."""
    while True:
        method, target, headers, _ = await read_request(reader)
        found = item.get("paths", {}).get(target)
        status, body = (found["status"], found["body"]) if found else s3_content(item, method, target, headers)
        writer.write(http_answer(status, body, method))
        await writer.drain()


# Redis


async def read_command(reader: Reader) -> list[str]:
    """Return the words of one command, sent as an array or in a line."""
    line = (await reader.readuntil(b"\r\n")).strip()
    if not line.startswith(b"*"):
        return line.decode().split()
    words = []
    for _ in range(int(line[1:])):
        size = int((await reader.readuntil(b"\r\n")).strip()[1:])
        words.append((await reader.readexactly(size + 2))[:-2].decode())
    return words


async def serve_redis(reader: Reader, writer: Writer, item: Item) -> None:
    """Answer PING, INFO and a few more, after AUTH with the right password."""
    _, password = account_of(item)
    facts = f"redis_version:6.2.0\r\nredis_mode:standalone\r\nrole:master\r\nloading:0\r\nexecutable:{NAME}\r\n"
    answers = {"PING": "+PONG\r\n", "SELECT": "+OK\r\n", "CLIENT": "+OK\r\n", "INFO": f"${len(facts)}\r\n{facts}\r\n"}
    trusted = not password
    while True:
        words = await read_command(reader)
        name = words[0].upper() if words else ""
        if name == "AUTH" and len(words) in {2, 3}:
            trusted = same(words[-1], password) and words[1:-1] in ([], ["default"])
            answer = "+OK\r\n" if trusted else "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
        elif not trusted:
            answer = "-NOAUTH Authentication required.\r\n"
        else:
            answer = answers.get(name, f"-ERR unknown command '{name[:40]}' ({NAME})\r\n")
        writer.write(answer.encode())
        await writer.drain()


# ActiveMQ: STOMP 1.2, and the greeting of OpenWire

OPENWIRE_PORTS = {61616, 61617}
OPENWIRE_GREETING = b"\x00\x00\x00\x0e\x01ActiveMQ\x00\x00\x00\x0c\x00"
"""A WireFormatInfo of version 12 without properties."""


def stomp_frame(command: str, headers: dict[str, str], body: str = "") -> bytes:
    """Return one frame."""
    fields = "".join(f"{name}:{value}\n" for name, value in headers.items())
    return f"{command}\n{fields}\n{body}\0\n".encode()


async def serve_activemq(reader: Reader, writer: Writer, item: Item) -> None:
    """Let the right account connect, subscribe, and get back what it sends."""
    if item["port"] in OPENWIRE_PORTS:
        writer.write(OPENWIRE_GREETING)
        await serve_silently(reader, writer, item)
        return
    subscriptions: dict[str, str] = {}
    connected = False
    while True:
        text = (await reader.readuntil(b"\0"))[:-1].decode().lstrip("\r\n")
        head, _, body = text.partition("\n\n")
        command, *fields = head.split("\n")
        pairs = (field.strip("\r").partition(":") for field in fields)
        headers = {name: value for name, _, value in pairs}
        if command in {"CONNECT", "STOMP"}:
            username, password = account_of(item)
            connected = same(headers.get("login", ""), username) and same(headers.get("passcode", ""), password)
            if connected:
                writer.write(stomp_frame("CONNECTED", {"version": "1.2", "server": NAME, "heart-beat": "0,0"}))
        if not connected:
            writer.write(stomp_frame("ERROR", {"message": "User name or password is invalid."}))
            await writer.drain()
            return
        destination = headers.get("destination", "")
        if command == "SUBSCRIBE":
            subscriptions[destination] = headers.get("id", "0")
        if command == "SEND" and destination in subscriptions:
            about = {"destination": destination, "message-id": "1", "subscription": subscriptions[destination]}
            writer.write(stomp_frame("MESSAGE", about, body))
        if "receipt" in headers:
            writer.write(stomp_frame("RECEIPT", {"receipt-id": headers["receipt"]}))
        await writer.drain()


# SCRAM-SHA-256 (RFC 5802, RFC 7677), by which Mongo and PostgreSQL let an account in


class Scram:
    """One login, seen from the server."""

    iterations = 4096

    def __init__(self, password: str) -> None:
        """Derive the keys of the password."""
        self.salt = os.urandom(16)
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), self.salt, self.iterations)
        self.client_key = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
        self.server_key = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
        self.messages: list[str] = []

    def first(self, client_first: str) -> tuple[str, str]:
        """Return the user name, where the client gives one, and the server's first message."""
        bare = client_first.split(",", 2)[2]
        fields = dict(part.split("=", 1) for part in bare.split(","))
        nonce = fields["r"] + base64.b64encode(os.urandom(18)).decode()
        answer = f"r={nonce},s={base64.b64encode(self.salt).decode()},i={self.iterations}"
        self.messages = [bare, answer]
        return fields.get("n", ""), answer

    def final(self, client_final: str) -> str | None:
        """Return the server's last message; None when the proof is wrong."""
        without_proof, _, proof = client_final.rpartition(",p=")
        signed = ",".join([*self.messages, without_proof]).encode()
        stored = hashlib.sha256(self.client_key).digest()
        signature = hmac.new(stored, signed, hashlib.sha256).digest()
        expected = bytes(one ^ other for one, other in zip(self.client_key, signature))  # noqa: B905 - Python 3.9
        if not hmac.compare_digest(expected, base64.b64decode(proof)):
            return None
        return "v=" + base64.b64encode(hmac.new(self.server_key, signed, hashlib.sha256).digest()).decode()


# Mongo: OP_MSG and OP_QUERY on a small part of BSON

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013


def bson_encode(document: dict[str, Any]) -> bytes:
    """Write text, bytes, numbers, booleans, lists and documents."""
    parts = b""
    for name, value in document.items():
        key = name.encode() + b"\0"
        if isinstance(value, bool):
            parts += b"\x08" + key + (b"\1" if value else b"\0")
        elif isinstance(value, int):
            parts += b"\x10" + key + struct.pack("<i", value)
        elif isinstance(value, float):
            parts += b"\x01" + key + struct.pack("<d", value)
        elif isinstance(value, str):
            parts += b"\x02" + key + struct.pack("<i", len(value.encode()) + 1) + value.encode() + b"\0"
        elif isinstance(value, bytes):
            parts += b"\x05" + key + struct.pack("<i", len(value)) + b"\0" + value
        else:
            inner = dict(enumerate(value)) if isinstance(value, list) else value
            parts += (b"\x04" if isinstance(value, list) else b"\x03") + key
            parts += bson_encode({f"{index}": each for index, each in inner.items()})
    return struct.pack("<i", len(parts) + 5) + parts + b"\0"


def bson_decode(data: bytes) -> dict[str, Any]:
    """Read text and bytes at the top of a document; the sizes of all else are known, its values are None."""
    sizes = {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16}
    document: dict[str, Any] = {}
    at = 4
    while data[at]:
        kind, end = data[at], data.index(b"\0", at + 1)
        name, at = data[at + 1 : end].decode(), end + 1
        document[name] = None
        size = sizes.get(kind)
        if size is None:
            size = struct.unpack_from("<i", data, at)[0] + {0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5}[kind]
            if kind in {0x02, 0x05}:
                document[name] = data[at + 4 : at + size - 1] if kind == 0x02 else data[at + 5 : at + size]
        at += size
    return document


class MongoSession:
    """One connection's conversation."""

    def __init__(self, item: Item) -> None:
        """Begin without a login."""
        self.username, password = account_of(item)
        self.trusted = not password
        self.asked_as = ""
        self.scram = Scram(password)

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to one command, whose name is its first key."""
        name = next(iter(command))
        known: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "hello": self.hello,
            "ismaster": self.hello,
            "saslstart": self.start,
            "saslcontinue": self.proceed,
            "ping": lambda _: {},
            "endsessions": lambda _: {},
            "buildinfo": lambda _: {"version": "6.0.0", "versionArray": [6, 0, 0, 0], "modules": [NAME]},
        }
        if name.lower() in known:
            return {"ok": 1.0, **known[name.lower()](command)}
        if not self.trusted:
            return self.error(13, "Unauthorized", f"command {name} requires authentication")
        if name == "listDatabases":
            return {"databases": [{"name": "admin", "sizeOnDisk": 1, "empty": False}], "totalSize": 1, "ok": 1.0}
        return self.error(59, "CommandNotFound", f"no such command: '{name}' ({NAME})")

    def hello(self, _command: dict[str, Any]) -> dict[str, Any]:
        """Say that this is a standalone server, and by which login it is entered."""
        return {
            "isWritablePrimary": True,
            "ismaster": True,
            "readOnly": False,
            "maxBsonObjectSize": 16 << 20,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "minWireVersion": 0,
            "maxWireVersion": 17,
            "saslSupportedMechs": ["SCRAM-SHA-256"],
        }

    def start(self, command: dict[str, Any]) -> dict[str, Any]:
        """Answer the first message of a login."""
        if command.get("mechanism") != b"SCRAM-SHA-256":
            return self.error(334, "MechanismUnavailable", f"{NAME} knows SCRAM-SHA-256 only")
        self.asked_as, answer = self.scram.first(command["payload"].decode())
        return {"conversationId": 1, "done": False, "payload": answer.encode()}

    def proceed(self, command: dict[str, Any]) -> dict[str, Any]:
        """Answer the last message of a login."""
        answer = self.scram.final(command["payload"].decode())
        if answer is None or not same(self.asked_as, self.username):
            return self.error(18, "AuthenticationFailed", "Authentication failed.")
        self.trusted = True
        return {"conversationId": 1, "done": True, "payload": answer.encode()}

    @staticmethod
    def error(code: int, name: str, words: str) -> dict[str, Any]:
        """Return an error as Mongo writes it."""
        return {"ok": 0.0, "errmsg": words, "code": code, "codeName": name}


async def serve_mongo(reader: Reader, writer: Writer, item: Item) -> None:
    """Answer the commands of a login and a few more."""
    session = MongoSession(item)
    while True:
        length, request, _, code = struct.unpack("<iiii", await reader.readexactly(16))
        if not 16 < length < 1 << 24 or code not in {OP_QUERY, OP_MSG}:
            return
        body = await reader.readexactly(length - 16)
        # OP_QUERY: flags, collection, skip, return, then the document; OP_MSG: flags, kind of section, document.
        begins = body.index(b"\0", 4) + 9 if code == OP_QUERY else 5
        answer = bson_encode(session.answer(bson_decode(body[begins:])))
        head, reply = (struct.pack("<iqii", 8, 0, 0, 1), OP_REPLY) if code == OP_QUERY else (b"\0" * 5, OP_MSG)
        writer.write(struct.pack("<iiii", 16 + len(head) + len(answer), 0, request, reply) + head + answer)
        await writer.drain()


# PostgreSQL: protocol 3.0, login by SCRAM, and the few questions that cx-conformance asks

TEXT, BOOL, INT8, NAME_TYPE = 25, 16, 20, 19
PG_COLUMNS = (
    ("server_version", TEXT, f"15.0 ({NAME})"),
    ("pg_is_in_recovery", BOOL, "f"),
    ("transaction_read_only", BOOL, "f"),
    ("max_connections", INT8, "97"),
    ("count(*)", INT8, "1"),
)
"""What is answered for each part of a query, in this order."""
ENCRYPTION_REQUESTS = {80877103, 80877104}


def pg_message(kind: str, content: bytes) -> bytes:
    """Return one message."""
    return kind.encode() + struct.pack("!i", len(content) + 4) + content


def pg_error(code: str, words: str, severity: str = "FATAL") -> bytes:
    """Return an error with its SQLSTATE."""
    fields = (f"S{severity}", f"V{severity}", f"C{code}", f"M{words}")
    return pg_message("E", b"".join(field.encode() + b"\0" for field in fields) + b"\0")


def pg_rows(types: list[int], rows: list[list[str]]) -> bytes:
    """Return a whole result."""
    columns = b"".join(b"column\0" + struct.pack("!ihihih", 0, 0, kind, -1, -1, 0) for kind in types)
    answer = pg_message("T", struct.pack("!h", len(types)) + columns)
    for row in rows:
        cells = b"".join(struct.pack("!i", len(cell.encode())) + cell.encode() for cell in row)
        answer += pg_message("D", struct.pack("!h", len(row)) + cells)
    return answer + pg_message("C", f"SELECT {len(rows)}\0".encode())


def pg_result(query: str, databases: list[str]) -> bytes:
    """Answer one query."""
    if "pg_database" in query:
        return pg_rows([NAME_TYPE], [[name] for name in databases])
    asked = [(kind, value) for column, kind, value in PG_COLUMNS if column in query]
    if asked:
        return pg_rows([kind for kind, _ in asked], [[value for _, value in asked]])
    return pg_error("0A000", f"{NAME} does not know this query", "ERROR")


async def pg_read(reader: Reader) -> tuple[str, bytes]:
    """Return kind and content of the client's next message."""
    kind = (await reader.readexactly(1)).decode("latin-1")
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    return kind, await reader.readexactly(length - 4)


async def pg_start(reader: Reader, writer: Writer) -> dict[str, str]:
    """Return the parameters of the connection; encryption is declined."""
    while True:
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        content = await reader.readexactly(length - 4)
        (code,) = struct.unpack_from("!i", content)
        if code not in ENCRYPTION_REQUESTS:
            words = content[4:].split(b"\0")
            return {name.decode(): value.decode() for name, value in zip(words[::2], words[1::2])}  # noqa: B905 - 3.9
        writer.write(b"N")
        await writer.drain()


async def pg_login(reader: Reader, writer: Writer, item: Item, user: str) -> bool:
    """Tell whether the client proves that it knows the account."""
    username, password = account_of(item)
    scram = Scram(password)
    writer.write(pg_message("R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0"))
    _, content = await pg_read(reader)
    _, answer = scram.first(content[content.index(b"\0") + 5 :].decode())
    writer.write(pg_message("R", struct.pack("!i", 11) + answer.encode()))
    _, content = await pg_read(reader)
    last = scram.final(content.decode())
    if last is None or not same(user, username):
        return False
    writer.write(pg_message("R", struct.pack("!i", 12) + last.encode()) + pg_message("R", struct.pack("!i", 0)))
    return True


async def serve_postgresql(reader: Reader, writer: Writer, item: Item) -> None:
    """Let the account in, and answer the queries of a look."""
    given = await pg_start(reader, writer)
    user, databases = given.get("user", ""), ["postgres", *item.get("databases", [])]
    if not await pg_login(reader, writer, item, user):
        writer.write(pg_error("28P01", f'password authentication failed for user "{user}"'))
    elif given.get("database", user) not in databases:
        writer.write(pg_error("3D000", f'database "{given.get("database", user)}" does not exist'))
    else:
        for name, value in (("server_version", "15.0"), ("client_encoding", "UTF8"), ("DateStyle", "ISO, MDY")):
            writer.write(pg_message("S", f"{name}\0{value}\0".encode()))
        ready = pg_message("Z", b"I")
        writer.write(ready)
        while True:
            kind, content = await pg_read(reader)
            if kind == "X":
                return
            known = kind == "Q"
            query = content.rstrip(b"\0").decode()
            writer.write((pg_result(query, databases) if known else pg_error("0A000", NAME, "ERROR")) + ready)
            await writer.drain()
    await writer.drain()


# The rest: listening


async def serve_silently(reader: Reader, _writer: Writer, _item: Item) -> None:
    """Accept, and read until the client ends the connection."""
    while await reader.read(65536):
        pass


SERVERS = {
    "activemq": serve_activemq,
    "http": serve_http,
    "https": serve_http,
    "mongo": serve_mongo,
    "postgresql": serve_postgresql,
    "redis": serve_redis,
    "s3": serve_s3,
}


def handler(item: Item) -> Callable[[Reader, Writer], Awaitable[None]]:
    """Return what serves one connection to the port of ``item``."""
    serve = SERVERS.get(item["as"], serve_silently)

    async def connected(reader: Reader, writer: Writer) -> None:
        try:
            await serve(reader, writer, item)
        except (OSError, EOFError, ValueError, LookupError, struct.error, asyncio.LimitOverrunError):
            pass  # the client went away, or does not speak this protocol
        finally:
            writer.close()

    return connected


def tls_of(item: Item) -> ssl.SSLContext | None:
    """Return the server's TLS context from the mounted certificate, or None."""
    if "tls" not in item:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = Path(item["tls"])
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return context


async def main() -> None:
    """Listen on every port until the pod is asked to end."""
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    address = os.environ.get("CX_ADDRESS") or None
    servers = []
    for item in json.loads(os.environ.get("CX_SIMULATE") or "[]"):
        servers.append(await asyncio.start_server(handler(item), address, item["port"], ssl=tls_of(item)))
        print("serving", item["as"], "on port", item["port"], flush=True)  # noqa: T201 - the pod's log
    print("ready", flush=True)  # noqa: T201 - the pod's log
    await ended.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(main())
