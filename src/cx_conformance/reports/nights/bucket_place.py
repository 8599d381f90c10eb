"""Where in an S3 server something lies: ``s3://bucket/prefix``."""

from urllib.parse import urlsplit

from msgspec import Struct


class Place(Struct, frozen=True):
    """A bucket and the prefix below which everything lies; the prefix ends with ``/`` or is empty."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read ``s3://bucket/prefix``; ValueError where it is none."""
        parts = urlsplit(text)
        if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError
        prefix = parts.path.strip("/")
        return cls(parts.netloc, f"{prefix}/" if prefix else "")

    def below(self, name: str) -> "Place":
        """Return the place of that name below this one."""
        return Place(self.bucket, f"{self.prefix}{name.strip('/')}/")

    def __str__(self) -> str:
        """Return it as it is written on a command line."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")
