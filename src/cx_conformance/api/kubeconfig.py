"""Where the cluster is and who asks, read by the official client: kubeconfig, or the pod's service account.

A file that is missing or says nothing usable is a KubeconfigError: wrong usage, the same tomorrow. Credentials that
cannot be had just now, because a plug-in is missing, wants a login or does not answer, are Unauthorized: the cluster
could not be looked at.
"""

import base64
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import unquote

from msgspec import Struct

from cx_conformance.api.kubeconfig_files import KubeconfigError, Part, cluster_and_user, is_there, read_files
from cx_conformance.api.kubeconfig_shape import is_address
from cx_conformance.api.kubeconfig_user import former_login, refuse
from cx_conformance.api.official_client import prepare
from cx_conformance.api.proxy_choice import choose_proxy, log_in_to_proxy
from cx_conformance.api.token_file import TokenFile
from cx_conformance.objects.secrecy import mask_text
from cx_conformance.outcome.looking import OutOfTime, Unauthorized
from cx_conformance.wire.fuse import Fuse

if TYPE_CHECKING:
    from kubernetes.client import Configuration

T = TypeVar("T")

Vantage = Literal["in-cluster", "outside"]

SERVICE_ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")

# An exec plug-in may wait for a person in a browser; nobody waits longer than this.
CREDENTIAL_SECONDS = 120.0
# The client takes a token for expired five minutes before it is, and would run the plug-in for each request and exec
# where tokens live no longer, as Keycloak's own do; kubectl waits for the moment itself.
PLUG_IN_PAUSE_SECONDS = 10.0

_RIDDLE = "'NoneType' object has no attribute 'strip'"
"""The client's words for a plug-in that failed at a terminal, where what it says is not caught:
https://github.com/kubernetes-client/python/issues/2136"""
_SAID_ABOVE = "it failed; see what it said above"


class Origin(Struct, frozen=True, kw_only=True):
    """Where the configuration is read from, so that it can be read again when credentials expire."""

    files: str | None
    context: str | None

    @property
    def vantage(self) -> Vantage:
        """Whether the service account of the pod is used, so that Service names and addresses are reachable."""
        return "outside" if self.files else "in-cluster"

    @property
    def words(self) -> str:
        """The origin as messages name it."""
        return f"kubeconfig {self.files}" if self.files else "the pod's service account"


def find_origin(kubeconfig: str | None, context: str | None) -> Origin:
    """Choose as kubectl does: the given file, ``KUBECONFIG``, the default file, else the service account.

    Raises KubeconfigError when none of them exists.
    """
    if kubeconfig:
        if not is_there(path := Path(kubeconfig).expanduser()):
            said = "this is no file" if path.exists() else "there is no such file"
            raise KubeconfigError(f"kubeconfig {kubeconfig}: {said}; give the right one by --kubeconfig")
        return Origin(files=kubeconfig, context=context)
    named = os.environ.get("KUBECONFIG", "")
    if any(is_there(Path(part).expanduser()) for part in named.split(os.pathsep) if part):
        return Origin(files=named, context=context)
    default = Path("~/.kube/config").expanduser()
    if not named and is_there(default):
        return Origin(files=str(default), context=context)
    if os.environ.get("KUBERNETES_SERVICE_HOST") and SERVICE_ACCOUNT_TOKEN.is_file():
        return Origin(files=None, context=None)
    looked = f"KUBECONFIG ({named}) names no file that exists" if named else f"there is no {default}"
    raise KubeconfigError(
        f"no cluster to look at: {looked}, and this is no pod with a service account; "
        "give --kubeconfig FILE, or --sandbox for the embedded cluster"
    )


def read_configuration(origin: Origin, seconds: float = CREDENTIAL_SECONDS) -> "tuple[Configuration, str]":
    """Read ``origin`` and return (configuration, name of the context).

    Runs the exec plug-in if the kubeconfig has one, for at most ``seconds``, and never longer than
    CREDENTIAL_SECONDS. Raises KubeconfigError; Unauthorized when the plug-in gives nothing; OutOfTime.
    """
    return _within(seconds, f"{origin.words}: its credential plug-in", lambda: _read(origin))


