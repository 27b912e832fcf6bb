"""Ed25519 as RFC 8032 has it, without cofactor, and the framing of SSHSIG.

Only verification and admission: nothing here is secret, so nothing here takes
constant time.
"""

import re
from functools import lru_cache
from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)

# A point is (X, Y, Z, T) in extended coordinates: x = X/Z, y = Y/Z, xy = T/Z.
IDENTITY = (0, 1, 1, 0)


def add(p, q):
    """RFC 8032, section 5.1.4; the formula is complete."""
    x1, y1, z1, t1 = p
    x2, y2, z2, t2 = q
    a = (y1 - x1) * (y2 - x2) % P
    b = (y1 + x1) * (y2 + x2) % P
    c = 2 * D * t1 * t2 % P
    d = 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def encode(p):
    """The 32 bytes of a point."""
    x, y, z, _ = p
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(b):
    """RFC 8032, section 5.1.3, strictly: None for what is no point or not canonical."""
    if len(b) != 32:
        return None
    y = int.from_bytes(b, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == (P - u) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def table(p):
    """The multiples j * 16^i of a point: a product is then 64 additions."""
    rows = []
    for _ in range(64):
        row = [IDENTITY]
        for _ in range(15):
            row.append(add(row[-1], p))
        rows.append(row)
        p = add(row[15], p)
    return rows


def multiply(rows, k):
    """k times the point of a table, k below 2^256."""
    p = IDENTITY
    for row in rows:
        if k & 15:
            p = add(p, row[k & 15])
        k >>= 4
    return p


BASE = table(decode(b"\x58" + b"\x66" * 31))


@lru_cache(maxsize=128)
def admitted_table(public):
    """The table of an admitted key (CRYPTO.md, "Admission"), or None."""
    p = decode(public)
    if p is None or encode(p) == encode(IDENTITY):
        return None
    rows = table(p)
    if encode(multiply(rows, L)) != encode(IDENTITY):
        return None
    return rows


def admitted(public):
    return admitted_table(bytes(public)) is not None


@lru_cache(maxsize=1 << 14)
def verify(public, message, signature):
    """Whether an admitted key signed: S < l, and [S]B = R + [k]A without cofactor."""
    rows = admitted_table(bytes(public))
    if rows is None or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    k = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % L
    return encode(add(multiply(BASE, s), multiply(rows, L - k))) == signature[:32]


def sshsig(namespace, message):
    """What an officer signs for a message (PROTOCOL.sshsig)."""

    def string(b):
        return len(b).to_bytes(4, "big") + b

    return b"SSHSIG" + string(namespace) + string(b"") + string(b"sha512") + string(sha512(message).digest())


def verify_ssh(public, namespace, message, signature):
    return re.fullmatch(rb"[!-~]{1,64}", namespace) is not None and verify(public, sshsig(namespace, message), signature)
