"""Values that name a secret elsewhere, which a webhook's program fetches before it starts the container's own."""

import re
from typing import Final

_NAMED: Final = re.compile(
    r"(?:>>)?(?:vault|bao):[^\s#]+#\S+"  # https://bank-vaults.dev/docs/mutating-webhook/configuration/
    r"|(?:sm|berglas)://\S+"  # https://github.com/GoogleCloudPlatform/berglas/blob/main/doc/reference-syntax.md
    r"|op://\S+"  # https://github.com/1Password/kubernetes-secrets-injector
    r"|[A-Za-z0-9-]+@azurekeyvault(?:\?\S*)?"  # https://akv2k8s.io/tutorials/env-injection/1-secret/
)


def is_fetched(value: str) -> bool:
    """Tell whether what is written is only where the value is kept, so that it says nothing of the value itself."""
    return _NAMED.fullmatch(value.strip()) is not None
