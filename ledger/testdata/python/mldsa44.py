"""ML-DSA-44 verification as FIPS 204 has it, with an empty context.

The numbers of algorithms are those of FIPS 204.
"""

from functools import lru_cache
from hashlib import shake_128, shake_256

Q = 8380417
N = 256
ROWS = 4  # the k of FIPS 204
COLUMNS = 4  # the l of FIPS 204
DROPPED = 13  # d: bits dropped from t
TAU = 39
GAMMA1 = 1 << 17
GAMMA2 = (Q - 1) // 88
BETA = 78
OMEGA = 80
PUBLIC_SIZE = 32 + 320 * ROWS
SIGNATURE_SIZE = 32 + 576 * COLUMNS + OMEGA + ROWS


def bit_reversed(i):
    return int(f"{i:08b}"[::-1], 2)


ZETAS = [pow(1753, bit_reversed(i), Q) for i in range(N)]


def ntt(polynomial):
    """Algorithm 41."""
    w = list(polynomial)
    m, length = 0, 128
    while length:
        for start in range(0, N, 2 * length):
            m += 1
            z = ZETAS[m]
            for j in range(start, start + length):
                t = z * w[j + length] % Q
                w[j + length] = w[j] - t
                w[j] += t
        length >>= 1
    return [c % Q for c in w]


def inverse_ntt(values):
    """Algorithm 42."""
    w = list(values)
    m, length = N, 1
    while length < N:
        for start in range(0, N, 2 * length):
            m -= 1
            z = Q - ZETAS[m]
            for j in range(start, start + length):
                t = w[j]
                w[j] = t + w[j + length]
                w[j + length] = z * (t - w[j + length]) % Q
        length <<= 1
    return [c * 8347681 % Q for c in w]


def rejection_sampled(seed):
    """RejNTTPoly, algorithm 30: three bytes are one number of 23 bits, kept below q."""
    size = 1024
    while True:
        b = shake_128(seed).digest(size - size % 3)
        found = []
        for i in range(0, len(b), 3):
            c = b[i] | b[i + 1] << 8 | (b[i + 2] & 127) << 16
            if c < Q:
                found.append(c)
                if len(found) == N:
                    return found
        size *= 2


def unpack(b, bits):
    """Little-endian numbers of some bits each, the inverse of SimpleBitPack."""
    whole, mask = int.from_bytes(b, "little"), (1 << bits) - 1
    return [whole >> i & mask for i in range(0, 8 * len(b), bits)]


def pack(numbers, bits):
    whole = 0
    for c in reversed(numbers):
        whole = whole << bits | c
    return whole.to_bytes(len(numbers) * bits // 8, "little")


def sample_in_ball(seed):
    """Algorithm 29: tau coefficients of 1 or -1."""
    stream = shake_256(seed).digest(1024)
    signs = int.from_bytes(stream[:8], "little")
    c, at = [0] * N, 8
    for i in range(N - TAU, N):
        while stream[at] > i:
            at += 1
        j = stream[at]
        at += 1
        c[i] = c[j]
        c[j] = -1 if signs & 1 else 1
        signs >>= 1
    return c


def hints(b):
    """HintBitUnpack, algorithm 21: sets of positions, or None if it is not the one encoding."""
    found, begin = [], 0
    for i in range(ROWS):
        end = b[OMEGA + i]
        if not begin <= end <= OMEGA:
            return None
        row = list(b[begin:end])
        if any(x >= y for x, y in zip(row, row[1:])):
            return None
        found.append(set(row))
        begin = end
    return None if any(b[begin:OMEGA]) else found


def use_hint(hint, r):
    """Algorithm 40, over Decompose, algorithm 36."""
    low = r % (2 * GAMMA2)
    if low > GAMMA2:
        low -= 2 * GAMMA2
    if r - low == Q - 1:
        high, low = 0, low - 1
    else:
        high = (r - low) // (2 * GAMMA2)
    if hint:
        high += 1 if low > 0 else -1
    return high % 44


@lru_cache(maxsize=64)
def expanded(public):
    """What a public key alone gives: A and t1 * 2^d in NTT form, and its hash."""
    a = [[rejection_sampled(public[:32] + bytes([s, r])) for s in range(COLUMNS)] for r in range(ROWS)]
    t1 = [unpack(public[32 + 320 * i : 352 + 320 * i], 10) for i in range(ROWS)]
    t = [ntt([c << DROPPED for c in row]) for row in t1]
    return a, t, shake_256(public).digest(64)


@lru_cache(maxsize=1 << 14)
def verify(public, message, signature):
    """Algorithms 3 and 8."""
    if len(public) != PUBLIC_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    a, t, hashed = expanded(bytes(public))
    seed = signature[:32]
    z = []
    for i in range(COLUMNS):
        row = [GAMMA1 - c for c in unpack(signature[32 + 576 * i : 608 + 576 * i], 18)]
        if max(map(abs, row)) >= GAMMA1 - BETA:
            return False
        z.append(ntt(row))
    h = hints(signature[32 + 576 * COLUMNS :])
    if h is None:
        return False
    mu = shake_256(hashed + b"\0\0" + message).digest(64)
    c = ntt(sample_in_ball(seed))
    encoded = b""
    for r in range(ROWS):
        sums = [-x * y for x, y in zip(c, t[r])]
        for s in range(COLUMNS):
            sums = [total + x * y for total, x, y in zip(sums, a[r][s], z[s])]
        w = inverse_ntt([x % Q for x in sums])
        encoded += pack([use_hint(i in h[r], x) for i, x in enumerate(w)], 6)
    return shake_256(mu + encoded).digest(32) == seed
