"""Decapsulation of MLKEM768-X25519 (X-Wing): FIPS 203, RFC 7748, draft-connolly-cfrg-xwing-kem.

The numbers of algorithms are those of FIPS 203. Nothing here takes constant
time: it is for vectors and for whoever opens with a key of their own.
"""

from functools import lru_cache
from hashlib import sha3_256, sha3_512, shake_128, shake_256

from ed25519 import P
from mldsa44 import pack, unpack

Q, N, K = 3329, 256, 3
ZETAS = [pow(17, int(f"{i:07b}"[::-1], 2), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * int(f"{i:07b}"[::-1], 2) + 1, Q) for i in range(128)]


def ntt(f):
    """Algorithm 9."""
    f, i, length = list(f), 1, 128
    while length >= 2:
        for start in range(0, N, 2 * length):
            for j in range(start, start + length):
                t = ZETAS[i] * f[j + length] % Q
                f[j], f[j + length] = (f[j] + t) % Q, (f[j] - t) % Q
            i += 1
        length >>= 1
    return f


def inverse_ntt(f):
    """Algorithm 10."""
    f, i, length = list(f), 127, 2
    while length <= 128:
        for start in range(0, N, 2 * length):
            for j in range(start, start + length):
                f[j], f[j + length] = (f[j] + f[j + length]) % Q, ZETAS[i] * (f[j + length] - f[j]) % Q
            i -= 1
        length <<= 1
    return [c * 3303 % Q for c in f]


def dot(a, b):
    """The sum of products of polynomials in NTT form (algorithms 11 and 12)."""
    sums = [0] * N
    for x, y in zip(a, b):
        for i, gamma in enumerate(GAMMAS):
            a0, a1, b0, b1 = x[2 * i], x[2 * i + 1], y[2 * i], y[2 * i + 1]
            sums[2 * i] += a0 * b0 + a1 * b1 * gamma
            sums[2 * i + 1] += a0 * b1 + a1 * b0
    return [c % Q for c in sums]


def plus(*polynomials):
    return [sum(c) % Q for c in zip(*polynomials)]


def uniform(seed):
    """SampleNTT, algorithm 7."""
    stream, found, i = shake_128(seed).digest(1536), [], 0
    while len(found) < N:
        a = stream[i] | (stream[i + 1] & 15) << 8
        b = stream[i + 1] >> 4 | stream[i + 2] << 4
        found += [c for c in (a, b) if c < Q]
        i += 3
    return found[:N]


def small(seed, n):
    """SamplePolyCBD with eta 2, algorithm 8, of the n-th output for a seed."""
    return [(x & 1) + (x >> 1 & 1) - (x >> 2 & 1) - (x >> 3 & 1)
            for x in unpack(shake_256(seed + bytes([n])).digest(128), 4)]


def compress(f, d):
    return [((x << d) + Q // 2) // Q % (1 << d) for x in f]


def decompress(f, d):
    return [(x * Q + (1 << d - 1)) >> d for x in f]


@lru_cache(maxsize=64)
def mlkem_key(d):
    """Algorithm 13: matrix, secret in NTT form, encapsulation key."""
    rho, sigma = sha3_512(d + bytes([K])).digest()[:32], sha3_512(d + bytes([K])).digest()[32:]
    a = [[uniform(rho + bytes([j, i])) for j in range(K)] for i in range(K)]
    s = [ntt(small(sigma, i)) for i in range(K)]
    t = [plus(dot(a[i], s), ntt(small(sigma, K + i))) for i in range(K)]
    return a, s, t, b"".join(pack(p, 12) for p in t) + rho


def encrypt(a, t, m, r):
    """Algorithm 14."""
    y = [ntt(small(r, i)) for i in range(K)]
    u = [plus(inverse_ntt(dot([a[j][i] for j in range(K)], y)), small(r, K + i)) for i in range(K)]
    v = plus(inverse_ntt(dot(t, y)), small(r, 2 * K), decompress(unpack(m, 1), 1))
    return b"".join(pack(compress(p, 10), 10) for p in u) + pack(compress(v, 4), 4)


def mlkem_decapsulate(d, z, c):
    """Algorithms 15 and 18."""
    a, s, t, public = mlkem_key(d)
    u = [ntt(decompress(unpack(c[320 * i : 320 * i + 320], 10), 10)) for i in range(K)]
    w = plus(decompress(unpack(c[960:], 4), 4), [-x for x in inverse_ntt(dot(s, u))])
    m = pack(compress(w, 1), 1)
    g = sha3_512(m + sha3_256(public).digest()).digest()
    return g[:32] if encrypt(a, t, m, g[32:]) == c else shake_256(z + c).digest(32)


def x25519(scalar, u):
    """RFC 7748, section 5."""
    k = int.from_bytes(scalar, "little") & ~7 & (1 << 255) - 1 | 1 << 254
    x1 = int.from_bytes(u, "little") & (1 << 255) - 1
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for i in range(254, -1, -1):
        bit = k >> i & 1
        if bit != swap:
            x2, z2, x3, z3, swap = x3, z3, x2, z2, bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, -1, P) % P if z2 else 0).to_bytes(32, "little")


def decapsulate(seed, enc):
    """The shared secret of X-Wing for the 32-byte seed of a key."""
    expanded = shake_256(seed).digest(96)
    x = expanded[64:]
    share = enc[1088:]
    public = x25519(x, b"\x09" + bytes(31))
    secret = mlkem_decapsulate(expanded[:32], expanded[32:64], enc[:1088])
    return sha3_256(secret + x25519(x, share) + share + public + b"\\.//^\\").digest()
