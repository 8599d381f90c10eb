"""Finding the cluster, and saying what is wrong with the way to it."""

import base64
import datetime as dt
import errno
import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import Configuration
from kubernetes.client.rest import RESTClientObject

from cx_conformance.api import kubeconfig as subject
from cx_conformance.api import token_file
from cx_conformance.api.client import Cluster
from cx_conformance.api.kubeconfig import Origin, current_token, find_origin, read_configuration
from cx_conformance.api.kubeconfig_files import KubeconfigError
from cx_conformance.api.stream import ApiStreams
from cx_conformance.outcome.looking import OutOfTime, Unauthorized
from tests.api.api_server import write_kubeconfig

SERVER = "https://203.0.113.1:6443"


@pytest.fixture(autouse=True)
def _no_cluster_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the machine has, these tests start without."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def exec_user(*command: str) -> dict[str, Any]:
    """Return a user whose credentials come from a plug-in."""
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": command[0],
            "args": list(command[1:]),
            "interactiveMode": "Never",
        }
    }


def test_the_given_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with kubectl's --kubeconfig."""
    given = write_kubeconfig(tmp_path / "given", SERVER)
    monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "other", SERVER)))
    assert find_origin(str(given), None).files == str(given)


def test_the_environment_comes_before_the_default_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KUBECONFIG may name several files, some of which do not exist."""
    default = tmp_path / "home" / ".kube" / "config"
    default.parent.mkdir(parents=True)
    write_kubeconfig(default, SERVER)
    assert find_origin(None, None).files == str(default)
    named = os.pathsep.join([str(tmp_path / "absent"), str(write_kubeconfig(tmp_path / "other", SERVER))])
    monkeypatch.setenv("KUBECONFIG", named)
    assert find_origin(None, None).files == named


def write_context(path: Path, name: str, server: str, current: str | None) -> str:
    """Write a kubeconfig with one context ``name`` that leads to ``server``, ``current`` being used."""
    document = {
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": {"token": f"of-{name}"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    path.write_text(json.dumps(document | ({} if current is None else {"current-context": current})))
    return str(path)


@pytest.mark.parametrize(
    ("first", "second", "used"),
    [
        ("day", "night", "day"),
        (None, "night", "night"),
        ("", "night", "night"),
        ("day", "", "day"),
        ("night", "day", "night"),
    ],
)
def test_of_several_files_the_first_that_names_a_context_decides(
    tmp_path: Path, first: str | None, second: str, used: str
) -> None:
    """As with kubectl, whose `config use-context` writes to it; by the last one another cluster would be judged.

    https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
    """
    servers = {"day": "https://203.0.113.1:6443", "night": "https://203.0.113.2:6443"}
    empty = tmp_path / "empty"
    empty.touch()
    files = (
        str(empty),
        write_context(tmp_path / "first", "day", servers["day"], first),
        write_context(tmp_path / "second", "night", servers["night"], second),
    )
    configuration, context = read_configuration(Origin(files=os.pathsep.join(files), context=None))
    assert (context, configuration.host, current_token(configuration)) == (used, servers[used], f"Bearer of-{used}")


def test_a_pod_without_kubeconfig_uses_its_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vantage is then in the cluster."""
    token = tmp_path / "token"
    token.write_text("t")
    monkeypatch.setattr(subject, "SERVICE_ACCOUNT_TOKEN", token)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    assert find_origin(None, None).vantage == "in-cluster"


