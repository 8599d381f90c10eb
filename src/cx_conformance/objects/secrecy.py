"""What of a configuration must not be shown: values of secret-looking keys, passwords in addresses and in lines.

The masking happens while records are read, so that no record, message, saved snapshot or report can hold the value.
"""

import re
from functools import lru_cache

MASK = "(left out: looks secret)"

# Words as the components' configurations write them: MONGODB_PASSWORD, redisPassword, access-key, S3_SECRET_KEY, pwd.
_WORDS = (
    r"pass(?:word|wd|phrase|code)?|passw|pwd|secret|token|credentials?|creds?|api[-_.]?key|access[-_.]?key|"
    r"secret[-_.]?key|private[-_.]?key|encryption[-_.]?key|signing[-_.]?key|auth[-_.]?key|bearer|requirepass|masterauth"
)
_SECRET_KEY = re.compile(
    rf"(?:^|[^a-z])(?:{_WORDS})s?(?:$|[^a-z])|(?:password|passwd|secret|token|apikey|requirepass|credential)",
    re.IGNORECASE,
)
# Keys that name where a secret is or how it is asked for, not the secret itself.
_NAMES_ONLY = re.compile(
    r"(?:name|path|file|dir|url|uri|endpoint|issuer|type|length|ttl|expiry|expiration|expires(?:_in)?|enabled|policy|"
    r"timeout|lifespan|lifetime|validity|ref)$",
    re.IGNORECASE,
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# scheme://user:password@host; bounded, so that a megabyte of text costs a linear scan.
_USERINFO = re.compile(r"(://[^/\s:@'\"]{0,256}):[^/\s@'\"]{1,512}@")
# One line of a properties file, an environment file, YAML or JSON, or one flag of a command line.
_ASSIGNMENT = re.compile(
    r"""(?<![A-Za-z0-9_.\-])(?P<key>[A-Za-z0-9_.\-]{1,128})(?P<sep>["']?[ \t]{0,8}[:=][ \t]{0,8})"""
    r"""(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s,;&}"'\n]+)"""
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


@lru_cache(maxsize=4096)
def looks_secret(key: str) -> bool:
    """Whether a key (environment variable, ConfigMap key, property, flag) names a secret value."""
    spread = _HUMP.sub("_", key)
    return bool(_SECRET_KEY.search(spread)) and not _NAMES_ONLY.search(spread)


def mask_text(written: str) -> str:
    """Return ``written`` without passwords in addresses, values of secret-looking keys, and private keys."""
    if "PRIVATE KEY" in written:
        written = _PRIVATE_KEY.sub(MASK, written)
    if "://" in written:
        written = _USERINFO.sub(rf"\1:{MASK}@", written)
    if "=" in written or ":" in written:
        written = _ASSIGNMENT.sub(_mask_assignment, written)
    return written


def mask_line(said: str) -> str:
    """Return what a part of the cluster said, masked, on one line of bearable length."""
    return mask_text(" ".join(said[:2000].split()))[:500]


def _mask_assignment(found: re.Match[str]) -> str:
    if not looks_secret(found["key"]) or found["value"].startswith(("(left", "//")):
        return found[0]
    return f"{found['key']}{found['sep']}{MASK}"


def mask_value(key: str, value: str) -> str:
    """Return ``value`` as it may be shown under ``key``; an empty value stays empty, for that is a finding."""
    if value and looks_secret(key):
        return MASK
    return mask_text(value)


def mask_arguments(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return a command line without the values of secret-looking flags (``--requirepass x``, ``--password=x``)."""
    shown: list[str] = []
    after_secret_flag = False
    for argument in arguments:
        if after_secret_flag and not argument.startswith("-"):
            shown.append(MASK)
            after_secret_flag = False
            continue
        shown.append(mask_text(argument))
        after_secret_flag = argument.startswith("-") and "=" not in argument and looks_secret(argument)
    return tuple(shown)
