"""The charter of a ledger, signed by the roots of its founders, and what came after it."""

from dataclasses import dataclass, replace

import ed25519
from members import ED25519, MAX_EPOCHS, MAX_VOTERS, MLDSA44, Epoch, Member
from wire import MAX_SECONDS, Later, Reader, Refused, hash_of, need

MAX_CHARTER, MAX_GENESIS = 65_536, 16_777_215
FORMAT, MIN_QUOTA_BYTES = 3, 327_679


@dataclass(frozen=True)
class Charter:
    bytes: bytes
    name: str
    created: int
    format: int  # 0 in version 1
    entries: int  # of a bureau in a day, 0 for no limit
    volume: int  # the same in bytes
    members: tuple  # the founders
    later: tuple = ()  # epochs after theirs

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_CHARTER, "the charter is too long")
        r = Reader(b)
        version = r.number(8)
        need(version in (1, 2), "unknown version")
        name, created, terms = r.string(), r.number(64, MAX_SECONDS), (0, 0, 0)
        if version == 2:
            terms = r.number(8), r.number(32), r.number(64)
            need(terms[0] >= 2, "a format that had no such charters")
            need(not terms[2] or terms[2] >= MIN_QUOTA_BYTES, "a quota that not every entry fits in")
        n = r.number(8, MAX_VOTERS)
        need(n >= 1, "no members")
        c = Charter(b, name, created, *terms, tuple(Member.read(r) for _ in range(n)))
        r.end()
        codes = [m.code for m in c.members]
        need(all(x < y for x, y in zip(codes, codes[1:])), "the members do not ascend")
        values = [v for m in c.members for v in m.values()]
        need(len(set(values)) == len(values), "a key or an address occurs twice")
        if c.format > FORMAT:
            raise Later("the ledger begins with a format to come")
        return c

    def ledger(self):
        return hash_of(self.bytes)

    def origin(self):
        return "comity/" + self.ledger().hex()[:16]

    def founders(self):
        return Epoch(0, 0, self.members, max(self.format, 1))

    def epochs(self):
        return (self.founders(), *self.later)

    def at(self, size):
        """The epoch in force for a checkpoint of this size, or for an entry at this index."""
        return [e for e in self.epochs() if e.start <= size][-1]

    def knowing(self, epochs):
        """This charter, with the epochs of a log."""
        return replace(self, later=tuple(epochs[1:]))

    def before(self, epoch):
        """This charter, as it was before an epoch began."""
        return replace(self, later=tuple(e for e in self.later if e.number < epoch.number))

    def quorum(self):
        """Of the founders."""
        return self.founders().quorum()


def parse_genesis(b):
    """The charter of a genesis and its signatures, not verified, and the bytes of its certificates."""
    need(len(b) <= MAX_GENESIS, "the genesis is too long")
    r = Reader(b)
    charter = Charter.parse(r.vector(24))
    signatures, certificates = [r.take(64) for _ in charter.members], []
    while r.left():
        certificates.append(r.vector(24))
    need(len(certificates) <= MAX_EPOCHS, "too many certificates")
    return charter, signatures, certificates


def verify_genesis(b):
    """The charter of a genesis that all its roots signed, with the epochs that are certified."""
    import certificate  # which needs charters itself

    charter, signatures, certificates = parse_genesis(b)
    for m, s in zip(charter.members, signatures):
        if not ed25519.verify_ssh(m.root, b"charter@comity", charter.bytes, s):
            raise Refused(f"the charter is not signed by the root of {m.code}")
    parsed = []
    for c in certificates:
        parsed.append(certificate.Certificate.parse(c))
        if parsed[-1].format() > FORMAT:
            break  # what follows may have another form
    return certificate.extend(charter, parsed)