def test_no_cluster_at_all_is_said_with_the_ways_out() -> None:
    """The message names both options."""
    with pytest.raises(KubeconfigError, match=r"no cluster to look at: .* give --kubeconfig FILE, or --sandbox"):
        find_origin(None, None)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A mistyped path is not taken for the default cluster."""
    with pytest.raises(KubeconfigError, match="absent: there is no such file"):
        find_origin(str(tmp_path / "absent"), None)


@pytest.mark.parametrize("named", ["option", "environment", "home"])
def test_a_file_in_a_folder_that_one_may_not_enter_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """As another account's home, after `sudo -E`: even whether it is there may not be asked; that was a traceback."""
    path = tmp_path / "home" / ".kube" / "config"
    path.parent.mkdir(parents=True)

    def refused(one: Path, *_: Any, **__: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", str(one))

    if named == "environment":
        monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.setattr(Path, "stat", refused)
    monkeypatch.setattr("cx_conformance.wire.whole_file.os.open", refused)
    with pytest.raises(KubeconfigError, match=r"\.kube/config: cannot be read: Permission denied"):
        Cluster.connect(str(path) if named == "option" else None)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("clusters: [", r"is not valid YAML at line 1, column 12"),
        ("", "file is empty"),
        ("just words", "is not a kubeconfig"),
        ("clusters: 3\ncontexts: 4\nusers: 5\ncurrent-context: x", "is not a kubeconfig: clusters is a number; a list"),
        ("clusters: [hush-hush]", r"clusters\[0\] is a text; a mapping is needed, of a name and a cluster$"),
        ("users: [{user: {token: hush-hush}}]", r"users\[0\] has no name$"),
        ("users: [{name: a, user: hush-hush}]", r"users\[0\].user is a text; a mapping is needed$"),
        (
            "users: [{name: a, user: {token: [hush-hush]}}]",
            r"users\[0\].user.token is a list; a text is needed, in quotes",
        ),
        ("clusters: [{name: a, cluster: {proxy-url: 8}}]", r"clusters\[0\].cluster.proxy-url is a number; a text is"),
        ("apiVersion: v1\nclusters: []\ncontexts: []\nusers: []", "has no current context; choose one by --context"),
        ('{"current-context": "", "clusters": [], "contexts": [], "users": []}', "has no current context; choose one"),
        ('{"current-context": "gone", "clusters": [], "contexts": [], "users": []}', "has no context 'gone'"),
        ("\x00\x01", "is not valid YAML|is not a kubeconfig"),
        ("\udcff", "byte 0xff is not UTF-8; give a kubeconfig as text"),
        ("#" * (4 << 20) + "\n", "is larger than 4 MiB, the most that is read"),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_told_apart(tmp_path: Path, written: str, words: str) -> None:
    """Never a traceback."""
    path = tmp_path / "kubeconfig"
    path.write_bytes(written.encode("utf-8", "surrogateescape"))
    with pytest.raises(KubeconfigError, match=words):
        Cluster.connect(str(path))


def test_a_folder_is_no_kubeconfig(tmp_path: Path) -> None:
    """That there is no such file would be searched for."""
    with pytest.raises(KubeconfigError, match=f"{tmp_path}: this is no file; give the right one by --kubeconfig"):
        find_origin(str(tmp_path), None)


def test_a_kubeconfig_that_comes_through_a_pipe_is_kept(tmp_path: Path) -> None:
    """``--kubeconfig <(ssh node cat /etc/rancher/k3s/k3s.yaml)``: "there is no such file" was said.

    kubectl takes it, for it reads the file once: https://github.com/fluxcd/flux2/issues/3080. Credentials that run out
    are read again, when nothing comes any more.
    """
    write_kubeconfig(tmp_path / "kubeconfig", SERVER)
    reading, writing = os.pipe()
    os.write(writing, (tmp_path / "kubeconfig").read_bytes())
    os.close(writing)
    piped = f"/dev/fd/{reading}"
    try:
        origin = find_origin(piped, None)
        assert [read_configuration(origin)[0].host for _ in range(2)] == [SERVER, SERVER]
    finally:
        os.close(reading)


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    """To be opened it waits for good."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(KubeconfigError, match="pipe: is a pipe that nobody writes to"):
        Cluster.connect(str(tmp_path / "pipe"))


@pytest.mark.parametrize(
    "user",
    [
        {"name": "engineer", "token": "hush-hush"},
        {"name": "engineer", "user": {"auth-provider": {"name": "oidc", "config": {"refresh-token": "hush-hush"}}}},
    ],
    ids=["indented too little", "OIDC without an ID token"],
)
def test_what_a_user_lacks_is_told_without_what_it_has(tmp_path: Path, user: dict[str, Any]) -> None:
    """The client names the place by all that stands there."""
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"users": [user]}))
    with pytest.raises(KubeconfigError, match=r"Expected key .* in kube-config/users\[name=engineer\]") as told:
        Cluster.connect(str(path))
    assert "hush-hush" not in str(told.value)


def test_a_path_is_relative_to_the_file_it_stands_in(tmp_path: Path) -> None:
    """As with kubectl: the user's certificate, which the client looks for beside the file of the cluster."""
    written = {"clusters": "cluster", "users": "user"}
    files = {name: tmp_path / name / "config" for name in written.values()}
    document = json.loads(write_kubeconfig(tmp_path / "both", SERVER).read_text())
    document["clusters"][0]["cluster"]["certificate-authority"] = "ca.crt"
    document["users"][0]["user"] = {"client-certificate": "a.crt", "client-key": "a.key", "client-key-data": ""}
    for several, one in written.items():
        files[one].parent.mkdir()
        for name in ("ca.crt", "a.crt", "a.key"):
            (files[one].parent / name).touch()
        kept = document if one == "cluster" else {}
        files[one].write_text(json.dumps({**kept, "clusters": [], "users": [], several: document[several]}))
    both = os.pathsep.join(map(str, files.values()))
    configuration, _ = read_configuration(Origin(files=both, context=None))
    beside = {name: str(tmp_path / "user" / name) for name in ("a.crt", "a.key")}
    assert (configuration.cert_file, configuration.key_file) == (beside["a.crt"], beside["a.key"])
    assert configuration.ssl_ca_cert == str(tmp_path / "cluster" / "ca.crt")


def test_a_file_of_json_may_be_indented_by_tabs(tmp_path: Path) -> None:
    """As what kubectl reads may be."""
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER)
    path.write_text(json.dumps(json.loads(path.read_text()), indent="\t"))
    assert Cluster.connect(str(path)).server == SERVER


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ({"name": "azure", "config": {"tenant-id": "hush-hush"}}, "azure, .* `kubelogin convert-kubeconfig`"),
        ({"name": "gcp"}, "gcp, .* install gke-gcloud-auth-plugin"),
        ({"name": "gcp", "config": {"cmd-path": "/no/such/gcloud"}}, "gcp, .* install gke-gcloud-auth-plugin"),
        ({"name": "openstack"}, r"openstack, .* a credential plug-in \(exec\)"),
    ],
)
def test_a_login_that_kubectl_has_no_more_is_told(tmp_path: Path, provider: dict[str, Any], words: str) -> None:
    """As by kubectl from 1.26 on; the client asked as nobody, or spoke of an attribute that None lacks.

    https://github.com/kubernetes/kubernetes/pull/112341
    """
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER, {"auth-provider": provider})
    with pytest.raises(KubeconfigError, match=f"user engineer logs in by auth-provider {words}") as told:
        Cluster.connect(str(path))
    assert "hush-hush" not in str(told.value)


