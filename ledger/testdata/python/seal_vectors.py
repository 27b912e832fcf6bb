"""The vectors of sealed bodies; their form is in crypto/seal/testdata/vectors/README.md."""

from hashlib import sha256

import seal
from statement import COMPARTMENTS
from wire import Malformed

NUMBERS = {name: number for number, name in COMPARTMENTS.items()}


def check(path):
    """Why the vector does not come to what it must, or "" if it does."""
    given, keys, want, blocks = {}, {}, [], {}
    with open(path, encoding="utf-8") as f:
        for line in f.read().split("\n"):
            word, _, value = line.partition(" ")
            if line.startswith("  "):
                blocks[block] += bytes.fromhex(line)
            elif word in ("body", "grants"):
                block, blocks[word] = word, b""
            elif word == "identity":
                compartment, key = value.split()
                keys.setdefault(NUMBERS[compartment], []).append(seal.seed_of(key))
            elif word == "attachment":
                given[word] = [bytes.fromhex(x) for x in value.split()]
            elif word == "opens":
                want.append(value)
            elif word in ("ledger", "author", "granter"):
                given[word] = bytes.fromhex(value)
            elif word == "result":
                given[word] = value
            elif line and not line.startswith("#"):
                raise ValueError(f"{path}: no such line: {line}")
    if "attachment" in given:
        return attachment(blocks["body"], given, want)
    try:
        body = seal.Body.parse(blocks["body"])
        grants = seal.parse_reshare(blocks["grants"]) if "grants" in blocks else None
        opened = body.open(given["ledger"], given["author"], keys, given.get("granter"), grants)
        result = "opens" if opened else "nothing"
    except Malformed:
        result, opened = "malformed", []
    shows = [f'{COMPARTMENTS[c]} {i.hex()} "{text.decode()}"' for c, i, text in opened]
    if (result, shows) != (given["result"], want):
        return f"{result} {shows}, want {given['result']} {want}"
    return ""


def attachment(sealed, given, want):
    name, key = given["attachment"]
    try:
        text = seal.open_attachment(sealed, given["ledger"], given["author"], name, key)
        result = "nothing" if text is None else "opens"
    except Malformed:
        result, text = "malformed", None
    shows = [] if text is None else [f"attachment {name.hex()} {sha256(text).hexdigest()}"]
    if (result, shows) != (given["result"], want):
        return f"{result} {shows}, want {given['result']} {want}"
    return ""