def _within(seconds: float, who: str, read: Callable[[], T]) -> T:
    """Return what ``read`` does; where that takes too long ``who`` is said not to have answered."""
    outcome: list[T] = []
    failed: list[Exception] = []

    with Fuse(min(seconds, CREDENTIAL_SECONDS)) as fuse:

        def reading() -> None:
            try:
                outcome.append(read())
            except Exception as error:  # noqa: BLE001 - raised again, in the thread that waits
                failed.append(error)
            finally:
                fuse.burn()

        Thread(target=reading, name="kubeconfig", daemon=True).start()
        fuse.wait(CREDENTIAL_SECONDS)
        in_time = fuse.ends > time.monotonic()
    if failed:
        raise failed[0]
    if outcome:
        return outcome[0]
    if in_time:
        raise OutOfTime(f"out of time: the run was ended before {who} gave credentials")
    if seconds < CREDENTIAL_SECONDS:
        raise OutOfTime(
            f"out of time: {who} gave no credentials before the run's time limit; run it by hand and log in, "
            "or give a longer --time-limit"
        )
    raise Unauthorized(f"{who} did not answer within {CREDENTIAL_SECONDS:.0f} s; run it by hand and log in")


def _read(origin: Origin) -> "tuple[Configuration, str]":
    prepare()
    from kubernetes import config
    from kubernetes.client import Configuration

    configuration = Configuration()
    # Retrying is this package's business: it counts what it repeats.
    configuration.retries = False
    active, user = origin.context or "", Part("", {})
    try:
        with _complaints() as complaints:
            if origin.files is None:
                config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call] # theirs
                choose_proxy(configuration, None)
                return _checked(origin, configuration), "in-cluster"
            kubeconfig = read_files(origin.files)
            active = active or str(kubeconfig["current-context"])
            cluster, user = cluster_and_user(kubeconfig, active)
            refuse(origin.words, user)
            _load(kubeconfig, active, configuration)
            _follow_token(configuration, user)
            choose_proxy(configuration, cluster.fields.get("proxy-url"))
    except KubeconfigError:
        raise
    except Exception as error:  # noqa: BLE001 - the loader lets any error of a malformed file through
        raise KubeconfigError(f"{origin.words}: {former_login(user) or _words(error, active)}") from None
    if complaints and not configuration.api_key and not configuration.cert_file:
        raise Unauthorized(
            f"{origin.words}: its credential plug-in gave no credentials ({'; '.join(complaints)}); "
            "run the command in its exec section by hand, and log in or install it"
        )
    pause = PLUG_IN_PAUSE_SECONDS if user.fields.get("exec") else 0.0
    return _checked(origin, configuration, pause), active


def _load(kubeconfig: dict[str, Any], context: str, configuration: "Configuration") -> None:
    from kubernetes.config import load_kube_config_from_dict

    load: Callable[..., None] = load_kube_config_from_dict
    # The kubeconfig is the user's: refreshed tokens are not written back to it.
    load(kubeconfig, context=context, client_configuration=configuration, persist_config=False)


def _follow_token(configuration: "Configuration", user: Part) -> None:
    if name := user.fields.get("tokenFile"):
        token = TokenFile(Path(name))
        token.give_to(configuration)
        configuration.refresh_api_key_hook = token.give_to  # type: ignore[assignment] # theirs is None


def current_token(configuration: "Configuration", seconds: float = CREDENTIAL_SECONDS) -> str | None:
    """Return the Authorization header of this moment, or None (client certificate, anonymous).

    The client reads a service account's token file again every minute, and runs the exec plug-in again when its
    credential has run out. Raises Unauthorized when that fails, OutOfTime when it takes more than ``seconds``.
    """
    if configuration.refresh_api_key_hook is None:
        return _token(configuration)
    return _within(seconds, "the credential plug-in", lambda: _token(configuration))


