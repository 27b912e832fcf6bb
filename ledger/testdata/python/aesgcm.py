"""AES-256-GCM, decryption only (FIPS 197, SP 800-38D). Slow, and not in constant time."""

import hmac


def _double(x):
    return x << 1 ^ (0x11B if x & 0x80 else 0)


def _sbox():
    """FIPS 197, section 5.1.1, by way of the powers of 3."""
    powers, x = [], 1
    for _ in range(255):
        powers.append(x)
        x ^= _double(x)
    box = [0x63] * 256
    for i, p in enumerate(powers):
        b = powers[-i % 255]  # the inverse of p
        b |= b << 8
        box[p] = (b ^ b >> 4 ^ b >> 5 ^ b >> 6 ^ b >> 7) & 0xFF ^ 0x63
    return box


SBOX = _sbox()


def expand(key):
    """The 15 round keys, of 16 bytes each."""
    words, constant = [list(key[i : i + 4]) for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        w = words[-1]
        if i % 8 == 0:
            w = [SBOX[b] for b in w[1:] + w[:1]]
            w[0] ^= constant
            constant = _double(constant)
        elif i % 8 == 4:
            w = [SBOX[b] for b in w]
        words.append([a ^ b for a, b in zip(words[i - 8], w)])
    return [sum(words[i : i + 4], []) for i in range(0, 60, 4)]


def encrypt_block(round_keys, block):
    s = [a ^ b for a, b in zip(block, round_keys[0])]
    for n, k in enumerate(round_keys[1:], 1):
        s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if n < 14:
            mixed = []
            for c in range(0, 16, 4):
                every = s[c] ^ s[c + 1] ^ s[c + 2] ^ s[c + 3]
                mixed += [s[c + i] ^ every ^ _double(s[c + i] ^ s[c + (i + 1) % 4]) for i in range(4)]
            s = mixed
        s = [a ^ b for a, b in zip(s, k)]
    return bytes(s)


def multiply(x, y):
    """In GF(2^128) as GCM writes it, the highest bit first."""
    z = 0
    for i in range(127, -1, -1):
        if x >> i & 1:
            z ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return z


def open_sealed(key, nonce, sealed):
    """The plaintext, without additional data, or None."""
    if len(sealed) < 16:
        return None
    text, tag = sealed[:-16], sealed[-16:]
    keys = expand(key)
    h, y = int.from_bytes(encrypt_block(keys, bytes(16)), "big"), 0
    for i in range(0, len(text), 16):
        y = multiply(y ^ int.from_bytes(text[i : i + 16].ljust(16, b"\0"), "big"), h)
    y = multiply(y ^ 8 * len(text), h)
    mask = int.from_bytes(encrypt_block(keys, nonce + b"\0\0\0\1"), "big")
    if not hmac.compare_digest((y ^ mask).to_bytes(16, "big"), tag):
        return None
    stream = b"".join(encrypt_block(keys, nonce + (2 + i).to_bytes(4, "big")) for i in range((len(text) + 15) // 16))
    return bytes(a ^ b for a, b in zip(text, stream))
