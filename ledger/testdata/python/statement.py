"""Statements, their public fields, entries and items."""

from dataclasses import dataclass

import ed25519
import seal
from governance import MAX_RECOVER, Enact, Propose, Recover, Vote
from members import MAX_VOTERS, signing_key_id
from tree import EMPTY, leaf_hash
from wire import MAX_DAY, MAX_INDEX, MAX_SECONDS, ZERO, Reader, Unknown, hash_of, need

PUBLISH, AMEND, WITHDRAW, GRANT, REPLY, SUSPEND, LIFT, EXTEND, PURGE, PURGE_ACK = range(1, 11)
ENROL, REVOKE, ROTATE, PROPOSE, VOTE, EPOCH, RECOVER, REVIEW, CIRCLE = range(11, 20)

MAYBE = None  # there or not

# Of each class its name, and whether it has a body and a target.
CLASSES = {
    PUBLISH: ("publish", True, False),
    AMEND: ("amend", True, True),
    WITHDRAW: ("withdraw", False, True),
    GRANT: ("grant", True, True),
    REPLY: ("reply", True, False),
    SUSPEND: ("suspend", MAYBE, True),
    LIFT: ("lift", MAYBE, True),
    EXTEND: ("extend", True, True),
    PURGE: ("purge", False, True),
    PURGE_ACK: ("purge-ack", False, True),
    ENROL: ("enrol", False, False),
    REVOKE: ("revoke", False, False),
    ROTATE: ("rotate", False, False),
    PROPOSE: ("propose", False, False),
    VOTE: ("vote", False, True),
    EPOCH: ("epoch", False, True),
    RECOVER: ("recover", False, False),
    REVIEW: ("review", MAYBE, True),
    CIRCLE: ("circle", MAYBE, MAYBE),
}

# Of each class the format that it came with.
NEEDS = {kind: 1 for kind in CLASSES}

KINDS = {0: "undisclosed", 1: "red", 2: "blue", 3: "green", 4: "yellow", 5: "black", 6: "orange",
         7: "purple", 8: "silver", 9: "un", 11: "tally"}
RED = 1
CLASSIFICATIONS = ["unclassified", "restricted", "confidential", "secret"]

INVESTIGATOR, DESK, PROTECTION, SUPERVISOR, OPERATOR, AUDITOR, REGISTRAR = 1, 2, 4, 8, 16, 32, 64
ALL_ROLES = 127

ORIGIN, REVIEWERS, OVERSIGHT = 1, 2, 3
AUTHORITIES = {ORIGIN: "origin", REVIEWERS: "reviewers", OVERSIGHT: "oversight"}
RESTORED, CANCELLED = 1, 2
OUTCOMES = {RESTORED: "restored", CANCELLED: "cancelled"}
APPROVE, RETURN, REFUSE = 1, 2, 3
DECISIONS = {APPROVE: "approve", RETURN: "return", REFUSE: "refuse"}

OVER, RETENTION, ORDER = 1, 2, 3
REASONS = {OVER: "over", RETENTION: "retention", ORDER: "order"}

SIGN, SEAL, ACCESS = 1, 2, 3
PURPOSES = {SIGN: "sign", SEAL: "seal", ACCESS: "access"}
COMPARTMENTS = {1: "card", 2: "body", 3: "victim"}

MAX_BODY = 262_144
MAX_ENTRY = 65_535
MAX_PUBLIC, MAX_SIGNERS = 4096, 4  # of all but a recovery


def sealing_key_id(public):
    return hash_of(b"comity/v1/key\x00\x02", public)


def admitted_sealing_key(b):
    """CRYPTO.md, "Admission": ML-KEM-768 within its modulus, and an X25519 key of large order."""
    if len(b) != 1216:
        return False
    numbers = int.from_bytes(b[:1152], "little")  # 768 of 12 bits; 32 bytes of seed follow
    if any(numbers >> 12 * i & 0xFFF >= 3329 for i in range(768)):
        return False
    u = int.from_bytes(b[1184:], "little")
    if u >= ed25519.P:
        return False
    x, z = u, 1
    for _ in range(3):  # doubled three times on the Montgomery curve: 0 only if of small order
        x, z = (x * x - z * z) ** 2 % ed25519.P, 4 * x * z * (x * x + 486662 * x * z + z * z) % ed25519.P
    return z != 0


