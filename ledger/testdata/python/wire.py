"""Strict reading of bytes: the conventions and bounds of FORMAT.md."""

import base64
import binascii
import re
from hashlib import sha256

MAX_INDEX = 2**62 - 1
MAX_SECONDS = 253_402_300_799
MAX_MILLISECONDS = 253_402_300_799_999
MAX_DAY = 2_932_896

ZERO = bytes(32)


class Unacceptable(Exception):
    """Why something does not count; outcome is a word of testdata/vectors/README.md."""

    outcome = "refused"


class Malformed(Unacceptable):
    outcome = "malformed"


class Unknown(Malformed):
    """Of a version, class or change that is not known here."""


class Refused(Unacceptable):
    pass


class OldCharter(Refused):
    """It may be right, by a later epoch than the charter file knows."""


class Later(Refused):
    """Of a format that this verifier does not know: nothing can be told about it."""


class NoQuorum(Unacceptable):
    outcome = "quorum"


class NotIncluded(Unacceptable):
    outcome = "not-included"


class Cut(Unacceptable):
    """A checkpoint was FINAL, and a recovery has cut the ledger below it."""

    outcome = "cut"

    def __init__(self, epoch, checkpoint, cosigners):
        super().__init__(f"checkpoint {checkpoint.size} was FINAL, and was cut: by the recovery that began epoch "
                         f"{epoch.number} the ledger went on from entry {epoch.start - 1}")
        self.epoch, self.checkpoint, self.cosigners = epoch, checkpoint, cosigners


class OtherLedger(Unacceptable):
    outcome = "other-ledger"


def need(condition, why):
    if not condition:
        raise Malformed(why)


def hash_of(*parts):
    return sha256(b"".join(parts)).digest()


class Reader:
    """Takes bytes from the front. Whoever reads calls end when done: every byte is used."""

    def __init__(self, b):
        self._bytes, self._at = bytes(b), 0

    def take(self, n):
        b = self._bytes[self._at : self._at + n]
        need(len(b) == n, "too short")
        self._at += n
        return b

    def number(self, bits, most=None):
        v = int.from_bytes(self.take(bits // 8), "big")
        need(most is None or v <= most, "a number above its bound")
        return v

    def vector(self, bits, least=0, most=None):
        n = self.number(bits)
        need(n >= least and (most is None or n <= most), "a length out of bounds")
        return self.take(n)

    def string(self):
        return text(self.vector(8, 1))

    def left(self):
        return len(self._bytes) - self._at

    def end(self):
        need(not self.left(), "bytes behind the end")


def text(b):
    """The UTF-8 of a string of FORMAT.md, without control characters."""
    try:
        s = b.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    need(not re.search("[\x00-\x1f\x7f-\x9f]", s), "a control character")
    return s


def decimal(s, most):
    """A number without leading zeros."""
    need(re.fullmatch("0|[1-9][0-9]{0,19}", s, re.ASCII), "not a decimal number")
    need(int(s) <= most, "a number above its bound")
    return int(s)


def unbase64(s, canonical=True):
    """RFC 4648, section 4, padded. If canonical, the bits behind the end are zero."""
    try:
        b = base64.b64decode(s.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise Malformed("not base64") from None
    # b64decode takes some forms with padding where there must be none.
    need(len(s) == 4 * ((len(b) + 2) // 3), "not base64")
    need(not canonical or base64.b64encode(b).decode() == s, "base64 that is not canonical")
    return b
