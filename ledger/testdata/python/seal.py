"""Opening of sealed bodies: CRYPTO.md, "Sealing"."""

import hmac
from dataclasses import dataclass
from hashlib import sha256, sha512

import aesgcm
import xwing
from wire import Malformed, Reader, hash_of, need

SUITE = 1
MAX_BODY, MAX_GRANTS, CHUNK = 262_144, 128, 16_384


def padded(n):
    """How long a text of n bytes is made, its length in front of it included."""
    if n <= 1024:
        return 1024
    e = n.bit_length() - 1
    step = 1 << e - e.bit_length()
    return (n + step - 1) // step * step


def tuple_of(*fields):
    return b"".join(len(f).to_bytes(4, "big") + f for f in fields)


def expand(hash, key, info, n):
    """HKDF-Expand (RFC 5869)."""
    out, last = b"", b""
    for i in range(1, 256):
        if len(out) >= n:
            break
        last = hmac.digest(key, last + info + bytes([i]), hash)
        out += last
    return out[:n]


def is_sealed_size(n, most=1 << 62):
    """Whether padding and sealing make something of this length."""
    chunks = (n - 56) // (CHUNK + 16) + 1
    text = n - 56 - 16 * chunks
    return 1024 <= text <= most and text // CHUNK + 1 == chunks and padded(text) == text


def open_chunks(sealed, content_key, context):
    """The text, or None where the key is not the one of these bytes."""
    salt, commitment = sealed[:24], sealed[24:56]
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    keys = expand(sha512, content_key, info, 76)
    if keys[44:] != commitment:
        return None
    text, nonce = b"", int.from_bytes(keys[32:44], "big")
    for i in range(0, (len(sealed) - 56) // (CHUNK + 16) + 1):
        at = 56 + i * (CHUNK + 16)
        chunk = aesgcm.open_sealed(keys[:32], (nonce ^ i).to_bytes(12, "big"), sealed[at : at + CHUNK + 16])
        if chunk is None:
            return None
        text += chunk
    n = int.from_bytes(text[:4], "big")
    if len(text) != padded(4 + n) or any(text[4 + n :]):
        return None
    return text[4 : 4 + n]


MAX_ATTACHMENT = 67_108_864
MAX_PADDED_ATTACHMENT = padded(4 + MAX_ATTACHMENT)


def open_attachment(sealed, ledger, author, attachment_id, content_key):
    """The file that is sealed as an attachment, or None."""
    need(is_sealed_size(len(sealed), MAX_PADDED_ATTACHMENT), "not the size of an attachment")
    context = tuple_of(b"comity/v1/attachment", bytes([SUITE]), ledger, author, attachment_id)
    text = open_chunks(sealed, content_key, context)
    return text if text is not None and len(text) <= MAX_ATTACHMENT else None


@dataclass(frozen=True)
class Part:
    compartment: int
    id: bytes
    sealed: bytes

    def open(self, ledger, author, content_key):
        """The text, or None where the key is not the one of the part."""
        context = tuple_of(b"comity/v1/part", bytes([SUITE]), ledger, author, bytes([self.compartment]), self.id)
        return open_chunks(self.sealed, content_key, context)


@dataclass(frozen=True)
class Grant:
    compartment: int
    enc: bytes
    sealed: bytes

    def open(self, seed, info):
        """The content key, if the grant is for this key: single-shot HPKE (RFC 9180)."""
        suite = b"HPKE\x64\x7a\x00\x01\x00\x02"

        def extract(salt, label, ikm):
            return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, sha256)

        def labeled(key, label, info, n):
            return expand(sha256, key, n.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, n)

        context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
        secret = extract(xwing.decapsulate(seed, self.enc), b"secret", b"")
        key, nonce = labeled(secret, b"key", context, 32), labeled(secret, b"base_nonce", context, 12)
        return aesgcm.open_sealed(key, nonce, self.sealed)


def read_grants(r, most):
    grants = [Grant(r.number(8, 3), r.take(1120), r.take(48)) for _ in range(r.number(16, most))]
    need(all(g.compartment for g in grants), "no such compartment")
    return grants


@dataclass(frozen=True)
class Body:
    parts: tuple
    grants: tuple

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_BODY, "the body is too long")
        r = Reader(b)
        need(r.number(8) == SUITE, "no such suite")
        parts = []
        for _ in range(r.number(8, 3)):
            part = Part(r.number(8, 3), r.take(16), r.vector(32, 0, MAX_BODY))
            need(part.compartment > (parts[-1].compartment if parts else 0), "the parts do not ascend")
            need(part.id not in [p.id for p in parts], "a part id twice")
            need(is_sealed_size(len(part.sealed)), "not the size of a part")
            parts.append(part)
        need(parts, "no parts")
        grants = read_grants(r, 3 * MAX_GRANTS)
        r.end()
        compartments = [g.compartment for g in grants]
        need(compartments == sorted(compartments), "the grants do not stand in the order of the parts")
        need(set(compartments) == {p.compartment for p in parts}, "grants of no part, or a part without")
        need(all(power_of_two(compartments.count(c)) for c in compartments), "not a power of two")
        return Body(tuple(parts), tuple(grants))

    def open(self, ledger, author, seeds, granter=None, grants=None):
        """(compartment, part id, text) of what opens; seeds are those of keys by compartment."""
        opened = []
        for part in self.parts:
            info = tuple_of(b"comity/v1/grant", bytes([SUITE]), ledger, author, granter or author, part.id,
                            hash_of(part.sealed))
            found = set()
            for g in self.grants if grants is None else grants:
                for seed in seeds.get(part.compartment, ()) if g.compartment == part.compartment else ():
                    key = g.open(seed, info)
                    text = part.open(ledger, author, key) if key is not None else None
                    if text is not None:
                        found.add((key, text))
            if len(found) == 1:
                opened.append((part.compartment, part.id, found.pop()[1]))
        return opened


def parse_reshare(b):
    """The grants of the body of a grant statement."""
    r = Reader(b)
    need(r.number(8) == SUITE, "no such suite")
    grants = read_grants(r, MAX_GRANTS)
    r.end()
    need(power_of_two(len(grants)) and len({g.compartment for g in grants}) == 1, "not the grants of one part")
    return grants


def power_of_two(n):
    return 1 <= n <= MAX_GRANTS and n & (n - 1) == 0


def seed_of(text):
    """The seed of a key in age's text form: Bech32 (BIP 173) without its limit of length."""
    letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    prefix, _, data = text.lower().rpartition("1")
    need(text == text.upper() and prefix == "age-secret-key-pq-" and all(c in letters for c in data), "not a key")
    values = [letters.index(c) for c in data]
    check = 1
    for v in [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ v
        for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= g if top >> i & 1 else 0
    need(check == 1 and len(values) == 58, "not a key")
    whole = 0
    for v in values[:-6]:
        whole = whole << 5 | v
    if whole & 15:
        raise Malformed("not a key")
    return (whole >> 4).to_bytes(32, "big")