@dataclass(frozen=True)
class Publish:
    kind: int
    review_by: int
    classification: int
    urgency: int
    size_class: int
    attachments: tuple  # of (address, size)

    @staticmethod
    def parse(b):
        r = Reader(b)
        fixed = (r.number(8), r.number(32, MAX_DAY), r.number(8, 3), r.number(8, 3), r.number(8, 18))
        attachments = []
        if r.left():
            for _ in range(r.number(8, 16)):
                attachments.append((r.take(32), r.number(64)))
            need(attachments, "a list of no attachments")
        r.end()
        addresses = [a for a, _ in attachments]
        need(all(x < y for x, y in zip(addresses, addresses[1:])), "the addresses do not ascend")
        need(all(seal.is_sealed_size(n, seal.MAX_PADDED_ATTACHMENT) for _, n in attachments), "not a size of an attachment")
        p = Publish(*fixed, tuple(attachments))
        need(p.kind in KINDS, "no such kind")
        return p


@dataclass(frozen=True)
class Enrol:
    purpose: int
    label: str
    roles: int
    compartment: int
    key: bytes
    proof: bytes

    @staticmethod
    def parse(b):
        r = Reader(b)
        purpose, label = r.number(8), r.vector(8, 1, 32)
        e = Enrol(purpose, label.decode("latin-1"), r.number(16), r.number(8), r.vector(16), r.vector(8))
        r.end()
        need(all(c in b"abcdefghijklmnopqrstuvwxyz0123456789-" for c in label), "not a label")
        need(e.roles <= ALL_ROLES, "no such role")
        if purpose == SIGN:
            need(e.roles and not e.compartment and len(e.proof) == 64, "not the fields of a signing key")
            need(ed25519.admitted(e.key), "the key is not admitted")
        elif purpose == SEAL:
            need(not e.roles and e.compartment in COMPARTMENTS and not e.proof, "not the fields of a sealing key")
            need(admitted_sealing_key(e.key), "the key is not admitted")
        else:
            need(purpose == ACCESS, "no such purpose")
            need(e.roles and not e.compartment and not e.proof, "not the fields of an access key")
            need(len(e.key) == 32, "not a key id")
        return e

    def key_id(self):
        return {SIGN: signing_key_id, SEAL: sealing_key_id, ACCESS: bytes}[self.purpose](self.key)

    def proven(self, ledger, author):
        """Whether the proof of possession verifies, for the enrolling author of this id."""
        return ed25519.verify_ssh(self.key, b"enrol@comity", ledger + author + self.key, self.proof)


@dataclass(frozen=True)
class Rotate:
    old: bytes
    new: Enrol

    @staticmethod
    def parse(b):
        need(len(b) >= 32, "no key id")
        v = Rotate(b[:32], Enrol.parse(b[32:]))
        need(v.old != v.new.key_id(), "a key in its own place")
        return v


@dataclass(frozen=True)
class Purge:
    reason: int

    @staticmethod
    def parse(b):
        r = Reader(b)
        p = Purge(r.number(8))
        r.end()
        need(p.reason in REASONS, "no such reason")
        return p


@dataclass(frozen=True)
class Suspend:
    by: int

    @staticmethod
    def parse(b):
        r = Reader(b)
        s = Suspend(r.number(8))
        r.end()
        need(s.by in AUTHORITIES, "no such authority")
        return s


@dataclass(frozen=True)
class Lift:
    by: int
    outcome: int

    @staticmethod
    def parse(b):
        r = Reader(b)
        v = Lift(r.number(8), r.number(8))
        r.end()
        need(v.by in AUTHORITIES and v.outcome in OUTCOMES, "no such authority or outcome")
        return v


@dataclass(frozen=True)
class Extend:
    review_by: int

    @staticmethod
    def parse(b):
        r = Reader(b)
        e = Extend(r.number(32, MAX_DAY))
        r.end()
        need(e.review_by, "no day")
        return e


@dataclass(frozen=True)
class Review:
    decision: int
    version: bytes

    @staticmethod
    def parse(b):
        r = Reader(b)
        v = Review(r.number(8), r.take(32))
        r.end()
        need(v.decision in DECISIONS and v.version != ZERO, "no such decision, or of no version")
        return v


@dataclass(frozen=True)
class Circle:
    after: bytes

    @staticmethod
    def parse(b):
        r = Reader(b)
        c = Circle(r.take(32))
        r.end()
        need(c.after != ZERO, "after no statement")
        return c


@dataclass(frozen=True)
class VictimGrant:
    @staticmethod
    def parse(b):
        need(b == b"\x03", "not the fields of a grant of a victim's part")
        return VictimGrant()


def shares_victim(b):
    """Whether this is a re-share of a victim's part: CRYPTO.md, "Sealing"."""
    if len(b) < 4 or b[0] != 1:
        return False
    n, grants = int.from_bytes(b[1:3], "big"), b[3:]
    return n > 0 and len(grants) == n * 1169 and all(grants[1169 * i] == 3 for i in range(n))


