"""The members of a consortium: founders, and who joined later by the votes of others."""

import re
from dataclasses import dataclass

import ed25519
from wire import hash_of, need

ED25519, MLDSA44 = 4, 6  # algorithms of cosignatures

ADDRESS = re.compile(r"(?:[!-9;-Z\\^-~]+|\[[!-Z\\^-~]+\]):([1-9][0-9]{0,4})", re.ASCII)

MAX_VOTERS, MAX_MEMBERS, MAX_EPOCHS = 15, 64, 300


def signing_key_id(public):
    return hash_of(b"comity/v1/key\x00\x01", public)


def read_code(r):
    code = r.take(2)
    need(re.fullmatch(rb"[A-Z]{2}", code), "not the code of a bureau")
    return code.decode()


@dataclass(frozen=True)
class Node:
    address: str
    tls: bytes
    ed25519: bytes
    mldsa44: bytes

    def cosigner_id(self):
        """The id of the Ed25519 cosigning key as a signing key."""
        return signing_key_id(self.ed25519)

    def public(self, algorithm):
        return self.ed25519 if algorithm == ED25519 else self.mldsa44

    def values(self):
        """What no two members share, but for the address first among them."""
        return [self.address.encode(), self.cosigner_id(), self.tls, self.ed25519, self.mldsa44]

    @staticmethod
    def read(r, code):
        n = Node(r.string(), r.take(32), r.take(32), r.take(1312))
        match = ADDRESS.fullmatch(n.address)
        need(match and int(match[1]) <= 65535, "not an address")
        need(ed25519.admitted(n.ed25519), "a key is not admitted")
        need(key_id(code, ED25519, n.ed25519) != key_id(code, MLDSA44, n.mldsa44), "the key ids of a node are the same")
        return n


def node_name(code):
    return code.lower() + ".comity/n1"


def key_id(code, algorithm, public):
    """The first bytes that a line of a note by the node of a bureau has."""
    return hash_of(node_name(code).encode(), b"\n", bytes([algorithm]), public)[:4]


@dataclass(frozen=True)
class Member:
    code: str
    name: str
    root: bytes
    access: bytes
    at: Node
    voter: bool = True
    old_node: bool = False  # a recovery left it the node that it had

    def node(self):
        return node_name(self.code)

    def root_id(self):
        return signing_key_id(self.root)

    def cosigner_id(self):
        return self.at.cosigner_id()

    def key_id(self, algorithm):
        return key_id(self.code, algorithm, self.at.public(algorithm))

    def values(self):
        return self.at.values() + [self.root, self.root_id(), self.access]

    @staticmethod
    def read(r, voter=True):
        code, name, root, access = read_code(r), r.string(), r.take(32), r.take(32)
        need(ed25519.admitted(root), "a key is not admitted")
        m = Member(code, name, root, access, Node.read(r, code), voter)
        need(len(set(m.values())) == len(m.values()), "a key occurs twice")
        return m


@dataclass(frozen=True)
class Epoch:
    """Who belongs to the consortium from a position of the log on."""

    number: int
    start: int  # entries before it takes effect
    members: tuple  # ascending by code
    format: int = 1  # of the entries from there on
    recovered: bool = False  # a recovery began it, and cut what stood at start - 1 and above

    def voters(self):
        return [m for m in self.members if m.voter]

    def member(self, code):
        return next((m for m in self.members if m.code == code), None)

    def quorum(self):
        n = len(self.voters())
        return (n + (n - 1) // 3) // 2 + 1

    def roots(self):
        """The members by the ids of their roots."""
        return {m.root_id(): m for m in self.members}

    def cosigners(self):
        """The members by the ids under which their nodes acknowledge purges."""
        return {m.cosigner_id(): m for m in self.members}

    def witnesses(self):
        """(voter, algorithm) by name and key id of a line."""
        return {(m.node(), m.key_id(a)): (m, a) for m in self.voters() for a in (ED25519, MLDSA44)}