def test_an_unknown_context_is_named(tmp_path: Path) -> None:
    """With the command that lists those there are."""
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER)
    with pytest.raises(KubeconfigError, match="has no context 'night'; `kubectl config get-contexts`"):
        Cluster.connect(str(path), "night")


@pytest.mark.parametrize("server", ["cluster.example:6443", "https://cluster.example:644300", "https://<HOST>:<PORT>"])
def test_a_server_that_is_no_address_is_named(server: str, tmp_path: Path) -> None:
    """An address without https:// would fail with a riddle, and a port that is none as an answer that breaks off."""
    path = write_kubeconfig(tmp_path / "kubeconfig", server)
    with pytest.raises(
        KubeconfigError, match=re.escape(f"server '{server}' is no address; write it as https://HOST:PORT")
    ):
        Cluster.connect(str(path))


def test_a_cluster_that_is_not_looked_at_may_have_any_address(tmp_path: Path) -> None:
    """As the placeholder of a template does, to kubectl too."""
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER)
    held = yaml.safe_load(path.read_text())
    held["clusters"].append({"name": "template", "cluster": {"server": "https://<HOST>:<PORT>", "proxy-url": "//[::"}})
    path.write_text(json.dumps(held))
    assert read_configuration(find_origin(str(path), None))[0].host == SERVER