@dataclass(frozen=True)
class Revoke:
    key: bytes
    suspect_from: int

    @staticmethod
    def parse(b):
        r = Reader(b)
        v = Revoke(r.take(32), r.number(64))
        r.end()
        return v


@dataclass(frozen=True)
class Statement:
    bytes: bytes
    kind: int  # class
    ledger: bytes
    author: bytes
    seq: int
    prev: bytes
    seen_size: int
    seen_root: bytes
    created: int
    target: bytes
    body_hash: bytes
    body_len: int
    public: object  # an object of the class's fields, or None

    @staticmethod
    def parse(b):
        r = Reader(b)
        version, kind = r.number(8), r.number(8)
        need(version > 0 and kind > 0, "neither a version nor a class is 0")
        if version > 1 or kind not in CLASSES:
            raise Unknown(f"a statement of version {version} and class {kind}")
        fields = (
            r.take(32), r.take(32), r.number(64), r.take(32), r.number(64, MAX_INDEX), r.take(32),
            r.number(64, MAX_SECONDS), r.take(32), r.take(32), r.number(32, MAX_BODY),
        )
        public = r.vector(16, 0, MAX_RECOVER if kind == RECOVER else MAX_PUBLIC)
        r.end()
        parse = {PUBLISH: Publish, AMEND: Publish, SUSPEND: Suspend, LIFT: Lift, EXTEND: Extend, PURGE: Purge,
                 ENROL: Enrol, REVOKE: Revoke, ROTATE: Rotate, REVIEW: Review,
                 PROPOSE: Propose, VOTE: Vote, EPOCH: Enact, RECOVER: Recover}.get(kind)
        if kind == GRANT and public:
            parse = VictimGrant
        if kind == CIRCLE and fields[7] != ZERO:
            parse = Circle
        need(parse or not public, "public fields where none belong")
        s = Statement(b, kind, *fields, parse.parse(public) if parse else None)
        _, body, target = CLASSES[kind]
        need((s.seq == 0) == (s.prev == ZERO), "seq and prev do not agree")
        need((s.seen_size == 0) == (s.seen_root == EMPTY), "seen_size and seen_root do not agree")
        need((s.body_len == 0) == (s.body_hash == ZERO), "body_len and body_hash do not agree")
        need(body is MAYBE or body == (s.body_len > 0), "a body too many or too few")
        need(target is MAYBE or target == (s.target != ZERO), "a target too many or too few")
        need(kind != RECOVER or s.seen_size, "a recovery from nothing")
        need(kind != CIRCLE or s.body_len or s.target != ZERO, "a circle without keys")
        if kind in (PUBLISH, AMEND):
            need(s.public.size_class == (s.body_len - 1).bit_length(), "size_class is not that of the body")
        return s

    def id(self):
        return hash_of(b"comity/v1/statement\x00", self.bytes)

    def name(self):
        return CLASSES[self.kind][0]

    def admits(self):
        """The fields of the key that is known from here on, or None."""
        return {ENROL: self.public, ROTATE: self.public and getattr(self.public, "new", None)}.get(self.kind)

    def names(self, body):
        """Whether this is the body of the statement."""
        if self.kind == GRANT and shares_victim(body) != (self.public is not None):
            return False
        return len(body) == self.body_len and (hash_of(body) if body else ZERO) == self.body_hash

    def signed_by(self, public, signature):
        return ed25519.verify_ssh(public, b"statement@comity", self.bytes, signature)


@dataclass(frozen=True)
class Entry:
    bytes: bytes
    statement: Statement
    signatures: tuple  # of (key id, signature), the author's first

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_ENTRY, "the entry is too long")
        r = Reader(b)
        statement = Statement.parse(r.vector(24))
        most = MAX_VOTERS if statement.kind == RECOVER else MAX_SIGNERS
        q = Reader(r.vector(16, 96, most * 96))
        r.end()
        signatures = []
        while q.left():
            signatures.append((q.take(32), q.take(64)))
        ids = [i for i, _ in signatures]
        need(ids[0] == statement.author, "the author's signature is not the first")
        need(all(x < y for x, y in zip(ids[1:], ids[2:])), "the signatures do not ascend")
        need(ids[0] not in ids[1:], "the author signs twice")
        return Entry(b, statement, tuple(signatures))

    def leaf(self):
        return leaf_hash(self.bytes)


@dataclass(frozen=True)
class Item:
    entry: Entry
    body: bytes

    @staticmethod
    def read(r, matching=True):
        """Of an exhibit the body need not be the one of the statement: matching is False."""
        item = Item(Entry.parse(r.vector(24)), r.vector(24, 0, MAX_BODY))
        need(not matching or item.entry.statement.names(item.body), "the body is another")
        return item

    @staticmethod
    def parse(b):
        r = Reader(b)
        item = Item.read(r)
        r.end()
        return item
