"""Who has signed a pack, by which key and until when: told alike by this suite and by the tools of in-toto."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from google.protobuf import json_format
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope as ForeignEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined] # theirs to declare

from cx_conformance.__main__ import main
from cx_conformance.reports.pack.directory import write_report
from cx_conformance.reports.pack.envelope import Envelope
from cx_conformance.reports.pack.signing import NotSigned, sign, signer
from cx_conformance.reports.pack.ssh_key import SshKey, UnusableKey
from cx_conformance.reports.pack.verifying import verify
from cx_conformance.reports.sums import read_sums, sha256, write_listed
from tests.reports import made_up

OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChsXcfYJQ4yFCOSn+8kV1E9rrDE0xJY8q8oX2hPq"
DOCUMENT = Path(__file__).parents[3] / "docs" / "report" / "README.md"
RSA = "rsa-pkcs1v15-sha256"


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the agent of whoever runs the tests out of them."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Write a pack without paper."""
    write_report(made_up.three_failures(), tmp_path / "pack", paper=False)
    return tmp_path / "pack"


def made_key(path: Path, *kind: str, passphrase: str = "") -> Path:
    """Make an OpenSSH key."""
    kind = kind or ("-t", "ed25519")
    given = ("-N", passphrase, "-C", "jane@supplier.example", "-f", str(path))
    subprocess.run(["ssh-keygen", "-q", *kind, *given], check=True)
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Make a key of the usual kind."""
    return made_key(tmp_path / "key")


def foreign_key(key: Path) -> SSlibKey:
    """Read a public key as somebody who has the tools of in-toto does."""
    public = load_ssh_public_key(key.with_name(f"{key.name}.pub").read_bytes())
    return SSlibKey.from_crypto(public, scheme=RSA if "rsa" in type(public).__module__ else None)


def attestation(pack: Path) -> dict[str, Any]:
    """Read the envelope as JSON."""
    held: dict[str, Any] = json.loads((pack / "attestation.json").read_bytes())
    return held


def put(pack: Path, name: str, content: bytes) -> None:
    """Put another file in the place of one, with its sum."""
    (pack / name).write_bytes(content)
    write_listed(pack / "SHA256SUMS", read_sums(pack) | {name: sha256(pack / name)})


@pytest.mark.parametrize(
    "kind",
    [
        ("-t", "ed25519"),
        ("-t", "ecdsa", "-b", "256"),
        ("-t", "ecdsa", "-b", "384"),
        ("-t", "ecdsa", "-b", "521"),
        ("-t", "rsa", "-b", "2048"),
        ("-t", "rsa", "-b", "2048", "-m", "PEM"),
    ],
    ids=" ".join,
)
def test_the_tools_of_in_toto_verify_the_attestation(kind: tuple[str, ...], pack: Path, tmp_path: Path) -> None:
    """By any kind of key that OpenSSH makes; the key has the name that they give it, and a changed byte is found."""
    key = made_key(tmp_path / "any", *kind)
    made = sign(pack, key)
    theirs = foreign_key(key)
    assert made.key_id == theirs.keyid
    assert ForeignEnvelope.from_dict(attestation(pack)).verify([theirs], 1) == {theirs.keyid: theirs}
    changed = attestation(pack)
    payload = base64.b64decode(changed["payload"]).replace(b"FAILED", b"PASSED")
    changed["payload"] = base64.b64encode(payload).decode()
    with pytest.raises(VerificationError):
        ForeignEnvelope.from_dict(changed).verify([theirs], 1)
    assert verify(pack).problems == []


def test_the_documented_way_to_verify_without_this_suite_is_one(pack: Path, tmp_path: Path) -> None:
    """As it stands in docs/report/README.md; it fails for an attestation by another key."""
    (program,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    sign(pack, made_key(pack / "id_ed25519"))
    subprocess.run([sys.executable, "-c", program], check=True, cwd=pack)
    sign(pack, made_key(tmp_path / "other"))
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=pack, capture_output=True).returncode == 1


def test_what_is_attested_is_a_statement_as_in_toto_publishes_it(pack: Path) -> None:
    """Every field of it is one of theirs, of the predicate too."""
    theirs = ForeignEnvelope.from_dict(attestation(pack))
    assert theirs.payload_type == "application/vnd.in-toto+json"
    assert theirs.signatures == {}, "nobody has signed it yet"
    read = json_format.Parse(theirs.payload, statement_pb2.Statement())
    Statement.copy_from_pb(read).validate()
    predicate = json_format.ParseDict(json.loads(theirs.payload)["predicate"], test_result_pb2.TestResult())
    assert predicate.result == "FAILED"
    assert len(predicate.failed_tests) > 3


def test_a_key_of_the_agent_signs_both(pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with a passphrase, of which only the public half is named; each kind in the form that its scheme has."""
    with agent(tmp_path / "a.sock", monkeypatch):
        for name, *kind in (("e", "-t", "ed25519"), ("c", "-t", "ecdsa"), ("r", "-t", "rsa", "-b", "2048")):
            key = made_key(tmp_path / name, *kind)
            subprocess.run(["ssh-add", "-q", key], check=True)
            key.unlink()
            made = sign(pack, key.with_name(f"{name}.pub"))
            assert made.key_id == foreign_key(key).keyid
            ForeignEnvelope.from_dict(attestation(pack)).verify([foreign_key(key)], 1)
            assert verify(pack).problems == []


