"""The charter of a ledger, signed by the roots of its members."""

import re
from dataclasses import dataclass

import ed25519
from statement import signing_key_id
from wire import MAX_SECONDS, Reader, Refused, hash_of, need

ED25519, MLDSA44 = 4, 6  # algorithms of cosignatures

MAX_CHARTER, MAX_GENESIS = 65_536, 131_072
FORMAT, MIN_QUOTA_BYTES = 2, 327_679

ADDRESS = re.compile(r"(?:[!-9;-Z\\^-~]+|\[[!-Z\\^-~]+\]):([1-9][0-9]{0,4})", re.ASCII)


@dataclass(frozen=True)
class Member:
    code: str
    name: str
    root: bytes
    access: bytes
    address: str
    tls: bytes
    ed25519: bytes
    mldsa44: bytes

    def node(self):
        return self.code.lower() + ".comity/n1"

    def root_id(self):
        return signing_key_id(self.root)

    def cosigner_id(self):
        """The id of the node's Ed25519 cosigning key as a signing key."""
        return signing_key_id(self.ed25519)

    def public(self, algorithm):
        return self.ed25519 if algorithm == ED25519 else self.mldsa44

    def key_id(self, algorithm):
        """The first bytes that a line of a note by this node has."""
        return hash_of(self.node().encode(), b"\n", bytes([algorithm]), self.public(algorithm))[:4]

    @staticmethod
    def read(r):
        code = r.take(2)
        need(re.fullmatch(rb"[A-Z]{2}", code), "not the code of a bureau")
        m = Member(code.decode(), r.string(), r.take(32), r.take(32), r.string(), r.take(32), r.take(32), r.take(1312))
        match = ADDRESS.fullmatch(m.address)
        need(match and int(match[1]) <= 65535, "not an address")
        need(ed25519.admitted(m.root) and ed25519.admitted(m.ed25519), "a key is not admitted")
        need(m.key_id(ED25519) != m.key_id(MLDSA44), "the key ids of a node are the same")
        return m


@dataclass(frozen=True)
class Charter:
    bytes: bytes
    name: str
    created: int
    format: int  # 0 in version 1
    entries: int  # of a bureau in a day, 0 for no limit
    volume: int  # the same in bytes
    members: tuple

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_CHARTER, "the charter is too long")
        r = Reader(b)
        version = r.number(8)
        need(version in (1, 2), "unknown version")
        name, created, terms = r.string(), r.number(64, MAX_SECONDS), (0, 0, 0)
        if version == 2:
            terms = r.number(8), r.number(32), r.number(64)
            need(terms[0] >= 2, "a format before this one")
            need(not terms[2] or terms[2] >= MIN_QUOTA_BYTES, "a quota that not every entry fits in")
        n = r.number(8, 15)
        need(n >= 1, "no members")
        c = Charter(b, name, created, *terms, tuple(Member.read(r) for _ in range(n)))
        r.end()
        codes = [m.code for m in c.members]
        need(all(x < y for x, y in zip(codes, codes[1:])), "the members do not ascend")
        values = []
        for m in c.members:
            values += [m.root, m.root_id(), m.cosigner_id(), m.access, m.tls, m.ed25519, m.mldsa44, m.address.encode()]
        need(len(set(values)) == len(values), "a key or an address occurs twice")
        if c.format > FORMAT:
            raise Refused("its members have agreed on a format to come")
        return c

    def ledger(self):
        return hash_of(self.bytes)

    def origin(self):
        return "comity/" + self.ledger().hex()[:16]

    def quorum(self):
        n = len(self.members)
        return (n + (n - 1) // 3) // 2 + 1

    def roots(self):
        """The members by the ids of their roots."""
        return {m.root_id(): m for m in self.members}

    def cosigners(self):
        """The members by the ids under which their nodes acknowledge purges."""
        return {m.cosigner_id(): m for m in self.members}

    def witnesses(self):
        """(member, algorithm) by name and key id of a line."""
        return {(m.node(), m.key_id(a)): (m, a) for m in self.members for a in (ED25519, MLDSA44)}


def parse_genesis(b):
    """The charter of a genesis and its signatures, not verified."""
    need(len(b) <= MAX_GENESIS, "the genesis is too long")
    r = Reader(b)
    charter = Charter.parse(r.vector(24))
    signatures = [r.take(64) for _ in charter.members]
    r.end()
    return charter, signatures


def verify_genesis(b):
    """The charter of a genesis that all its roots signed."""
    charter, signatures = parse_genesis(b)
    for m, s in zip(charter.members, signatures):
        if not ed25519.verify_ssh(m.root, b"charter@comity", charter.bytes, s):
            raise Refused(f"the charter is not signed by the root of {m.code}")
    return charter
