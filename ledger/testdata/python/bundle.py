"""A whole ledger in one file, and everything that must follow from its charter."""

from hashlib import sha256

import charter as charters
from evidence import Evidence
from note import MAX_NOTE, Note
from statement import MAX_BODY, MAX_ENTRY, Entry
from tree import leaf_hash
from validity import State
from wire import MAX_INDEX, MAX_MILLISECONDS, Later, Malformed, Reader, Refused, Unacceptable, need

HEADER = b"comity bundle v1\n"
GROUP_RECORDS, GROUP_BYTES = 256, 1_048_576
MAX_NOTES, MAX_PIECES, MAX_PIECE = 1_048_576, 65_535, 262_144
NONE, INCLUDED, LEFT_OUT, PURGED = range(4)  # where the sealed body of an entry is


class Bundle:
    """The parts of a bundle, as they are in the file. What they say is not looked at."""

    def __init__(self, b):
        r = Reader(b)
        need(r.take(len(HEADER)) == HEADER, "not a bundle")
        ledger, self.genesis, self.size = r.take(32), r.vector(24, 1, charters.MAX_GENESIS), r.number(64, MAX_INDEX)
        self.charter, _, _ = charters.parse_genesis(self.genesis)
        need(ledger == self.charter.ledger(), "the ledger id is not that of the charter")
        self.records, self.leaves = [], []  # (time, entry, body state, body), and the leaf hashes listed
        while len(self.records) < self.size:
            group = self._group(r)
            self.records += group
            self.leaves += [r.take(32) for _ in group]
        self.notes = [r.vector(24, 1, MAX_NOTE) for _ in range(r.number(32, MAX_NOTES))]
        self.evidence = [r.vector(24, 1, MAX_PIECE) for _ in range(r.number(16, MAX_PIECES))]
        checksum = r.take(32)
        r.end()
        self.sound = checksum == sha256(b[:-32]).digest()

    def _group(self, r):
        """The records up to a number or a length, or to the last of the bundle."""
        group, before = [], r.left()
        while len(self.records) + len(group) < self.size and len(group) < GROUP_RECORDS:
            try:
                time, entry, state = r.number(64, MAX_MILLISECONDS), r.vector(24, 1, MAX_ENTRY), r.number(8, PURGED)
                group.append((time, entry, state, r.vector(24, 1, MAX_BODY) if state == INCLUDED else b""))
            except Malformed as e:
                raise Malformed(f"entry {len(self.records) + len(group)}: {e}") from None
            if before - r.left() >= GROUP_BYTES:
                break
        return group


class Audit:
    """What an auditor finds in a bundle: failures are in the order of the file.

    known are heads that were verified before, (size, root). What is wrong
    although the form is right is in failures; a form that is wrong is raised.
    """

    def __init__(self, b, known=()):
        self.bundle, self.failures = Bundle(b), []
        self.charter = charters.verify_genesis(self.bundle.genesis)
        self.state, self.heads = State(self.charter), []  # checkpoints with their cosigners
        self.included = self.absent = self.proven = 0  # bodies, and pieces of evidence
        self._entries()
        self._members()
        self._heads()
        for size, root in known:
            if size > self.bundle.size:
                self.failures.append(f"entry {self.bundle.size}: missing, with all up to the head of {size} seen before")
            elif self.state.tree.roots[size] != root:
                self.failures.append(f"the head of {size} seen before is not of this history")
        for e in self.bundle.evidence:
            self._evidence(e)
        if not self.bundle.sound:
            if not self.failures:
                raise Malformed("the checksum is another")
            self.failures.append("the checksum is another")

    def _ask(self, what, question, *args):
        try:
            question(*args)
        except Later:
            raise
        except Unacceptable as e:
            self.failures.append(f"{what}: {e}")

    def _entries(self):
        last = 0
        for i, ((time, b, state, body), leaf) in enumerate(zip(self.bundle.records, self.bundle.leaves)):
            if leaf_hash(b) != leaf:
                self.failures.append(f"entry {i}: it is not the one whose leaf hash the file lists")
            if time < last:
                self.failures.append(f"entry {i}: its time is before that of the entry before")
            last = max(last, time)
            self._ask(f"entry {i}", self._entry, time, b, leaf, state, body)
            if len(self.state.tree) == i:  # what is refused stays in the tree that the bureaus signed
                self.state.tree.append(leaf)

    def _entry(self, time, b, leaf, state, body):
        entry = Entry.parse(b)
        there = state == INCLUDED and entry.statement.names(body)
        self.state.accept(entry, time, leaf, body if there else b"")
        if (state == NONE) != (entry.statement.body_len == 0):
            raise Refused("its statement names a body and the file says that there is none, or the other way round")
        if state == INCLUDED:
            self.included += 1
            if not entry.statement.names(body):
                raise Refused("its sealed body is another")
        elif state != NONE:
            self.absent += 1

    def _members(self):
        """Holds the epochs that are certified against those that the entries make. Heads are judged by the longer list."""
        certified, derived = self.charter.epochs(), self.state.epochs
        for c, d in zip(certified, derived):
            if c != d:
                self.failures.append(f"epoch {c.number}: the entries make another than the certificate")
                return
        if len(certified) > len(derived) and certified[len(derived)].start <= self.bundle.size:
            self.failures.append(f"epoch {len(derived)}: the entries do not make it")
        elif len(derived) > len(certified):
            self.charter = self.charter.knowing(derived)

    def _heads(self):
        for i, b in enumerate(self.bundle.notes):
            self._ask(f"head {i}", self._head, b)
        agreed = self.heads[-1][0].size if self.heads else 0
        if not self.heads or agreed != self.bundle.size:
            self.failures.append(f"entry {agreed}: no head covers it and those behind it")

    def _head(self, b):
        checkpoint, cosigners = Note.parse(b).verify_final(self.charter)
        agreed = self.heads[-1][0].size if self.heads else -1
        if checkpoint.size <= agreed:
            raise Refused("the heads do not ascend")
        if checkpoint.size > self.bundle.size:
            raise Refused("it is beyond the last entry")
        if self.state.tree.roots[checkpoint.size] != checkpoint.root:
            raise Refused(f"the bureaus signed another history of {checkpoint.size} entries: the first that differs "
                          f"is among {max(agreed, 0)} to {checkpoint.size - 1}")
        self.heads.append((checkpoint, cosigners))

    def _evidence(self, b):
        """Counts what proves something. A piece that proves nothing says nothing against the history."""
        try:
            e = Evidence.parse(b)
            (first, deceived), (final, _) = e.verify(self.charter)
        except Unacceptable:
            return
        self.proven += 1
        for size, root in ((first.size, e.root), (final.size, final.root)):
            if size <= self.bundle.size and self.state.tree.roots[size] != root:
                self.failures.append(f"evidence: the FINAL history of {size} entries is another than this")
                return
        if len(deceived) >= self.charter.at(first.size).quorum():
            self.failures.append(f"evidence: a quorum signed two histories of {first.size} entries")