def test_a_proxy_without_an_address_is_told_without_its_login(tmp_path: Path) -> None:
    """With the file; "Invalid IPv6 URL" alone was said."""
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER)
    held = yaml.safe_load(path.read_text())
    held["clusters"][0]["cluster"]["proxy-url"] = "http://user:hush-hush@[::"
    path.write_text(json.dumps(held))
    with pytest.raises(KubeconfigError, match=r"kubeconfig: the proxy's address, .*, is none: ") as caught:
        Cluster.connect(str(path))
    assert "hush" not in str(caught.value)


def test_a_missing_certificate_file_is_named(tmp_path: Path) -> None:
    """The kubeconfig was copied without the files beside it."""
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER, cluster={"certificate-authority": "ca.crt"})
    with pytest.raises(KubeconfigError, match=r"File does not exist: .*ca\.crt"):
        Cluster.connect(str(path))


def test_the_context_and_the_server_are_known(tmp_path: Path) -> None:
    """For the header of the run."""
    cluster = Cluster.connect(str(write_kubeconfig(tmp_path / "kubeconfig", SERVER)))
    assert (cluster.server, cluster.context, cluster.vantage) == (SERVER, "shop", "outside")


def test_a_plug_in_gives_the_token(tmp_path: Path) -> None:
    """As cloud providers' kubeconfigs have it."""
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "from-plug-in"},
    }
    user = exec_user(sys.executable, "-c", f"print({json.dumps(json.dumps(credential))})")
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER, user)
    configuration, _ = read_configuration(Origin(files=str(path), context=None))
    assert configuration.api_key["BearerToken"] == "Bearer from-plug-in"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/no/such/plug-in",), "No such file or directory"),
        ((sys.executable, "-c", "import sys; sys.exit('please log in')"), r"exec: process returned 1\. please log in"),
        ((sys.executable, "-c", "print('{}')"), "missing key"),
        ((sys.executable, "-c", "print('no json')"), "failed to decode process output"),
    ],
)
def test_a_plug_in_that_fails_is_an_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], command: tuple[str, ...], words: str
) -> None:
    """The client only logs it and goes on without credentials; here it is said, once, and nothing is printed.

    It is no wrong usage: the same command is right as soon as somebody has logged in.
    """
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER, exec_user(*command))
    with pytest.raises(Unauthorized, match=f"credential plug-in gave no credentials .*{words}"):
        Cluster.connect(str(path))
    assert capfd.readouterr() == ("", "")


def test_a_plug_in_that_fails_leaves_the_terminal_to_the_run(tmp_path: Path) -> None:
    """In a process without logging set up, the client's own message would reach standard error."""
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER, exec_user("/no/such/plug-in"))
    script = (
        "import sys\n"
        "from cx_conformance.api.client import Cluster\n"
        "from cx_conformance.outcome.looking import Unauthorized\n"
        "try:\n    Cluster.connect(sys.argv[1])\n"
        "except Unauthorized:\n    print('told')\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True, env=environment
    )
    assert (done.stdout, done.stderr) == ("told\n", "")


