"""A folder of an S3 bucket as a warehouse needs it: whole objects, and two ways to put one that only one may have.

obstore does the talking. It reads `AWS_…` from the environment, tries again what may pass, and has S3 compare the
SHA-256 of what arrives.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flows.failures import StoreLostError
from flows.files import sha256_of, written_whole
from schemas.faults import Fault, InputRefusedError

CONNECT_SECONDS, REQUEST_SECONDS, RETRY_SECONDS = 5, 300, 60
_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9][A-Za-z0-9._=-]*)*)")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_REFUSED_BY_STORE = ("UnauthenticatedError", "PermissionDeniedError")


class Stored(NamedTuple):
    """An object's bytes, and the tag that it had then."""

    content: bytes
    e_tag: str


def _obstore() -> Any:  # noqa: ANN401 - its stubs need its own types
    """The library. Raises InputRefusedError where it is not installed."""
    try:
        return importlib.import_module("obstore")
    except ImportError as error:
        remedy = "install it: pip install 'tollbook[s3]', or name a folder"
        raise InputRefusedError(Fault("--warehouse", "obstore is not installed, which s3:// needs", remedy)) from error


def bucket_and_prefix(url: str) -> tuple[str, str]:
    """`s3://bucket/a/b` as `bucket` and `a/b`. Raises InputRefusedError."""
    found = _URL.fullmatch(url)
    if found is None:
        raise InputRefusedError(Fault(url, "this is no place in an S3 bucket", "write it as s3://bucket/folder"))
    return found[1], found[2].removeprefix("/")


def endpoint() -> str:
    """Where the environment says that S3 is; empty for Amazon's own."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""


def _is_plain_http() -> bool:
    """Whether what is put goes unencrypted. Raises InputRefusedError where others could read it on its way."""
    place = urlsplit(endpoint())
    if place.scheme != "http":
        return False
    if place.hostname not in _LOOPBACK and os.environ.get("AWS_ALLOW_HTTP", "").lower() != "true":
        problem = "call details would cross the network unencrypted"
        remedy = "use https://, or set AWS_ALLOW_HTTP=true where the network is yours alone"
        raise InputRefusedError(Fault("AWS_ENDPOINT_URL", problem, remedy, value=endpoint()))
    return True


class ObjectStore:
    """The objects under one `s3://bucket/prefix`, by their names below it. Raises StoreLostError in mid-run."""

    def __init__(self, url: str, tries_again: int = 5) -> None:
        self.url = url
        self._library = _obstore()
        bucket, prefix = bucket_and_prefix(url)
        options: dict[str, Any] = {"connect_timeout": f"{CONNECT_SECONDS}s", "timeout": f"{REQUEST_SECONDS}s"}
        options |= {"allow_http": "true"} if _is_plain_http() else {}
        self._store = self._library.store.S3Store(
            bucket,
            prefix=prefix or None,
            config={"checksum_algorithm": "SHA256", **({"endpoint": endpoint()} if endpoint() else {})},
            client_options=options,
            retry_config={"max_retries": tries_again, "retry_timeout": dt.timedelta(seconds=RETRY_SECONDS)},
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the store or the network says, as a sentence. A missing object is FileNotFoundError."""
        try:
            yield
        except (FileNotFoundError, self._library.exceptions.BaseError) as error:
            if "NoSuchBucket" in str(error):
                raise StoreLostError(f"{self.url}: there is no such bucket; make it, or name another") from error
            if isinstance(error, FileNotFoundError):
                raise
            if type(error).__name__ in _REFUSED_BY_STORE:
                problem = "the store refuses these credentials; they need to get, put, list and delete objects there"
            else:
                problem = f"the store cannot be reached, or credentials are missing ({_first_sentence(error)})"
            remedy = "look at AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            raise StoreLostError(f"{self.url}: {problem}; {remedy}") from error

    def get(self, name: str) -> Stored | None:
        """The object; None where there is none."""
        try:
            with self._told():
                found = self._store.get(name)
                return Stored(bytes(found.bytes()), str(found.meta["e_tag"]))
        except FileNotFoundError:
            return None

    def fetch(self, name: str, target: Path, sha256: str) -> None:
        """The object as a file, whole or not there. Raises StoreLostError where it is gone or has other bytes."""
        with written_whole(target) as partial:
            try:
                with self._told(), partial.open("wb") as stream:
                    for part in self._store.get(name):
                        stream.write(part)
            except FileNotFoundError as error:
                raise StoreLostError(f"{self.url}/{name}: is gone; restore it from a version or a copy") from error
            if sha256_of(partial) != sha256:
                raise StoreLostError(f"{self.url}/{name}: has other bytes than were put; restore it from a copy")

    def put(self, name: str, content: bytes | Path) -> None:
        """The object, whole or as before."""
        with self._told():
            self._store.put(name, content)

    def put_new(self, name: str, content: bytes) -> bool:
        """The object where there was none; whether that was so. Of several who try at once one is told yes."""
        return self._put_on_condition(name, content, "create")

    def put_over(self, name: str, content: bytes, e_tag: str | None) -> bool:
        """The object in place of the one that had this tag (None: of none); whether it still had it."""
        return self._put_on_condition(name, content, "create" if e_tag is None else {"e_tag": e_tag})

    def _put_on_condition(self, name: str, content: bytes, mode: Any) -> bool:  # noqa: ANN401
        met = (self._library.exceptions.AlreadyExistsError, self._library.exceptions.PreconditionError)
        with self._told():
            try:
                self._store.put(name, content, mode=mode)
            except met:  # a put that was tried again may have met itself
                found = self.get(name)
                return found is not None and found.content == content
        return True

    def sizes(self, prefix: str) -> dict[str, int]:
        """Name and bytes of every object under the prefix."""
        with self._told():
            return {found["path"]: found["size"] for part in self._store.list(prefix) for found in part}

    def delete(self, names: list[str]) -> None:
        """The objects are gone, if they were there."""
        if names:
            with self._told():
                self._store.delete(names)


def _first_sentence(error: Exception) -> str:
    text = str(error).split("Debug source:")[0]
    return " ".join(text.split())[:200].rstrip(" .:")


@contextmanager
def nothing_changed_yet() -> Iterator[None]:
    """Before a run begins, a store that cannot be used refuses it: InputRefusedError in place of StoreLostError."""
    try:
        yield
    except StoreLostError as error:
        where, _, rest = str(error).partition(": ")
        problem, _, remedy = rest.partition("; ")
        raise InputRefusedError(Fault(where, problem, remedy)) from error


def connected(url: str) -> ObjectStore:
    """The store, which answers. Raises InputRefusedError where it does not, or there is no such bucket."""
    with nothing_changed_yet():
        ObjectStore(url, tries_again=1).get("state.json")
    return ObjectStore(url)


def sha256_of_bytes(content: bytes) -> str:
    """SHA-256 of the bytes, in hex."""
    return hashlib.sha256(content).hexdigest()