class agent:  # noqa: N801 - used like a function
    """An ssh-agent for the length of a block."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let it listen at ``place``."""
        self.place = place
        self.monkeypatch = monkeypatch

    def __enter__(self) -> None:
        """Start it."""
        self.process = subprocess.Popen(["ssh-agent", "-D", "-a", self.place], stdout=subprocess.DEVNULL)
        while not self.place.exists() and self.process.poll() is None:
            time.sleep(0.01)
        self.monkeypatch.setenv("SSH_AUTH_SOCK", str(self.place))

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.monkeypatch.delenv("SSH_AUTH_SOCK")
        self.process.terminate()
        self.process.wait()


def test_an_agent_that_does_not_answer_costs_the_attestation_its_signature_only(
    pack: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The private key signs then, as ssh-keygen has it."""
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "gone"))
    assert sign(pack, key).key_id == foreign_key(key).keyid


def test_a_key_with_a_passphrase_and_no_agent_signs_the_sums_alone(pack: Path, tmp_path: Path) -> None:
    """And it is said what to do; ssh-keygen asks for the passphrase itself, and so it does not sign here."""
    key = made_key(tmp_path / "closed", passphrase="correct horse")
    with pytest.raises(UnusableKey, match=f"ssh-add {key}"):
        SshKey.of_file(key).sign(b"", key)
    before = {path.name: path.read_bytes() for path in pack.iterdir()}
    with pytest.raises(NotSigned, match="ssh-keygen did not sign"):
        sign(pack, key)
    assert {path.name: path.read_bytes() for path in pack.iterdir()} == before


def test_a_security_key_signs_nothing_but_what_is_ssh() -> None:
    """Its signatures have a counter, which in-toto knows nothing of."""
    kind = b"sk-ssh-ed25519@openssh.com"
    blob = len(kind).to_bytes(4, "big") + kind + (32).to_bytes(4, "big") + bytes(32) + (4).to_bytes(4, "big") + b"ssh:"
    with pytest.raises(UnusableKey, match="a security key"):
        _ = SshKey(blob).public


def test_sign_names_the_key_and_its_expiry(
    pack: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And gives the line by which a reader trusts it so long and no longer; verify names both, too."""
    assert main(["sign", str(pack), "--key", str(key), "--expires", "2999-12-31"]) == 0
    said = capsys.readouterr().out.splitlines()
    shown = subprocess.run(["ssh-keygen", "-l", "-f", key], capture_output=True, check=True, text=True).stdout
    fingerprint = shown.split()[1]
    assert f"by the key {fingerprint} (ssh-ed25519 jane@supplier.example)" in said[0]
    assert foreign_key(key).keyid in said[1]
    assert said[2].startswith("expires: 2999-12-31")
    signers = tmp_path / "signers"
    signers.write_text(f"{said[3]}\n")
    assert main(["verify", str(pack), "--signers", str(signers)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == (
        f"signed by jane@supplier.example with the key {fingerprint} (ssh-ed25519), which holds until 2999-12-31"
    )
    assert said[-1].endswith("as jane@supplier.example signed it")


def test_a_key_that_has_expired_is_trusted_no_more(pack: Path, key: Path, tmp_path: Path) -> None:
    """By the reader's clock: a signature does not say when it was made."""
    sign(pack, key)
    signers = tmp_path / "signers"
    signers.write_text(f'jane valid-before="20200101" {SshKey.of_file(key).line}\n')
    [problem] = verify(pack, signers).problems
    assert "made by none of the keys" in problem
    assert "key has expired" in problem


def test_a_certificate_says_itself_until_when_it_holds(
    pack: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the key under it signs the attestation."""
    authority = made_key(tmp_path / "authority")
    span = ("-V", "20200101:29991231")
    subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "jane", "-n", "jane", *span, f"{key}.pub"], check=True)
    assert main(["sign", str(pack), "--key", f"{key}-cert.pub"]) == 0
    said = capsys.readouterr().out
    assert "expires: 2999-12-3" in said
    assert "as the certificate says" in said
    signers = tmp_path / "signers"
    signers.write_text(f"jane cert-authority {SshKey.of_file(authority).line}\n")
    found = verify(pack, signers)
    assert found.problems == []
    assert found.signer == "jane"
    ForeignEnvelope.from_dict(attestation(pack)).verify([foreign_key(key)], 1)


def test_a_signature_tells_who_signed(pack: Path, key: Path, tmp_path: Path) -> None:
    """By fingerprint alone, or by name where the reader knows the keys."""
    assert main(["sign", str(pack), "--key", str(key)]) == 0
    assert signer(pack).words.startswith("the key SHA256:")
    allowed = tmp_path / "signers"
    allowed.write_text("jane@supplier.example " + key.with_suffix(".pub").read_text())
    assert signer(pack, allowed).name == "jane@supplier.example"
    assert verify(pack, allowed).problems == []
    assert verify(pack, allowed).signer == "jane@supplier.example"


def test_a_pack_that_was_changed_and_summed_again_fails_by_its_signature(pack: Path, key: Path) -> None:
    """This is what a signature is for."""
    sign(pack, key)
    put(pack, "junit.xml", b"<testsuites/>")
    [problem] = verify(pack).problems
    assert problem.startswith("SHA256SUMS.sig is no signature of SHA256SUMS as it is")


def test_a_key_that_the_reader_does_not_know_is_no_signature(pack: Path, key: Path, tmp_path: Path) -> None:
    """Nor is none at all, where signers are given."""
    allowed = tmp_path / "signers"
    allowed.write_text(f"jane@supplier.example {OTHER}\n")
    assert verify(pack, allowed).problems == ["SHA256SUMS.sig is not there: the pack is not signed"]
    sign(pack, key)
    [problem] = verify(pack, allowed).problems
    assert "was made by none of the keys" in problem


@pytest.mark.parametrize("name", ["", "absent", "folder", "pipe"])
def test_a_list_of_signers_that_cannot_be_read_says_nothing_of_the_pack(
    name: str, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither that it was changed, nor, where a script has left the name empty, that nothing was."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert main(["verify", str(pack), "--signers", name]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    what = "there is no such file" if name in ("", "absent") else "is no file"
    assert said.err == f"cx-conformance verify: --signers {name}: {what}; name the list of keys that may sign\n"


def _by_another(pack: Path, tmp_path: Path) -> bytes:
    other = made_key(tmp_path / "other")
    held = Envelope.read((pack / "attestation.json").read_bytes())
    key = SshKey.of_file(other)
    return held.signed(key.public, lambda content: key.sign(content, other)).text


def _by_two(pack: Path, tmp_path: Path) -> bytes:
    held = Envelope.read((pack / "attestation.json").read_bytes())
    return Envelope(held.payload, {**held.signatures, "f" * 64: b"x"}).text


def _of_another_payload(pack: Path, _: Path) -> bytes:
    held = Envelope.read((pack / "attestation.json").read_bytes())
    return Envelope(held.payload + b" ", held.signatures).text


@pytest.mark.parametrize("change", [_by_another, _by_two, _of_another_payload])
def test_an_attestation_by_another_key_than_the_sums_is_told(
    change: Callable[[Path, Path], bytes], pack: Path, key: Path, tmp_path: Path
) -> None:
    """Whoever reads one of the two reads what the same key has signed."""
    sign(pack, key)
    put(pack, "attestation.json", change(pack, tmp_path))
    (pack / "SHA256SUMS.sig").unlink()
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", "cx-conformance", "-f", key, pack / "SHA256SUMS"],
        check=True,
        capture_output=True,
    )
    assert verify(pack).problems == ["attestation.json is not signed by the key that has signed SHA256SUMS"]


def test_a_signature_of_the_sums_that_was_taken_away_is_told(pack: Path, key: Path) -> None:
    """As it is when the page was made again."""
    sign(pack, key)
    (pack / "SHA256SUMS.sig").unlink()
    assert any("attestation.json carries a signature, SHA256SUMS has none" in one for one in verify(pack).remarks)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{}", "is no in-toto statement in a DSSE envelope"),
        (b"[]", "is no in-toto statement in a DSSE envelope"),
        (b"[" * 100_000, "is no in-toto statement in a DSSE envelope"),
        (b'{"payloadType": "text/plain", "payload": "", "signatures": []}', "is no in-toto statement"),
        (b'{"payloadType": "application/vnd.in-toto+json", "payload": "!", "signatures": []}', "is no in-toto"),
        (b'{"payloadType": "application/vnd.in-toto+json", "payload": "", "signatures": [1]}', "is no in-toto"),
    ],
)
def test_what_is_no_attestation_is_told(content: bytes, told: str, pack: Path) -> None:
    """Whatever stands in its place."""
    put(pack, "attestation.json", content)
    [problem] = verify(pack).problems
    assert told in problem


def test_an_attestation_of_another_result_than_the_reports_is_told(pack: Path) -> None:
    """Though its sum is right, and it is about this very report."""
    held = Envelope.read((pack / "attestation.json").read_bytes())
    put(pack, "attestation.json", Envelope(held.payload.replace(b'"FAILED"', b'"PASSED"'), {}).text)
    assert verify(pack).problems == ["attestation.json says 'PASSED'; by report.json it is 'FAILED'"]


def test_a_pack_of_an_earlier_version_still_verifies_and_can_be_signed(pack: Path, key: Path) -> None:
    """Its attestation is a statement without an envelope, which the next run replaces."""
    put(pack, "attestation.json", Envelope.read((pack / "attestation.json").read_bytes()).payload)
    assert verify(pack).problems == []
    assert sign(pack, key).key_id
    assert verify(pack).problems == []
    put(pack, "attestation.json", Envelope.read((pack / "attestation.json").read_bytes()).payload)
    write_report(made_up.conformant(), pack, paper=False)


def test_a_pack_is_signed_anew_by_another_key(pack: Path, key: Path, tmp_path: Path) -> None:
    """Nothing is left of the first one's signatures."""
    sign(pack, key)
    other = made_key(tmp_path / "other")
    assert main(["sign", str(pack), "--key", str(other)]) == 0
    assert list(Envelope.read((pack / "attestation.json").read_bytes()).signatures) == [foreign_key(other).keyid]
    assert verify(pack).problems == []


def test_what_cannot_sign_says_what_to_do(pack: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No key, one that is none, a pack that was changed."""
    with pytest.raises(NotSigned, match="ssh-keygen -t ed25519 makes one"):
        sign(pack, key.with_name("missing"))
    with pytest.raises(NotSigned, match="is no private key that can be used"):
        sign(pack, pack / "junit.xml")
    (pack / "junit.xml").write_text("")
    assert main(["sign", str(pack), "--key", str(key)]) == 1
    assert "junit.xml was changed" in capsys.readouterr().err


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    path.with_name("elsewhere").mkdir(exist_ok=True)
    shutil.copy(path.parent / "README.txt", path.parent.parent / "target")
    path.with_name("elsewhere").rmdir()
    path.symlink_to(path.parent.parent / "target")


@pytest.mark.parametrize("name", ["SHA256SUMS", "SHA256SUMS.sig", "attestation.json", "report.json", "report.html"])
@pytest.mark.parametrize("made", [_pipe, _folder, _link])
def test_what_is_no_file_of_the_pack_is_never_opened(made: Callable[[Path], None], name: str, pack: Path) -> None:
    """A pipe would be waited for without end, a link leads elsewhere; each is told by name."""
    (pack / name).unlink(missing_ok=True)
    made(pack / name)
    assert any(name in one for one in verify(pack).problems)
    assert main(["verify", str(pack)]) == 1