def test_a_plug_in_is_found_beside_its_kubeconfig_and_runs_where_the_command_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by kubectl: a command with a slash is relative to the file, and what it names itself to where one stands."""
    folder = tmp_path / "kube"
    (folder / "bin").mkdir(parents=True)
    plug_in = folder / "bin" / "plug-in"
    plug_in.write_text(f"#!{sys.executable}\nprint(open('credential.json').read())\n")
    plug_in.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    status = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "here"}}
    (tmp_path / "credential.json").write_text(json.dumps(status))
    path = write_kubeconfig(folder / "config", SERVER, exec_user("./bin/plug-in"))
    configuration, _ = read_configuration(Origin(files=str(path), context=None))
    assert current_token(configuration) == "Bearer here"


def test_a_plug_in_that_fails_at_a_terminal_is_told_without_the_clients_riddle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There its words go to the terminal, and the client fails over having none: 'NoneType' has no attribute 'strip'.

    https://github.com/kubernetes-client/python/issues/2136
    """

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    with (tmp_path / "screen").open("wb") as screen, Path(os.devnull).open() as keys:
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, Terminal(screen, write_through=True))
        monkeypatch.setattr(sys, "stdin", keys)
        path = write_kubeconfig(tmp_path / "k", SERVER, exec_user(sys.executable, "-c", "exit('please log in')"))
        with pytest.raises(Unauthorized, match=r"gave no credentials \(it failed; see what it said above\)"):
            Cluster.connect(str(path))
    assert (tmp_path / "screen").read_text() == "please log in\n"


def test_a_service_account_is_read_and_its_token_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kubelet rotates the token's file; a refused token is read again."""
    token, authority = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("first")
    authority.write_text("a certificate")
    monkeypatch.setattr(subject, "SERVICE_ACCOUNT_TOKEN", token)
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_CERT_FILENAME", str(authority))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    cluster = Cluster.connect()
    assert (cluster.server, cluster.context, cluster.vantage) == ("https://10.96.0.1:443", "in-cluster", "in-cluster")
    assert current_token(cluster.configuration) == "bearer first"
    token.write_text("second")
    assert cluster._renew_credentials(0)
    assert current_token(cluster.configuration) == "bearer second"


@pytest.mark.parametrize("beside", [{}, {"token": "other"}], ids=["alone", "beside a token"])
def test_the_token_of_a_file_is_sent_without_its_line_end_and_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: dict[str, str]
) -> None:
    """As by kubectl: the file comes before a token, is read again each minute, and is kept when it is gone."""
    folder = tmp_path / "kube"
    folder.mkdir()
    token = folder / "token"
    token.write_text("first\n")
    path = write_kubeconfig(folder / "config", SERVER, {"tokenFile": "token", **beside})
    configuration, _ = read_configuration(Origin(files=str(path), context=None))
    assert current_token(configuration) == "Bearer first"
    token.write_text("second\r\n")
    assert current_token(configuration) == "Bearer first"
    monkeypatch.setattr(token_file, "_KEPT_SECONDS", -1)
    assert current_token(configuration) == "Bearer second"
    token.unlink()
    assert current_token(configuration) == "Bearer second"


def test_a_plug_in_whose_tokens_live_for_minutes_is_not_run_for_each_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client would: it takes them for expired five minutes before they are. Of 300 requests each took a second."""
    runs = tmp_path / "runs"
    ends = (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=4)).isoformat()
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "from-plug-in", "expirationTimestamp": ends},
    }
    command = f"print(file=open({str(runs)!r}, 'a')); print({json.dumps(json.dumps(credential))})"
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER, exec_user(sys.executable, "-c", command))
    configuration, _ = read_configuration(Origin(files=str(path), context=None))
    for _ in range(5):
        assert current_token(configuration) == "Bearer from-plug-in"
    assert len(runs.read_text()) == 1
    moment = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: moment + subject.PLUG_IN_PAUSE_SECONDS)
    for _ in range(5):
        current_token(configuration)
    assert len(runs.read_text()) == 2


def test_a_plug_in_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may wait for a person; nobody is there at night."""
    monkeypatch.setattr(subject, "CREDENTIAL_SECONDS", 0.05)
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER, exec_user("sleep", "3"))
    with pytest.raises(Unauthorized, match="credential plug-in did not answer within 0 s; run it by hand"):
        read_configuration(Origin(files=str(path), context=None))


