"""Bytes of other encodings as UTF-8, piece by piece; what cannot be decoded stays to be seen in its row."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

UTF_8 = "utf-8"
_NO_CHARACTER = b"\xff"
"""In UTF-8 text it makes its row malformed."""


def _decoder(encoding: str, first: bytes) -> tuple[codecs.IncrementalDecoder, str]:
    """Decodes the encoding, and how it tells what it cannot decode. UTF-16 without a BOM is little-endian."""
    if encoding != "utf-16":
        return codecs.getincrementaldecoder(encoding)(errors="surrogateescape"), "surrogateescape"
    order = "utf-16-be" if first.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
    return codecs.getincrementaldecoder(order)(errors="surrogatepass"), "surrogatepass"


def as_utf_8(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The pieces as UTF-8; bytes that are no character of the encoding become bytes that are none of UTF-8."""
    decoder, errors = None, ""
    for piece in pieces:
        if decoder is None:
            decoder, errors = _decoder(encoding, piece)
        yield decoder.decode(piece).encode(UTF_8, errors)
    if decoder is not None and decoder.getstate()[0]:
        yield _NO_CHARACTER