def _token(configuration: "Configuration") -> str | None:
    with _complaints() as complaints:
        try:
            found: str | None = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        except Exception as error:  # noqa: BLE001 - what the refreshing hook lets through is not documented
            said = "; ".join([*complaints, " ".join(str(error).split())])
            raise Unauthorized(f"the credentials cannot be renewed ({said}); log in again") from None
    return found


def _checked(origin: Origin, configuration: "Configuration", pause: float = 0.0) -> "Configuration":
    try:
        _mend(configuration)
    except ValueError as reason:
        told = mask_text(str(reason))
        raise KubeconfigError(
            f"{origin.words}: the proxy's address, its own or of HTTPS_PROXY, is none: {told}"
        ) from None
    if not is_address(configuration.host):
        raise KubeconfigError(
            f"{origin.words}: server {configuration.host!r} is no address; write it as https://HOST:PORT"
        )
    renew = configuration.refresh_api_key_hook
    if renew is not None:
        next_time = time.monotonic() + pause

        def renew_and_mend(renewed: "Configuration") -> None:
            nonlocal next_time
            if time.monotonic() < next_time:
                return
            next_time = time.monotonic() + pause
            # With the credentials the client takes the whole context anew, this hook included.
            renew(renewed)
            _mend(renewed)
            renewed.refresh_api_key_hook = renew_and_mend

        configuration.refresh_api_key_hook = renew_and_mend
    return configuration


def _mend(configuration: "Configuration") -> None:
    """Take the login out of the server's address, from where it would be shown, and ask proxies as kubectl does.

    kubectl sends such a login (RFC 7617) where there are no other credentials, and so does a run.
    """
    scheme, login, server = _parted(configuration.host)
    configuration.host = f"{scheme}{server}"
    if login and not {"BearerToken", "authorization"} & set(configuration.api_key):
        configuration.api_key["BearerToken"] = f"Basic {base64.b64encode(unquote(login).encode()).decode('ascii')}"
    # A name behind the proxy is often known there only; kubectl leaves it to the proxy under this scheme too.
    if configuration.proxy and configuration.proxy.startswith("socks5://"):
        configuration.proxy = configuration.proxy.replace("socks5", "socks5h", 1)
    log_in_to_proxy(configuration)


def _parted(address: str) -> tuple[str, str, str]:
    """Return scheme, login and the rest of an address."""
    scheme, slashes, rest = address.partition("://")
    login, _, server = (rest if slashes else address).rpartition("@")
    return (f"{scheme}{slashes}" if slashes else ""), login, server


def _words(error: Exception, context: str) -> str:
    """Say what is wrong with the file, without a word of its contents beyond keys and names."""
    import yaml

    said = " ".join(str(error).split())
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"is not valid YAML at line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    if context and "Expected object with name" in said and said.endswith("/contexts list"):
        return f"has no context {context!r}; `kubectl config get-contexts` lists those it has"
    if not context and ("Expected key current-context" in said or said.endswith("/contexts list")):
        return "has no current context; choose one by --context"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or said}"
    if type(error).__name__ == "ConfigException":
        return said.removeprefix("Invalid kube-config file. ")
    return f"is not a kubeconfig ({type(error).__name__}: {said[:200]})"


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what the client's loader only logs: that the exec plug-in failed."""
    heard: list[str] = []

    def hear(record: logging.LogRecord) -> bool:
        if Path(record.pathname).name != "kube_config.py":
            return True
        said = " ".join(record.getMessage().split())
        heard.append(_SAID_ABOVE if said == _RIDDLE else mask_text(said[:500]))
        return False

    root = logging.getLogger()
    # Without a handler, logging.error() would install one that writes to the terminal for the rest of the run.
    silent = logging.NullHandler()
    root.addHandler(silent)
    root.addFilter(hear)
    try:
        yield heard
    finally:
        root.removeFilter(hear)
        root.removeHandler(silent)