def test_a_plug_in_that_hangs_does_not_hold_a_run_beyond_its_limit(tmp_path: Path) -> None:
    """What is left of the run's time is all that it gets."""
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER, exec_user("sleep", "3"))
    with pytest.raises(OutOfTime, match=r"out of time: .* credential plug-in gave no credentials before"):
        Cluster.connect(str(path), seconds=0.05)


def test_a_credential_that_is_renewed_too_slowly_is_out_of_time() -> None:
    """A plug-in is asked again when its credential has run out, in the middle of a run."""
    configuration = Configuration()
    configuration.refresh_api_key_hook = lambda _configuration: time.sleep(1)  # type: ignore[assignment] # theirs is None
    with pytest.raises(OutOfTime):
        current_token(configuration, seconds=0.05)


def test_the_kubeconfig_is_not_written_to(tmp_path: Path) -> None:
    """Looking leaves no trace in the user's files."""
    path = write_kubeconfig(tmp_path / "kubeconfig", SERVER)
    before = path.read_bytes()
    Cluster.connect(str(path))
    assert path.read_bytes() == before


def test_a_socks_proxy_looks_names_up_as_it_does_for_kubectl(tmp_path: Path) -> None:
    """The client would look up what only the proxy knows."""
    path = write_kubeconfig(tmp_path / "config", SERVER, cluster={"proxy-url": "socks5://127.0.0.1:1080"})
    configuration, _ = read_configuration(Origin(files=str(path), context=None))
    assert configuration.proxy == "socks5h://127.0.0.1:1080"


