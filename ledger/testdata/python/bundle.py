"""A whole ledger in one file, and everything that must follow from its charter."""

from hashlib import sha256

import charter as charters
from evidence import Evidence
from note import Note
from statement import MAX_BODY, MAX_ENTRY, Entry
from tree import leaf_hash
from validity import State
from wire import MAX_INDEX, MAX_MILLISECONDS, Malformed, Reader, Refused, Unacceptable, need

HEADER = b"comity bundle v1\n"
GROUP_RECORDS, GROUP_BYTES = 256, 1 << 20
MAX_NOTES, MAX_EVIDENCE = 1 << 20, (1 << 16) - 1
NONE, INCLUDED, LEFT_OUT, PURGED = range(4)  # where the sealed body of an entry is


class Bundle:
    """The parts of a bundle, as they are in the file. What they say is not looked at."""

    def __init__(self, b):
        r = Reader(b)
        need(r.take(len(HEADER)) == HEADER, "not a bundle")
        self.ledger, self.genesis, self.size = r.take(32), r.vector(24), r.number(64, MAX_INDEX)
        self.records, self.leaves = [], []  # (time, entry, body state, body), and their leaf hashes
        while len(self.records) < self.size:
            group = self._group(r)
            self.records += group
            self.leaves += [r.take(32) for _ in group]
        self.notes = [r.vector(24) for _ in range(r.number(32, MAX_NOTES))]
        self.evidence = [r.vector(24) for _ in range(r.number(16, MAX_EVIDENCE))]
        self.sum = r.take(32)
        r.end()
        self.sound = self.sum == sha256(b[:-32]).digest()

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
    """What an auditor finds in a bundle."""

    def __init__(self, b):
        self.failures = []
        self.bundle = Bundle(b)
        if not self.bundle.sound:
            self.failures.append("the file was changed: its checksum is another")
        self.charter = charters.verify_genesis(self.bundle.genesis)
        if self.bundle.ledger != self.charter.ledger():
            raise Refused("the ledger id is not that of the charter")
        self.state, self.final = State(self.charter), 0
        self.absent = self.bodies = 0
        self._entries()
        self._heads()
        for i, e in enumerate(self.bundle.evidence):
            self._ask(f"evidence {i}", self._evidence, e)

    def _ask(self, what, question, *args):
        try:
            question(*args)
        except Unacceptable as e:
            self.failures.append(f"{what}: {e}")

    def _entries(self):
        last = 0
        for i, ((time, b, state, body), leaf) in enumerate(zip(self.bundle.records, self.bundle.leaves)):
            if leaf_hash(b) != leaf:
                self.failures.append(f"entry {i}: it was changed: the file itself has another leaf hash")
            if time < last:
                self.failures.append(f"entry {i}: it is older than the one before")
            last = max(last, time)
            size = len(self.state.tree)
            self._ask(f"entry {i}", self._entry, b, leaf, state, body)
            if len(self.state.tree) == size:  # what is refused stays in the tree that the bureaus signed
                self.state.tree.append(leaf)

    def _entry(self, b, leaf, state, body):
        entry = Entry.parse(b)
        self.state.accept(entry, leaf)
        if (state == NONE) != (entry.statement.body_len == 0):
            raise Refused("its statement names a body and the file says that there is none, or the other way round")
        if state == INCLUDED:
            self.bodies += 1
            if not entry.statement.names(body):
                raise Refused("its sealed body is another")
        elif state != NONE:
            self.absent += 1

    def _heads(self):
        sizes = [0]
        for i, b in enumerate(self.bundle.notes):
            self._ask(f"head {i}", self._head, b, sizes)
        self.final = sizes[-1]
        if self.final != self.bundle.size:
            self.failures.append(f"entry {self.final}: no head covers it and those behind it")

    def _head(self, b, sizes):
        checkpoint, self.cosigners = Note.parse(b).verify_final(self.charter)
        if checkpoint.size <= sizes[-1]:
            raise Refused("the heads do not ascend")
        if checkpoint.size > self.bundle.size:
            raise Refused("it is beyond the last entry")
        if self.state.tree.roots[checkpoint.size] != checkpoint.root:
            raise Refused(f"the bureaus signed another history of {checkpoint.size} entries: the first that differs "
                          f"is among {sizes[-1]} to {checkpoint.size - 1}")
        sizes.append(checkpoint.size)

    def _evidence(self, b):
        _, (final, _) = Evidence.parse(b).verify(self.charter)
        if final.size > self.bundle.size or self.state.tree.roots[final.size] != final.root:
            raise Refused("its FINAL checkpoint is not one of this history")