@pytest.mark.parametrize(
    ("server", "cluster", "proxy"),
    [
        ("https://cluster.example:6443", {}, "http://proxy.example:3128"),
        ("https://10.1.2.3:6443", {}, None),
        ("https://10.1.2.3:6443", {"proxy-url": "http://jump.example:1080"}, "http://jump.example:1080"),
        ("https://127.0.0.1:6443", {}, None),
        ("https://[::1]:6443", {}, None),
        ("https://localhost:6443", {}, None),
        ("https://127.0.0.1:6443", {"proxy-url": "http://jump.example:1080"}, "http://jump.example:1080"),
        ("https://[fd00::1]:6443", {}, None),
        ("https://api.inside.example:6443", {}, None),
    ],
)
def test_the_environments_proxy_is_for_whom_kubectl_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, cluster: dict[str, str], proxy: str | None
) -> None:
    """A kubeconfig's own proxy is used whatever NO_PROXY says, and k3s' and RKE2's 127.0.0.1 is asked straight."""
    for name in ("ALL_PROXY", "all_proxy", "NO_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "10.0.0.0/8,fd00::/8, *.inside.example")
    path = write_kubeconfig(tmp_path / "config", server, cluster=cluster)
    configuration, _ = read_configuration(Origin(files=str(path), context=None))
    current_token(configuration)  # with which the client takes the whole context anew
    requests = RESTClientObject(configuration).pool_manager.proxy
    assert (str(requests) if requests else None, ApiStreams(configuration)._proxy()) == (proxy, proxy)


def test_what_the_client_reads_anew_with_the_credentials_stays_mended(tmp_path: Path) -> None:
    """It takes the whole context from the file each time that it is asked for the token."""
    cluster = {"proxy-url": "socks5://127.0.0.1:1080"}
    path = write_kubeconfig(tmp_path / "config", "https://admin:geh%40im@203.0.113.1:6443", cluster=cluster)
    configuration, _ = read_configuration(Origin(files=str(path), context=None))
    for _ in range(3):
        assert configuration.host == SERVER
        assert configuration.proxy == "socks5h://127.0.0.1:1080"
        assert current_token(configuration) == "Bearer t0ken"


def test_a_login_in_the_address_is_sent_where_there_is_no_other(tmp_path: Path) -> None:
    """As kubectl does; percent-encoded characters are what they stand for."""
    path = write_kubeconfig(tmp_path / "config", "https://admin:geh%40im@203.0.113.1:6443", user={})
    configuration, _ = read_configuration(Origin(files=str(path), context=None))
    assert configuration.host == SERVER
    assert current_token(configuration) == f"Basic {base64.b64encode(b'admin:geh@im').decode()}"


@pytest.mark.parametrize(
    "server",
    ["admin:geheim@cluster.example:6443", "ftp://admin:geheim@x", "https://admin:geheim@", "https://a:ge/heim@"],
)
def test_an_address_that_is_none_is_told_without_its_login(server: str, tmp_path: Path) -> None:
    """A slash in the password included."""
    path = write_kubeconfig(tmp_path / "config", server)
    with pytest.raises(KubeconfigError, match="is no address; write it as https://HOST:PORT") as told:
        Cluster.connect(str(path))
    assert "heim" not in str(told.value)
    assert "admin" not in str(told.value)


@pytest.mark.parametrize(
    ("server", "cluster", "mode", "told"),
    [
        (SERVER, {}, 0o600, []),
        (SERVER, {}, 0o400, []),
        (SERVER, {}, 0o640, [r"can be read by the group of .*config \(mode 0640\)"]),
        (SERVER, {}, 0o644, [r"can be read by everybody on this machine \(mode 0644\); chmod 600"]),
        (SERVER, {"insecure-skip-tls-verify": True}, 0o600, ["is not checked \\(insecure-skip-tls-verify\\)"]),
        ("http://203.0.113.1:8080", {}, 0o604, ["without TLS", "everybody"]),
    ],
)
def test_what_makes_a_cluster_or_an_account_less_safe_is_told(
    server: str, cluster: dict[str, Any], mode: int, told: list[str], tmp_path: Path
) -> None:
    """A sentence for each, with what to do; nothing of what is as it should be."""
    path = write_kubeconfig(tmp_path / "config", server, cluster=cluster)
    path.chmod(mode)
    found = Cluster.connect(str(path)).cautions
    assert len(found) == len(told)
    for words, one in zip(told, found, strict=True):
        assert re.search(words, one)


def test_a_file_that_is_read_by_its_group_only_is_as_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a pod reads a mounted Secret: it is root's, and the group is the pod's own."""
    path = write_kubeconfig(tmp_path / "config", SERVER)
    path.chmod(0o440)
    cluster = Cluster.connect(str(path))
    owner = os.geteuid()
    told = {}
    for account in (owner, owner + 1):
        monkeypatch.setattr(os, "geteuid", lambda account=account: account)
        told[account] = len(cluster.cautions)
    assert told == {owner: 1, owner + 1: 0}


def test_a_user_who_acts_as_another_is_refused(tmp_path: Path) -> None:
    """The client would act as the user itself, with other rights than kubectl has, and see what is not to be seen."""
    user = {"token": "t0ken", "as": "auditor", "as-groups": ["readers"]}
    first = write_kubeconfig(tmp_path / "first", SERVER, user)
    second = write_kubeconfig(tmp_path / "second", SERVER)
    with pytest.raises(KubeconfigError, match=r"user engineer acts as another \(as, as-groups\)"):
        read_configuration(Origin(files=f"{first}{os.pathsep}{second}", context=None))
    read_configuration(Origin(files=f"{second}{os.pathsep}{first}", context=None))
