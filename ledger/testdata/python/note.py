"""Checkpoints, the cosignatures on them, notes and receipts."""

import base64
import re
from dataclasses import dataclass

import ed25519
import mldsa44
from members import ED25519
from tree import includes
from wire import (MAX_INDEX, MAX_SECONDS, Cut, Malformed, NoQuorum, NotIncluded, Reader, Refused, Unacceptable, decimal,
                  need, unbase64)

MAX_NOTE, MAX_LINES = 98_304, 100
MAX_RECEIPT, MAX_PATH = 131_072, 62
MAX_CHECKPOINT, MAX_ORIGIN = 322, 255


@dataclass(frozen=True)
class Checkpoint:
    origin: bytes
    size: int
    root: bytes

    def text(self):
        return self.origin + b"\n%d\n" % self.size + base64.b64encode(self.root) + b"\n"

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_CHECKPOINT, "the checkpoint is too long")
        lines = b.split(b"\n")
        need(len(lines) == 4 and not lines[3], "a checkpoint has three lines")
        need(1 <= len(lines[0]) <= MAX_ORIGIN, "not an origin")
        root = unbase64(lines[2].decode("latin-1"))
        need(len(root) == 32, "not a root")
        return Checkpoint(lines[0], decimal(lines[1].decode("latin-1"), MAX_INDEX), root)


def cosigned(algorithm, node, time, checkpoint):
    """The bytes that a cosignature is over."""
    if algorithm == ED25519:
        return b"cosignature/v1\ntime %d\n" % time + checkpoint.text()
    name = node.encode()
    return (b"subtree/v1\n\0" + bytes([len(name)]) + name + time.to_bytes(8, "big")
            + bytes([len(checkpoint.origin)]) + checkpoint.origin + bytes(8)
            + checkpoint.size.to_bytes(8, "big") + checkpoint.root)


def cosignature_verifies(member, algorithm, time, checkpoint, signature):
    verify = ed25519.verify if algorithm == ED25519 else mldsa44.verify
    return verify(member.at.public(algorithm), cosigned(algorithm, member.node(), time, checkpoint), signature)


@dataclass(frozen=True)
class Cosignature:
    """As a command carries it."""

    node: str
    size: int
    root: bytes
    time: int
    ed25519: bytes
    mldsa44: bytes

    @staticmethod
    def read(r):
        return Cosignature(r.string(), r.number(64, MAX_INDEX), r.take(32), r.number(64, MAX_SECONDS),
                           r.take(64), r.take(2420))

    @staticmethod
    def parse(b):
        r = Reader(b)
        c = Cosignature.read(r)
        r.end()
        return c

    def verify(self, charter):
        """The bureau that cosigned."""
        for m in charter.at(self.size).voters():
            if m.node() == self.node:
                c = Checkpoint(charter.origin().encode(), self.size, self.root)
                for algorithm, signature in ((ED25519, self.ed25519), (6, self.mldsa44)):
                    if not cosignature_verifies(m, algorithm, self.time, c, signature):
                        raise Refused(f"the cosignature of {m.code} does not verify")
                return m.code
        raise Refused("no node of the charter has this name")


@dataclass(frozen=True)
class Note:
    text: bytes
    lines: tuple  # of (name, base64)

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_NOTE, "the note is too long")
        try:
            s = b.decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("the note is not UTF-8") from None
        need(not re.search("[\x00-\x09\x0b-\x1f]", s), "a control character in the note")
        text, blank, rest = s.rpartition("\n\n")
        need(blank and rest.endswith("\n"), "the note has no signature lines")
        lines = []
        for line in rest[:-1].split("\n"):
            match = re.fullmatch(r"— ([^+\s]+) ([A-Za-z0-9+/=]+)", line)
            need(match, "not a signature line")
            need(len(unbase64(match[2], canonical=False)) >= 5, "a signature line is too short")
            lines.append((match[1], match[2]))
        need(len(lines) <= MAX_LINES, "too many signature lines")
        return Note((text + "\n").encode(), tuple(lines))

    def verify(self, charter, epoch=None):
        """The checkpoint and the codes of the cosigners, quorum or not.

        The checkpoint is None if no node of its epoch signed; it is judged by another one if that is given.
        """
        witnesses, seen, done, cosigners = (epoch or self.epoch(charter)).witnesses(), {}, set(), []
        checkpoint = None
        for name, encoded in self.lines:
            key = (name, unbase64(encoded, canonical=False)[:4])
            if key not in witnesses or key in done:
                continue
            done.add(key)
            r = Reader(unbase64(encoded)[4:])
            member, algorithm = witnesses[key]
            try:
                checkpoint = Checkpoint.parse(self.text)
                time = r.number(64, MAX_SECONDS)
            except Malformed as e:
                raise Refused(f"the line of {member.code}: {e}") from None
            if not cosignature_verifies(member, algorithm, time, checkpoint, r.take(r.left())):
                raise Refused(f"a line of {member.code} does not verify")
            if checkpoint.origin != charter.origin().encode():
                raise Refused("the checkpoint is of another ledger")
            seen.setdefault(member.code, []).append(time)
            if len(seen[member.code]) == 2:
                cosigners.append(member.code)
        return checkpoint, cosigners

    def epoch(self, charter):
        """The epoch in force for the checkpoint. Of what is none any serves: it is refused."""
        try:
            return charter.at(Checkpoint.parse(self.text).size)
        except Malformed:
            return charter.founders()

    def verify_final(self, charter):
        try:
            return self._final(charter, self.epoch(charter))
        except Unacceptable:
            self._cut(charter)
            raise

    def _final(self, charter, epoch):
        checkpoint, cosigners = self.verify(charter, epoch)
        if len(cosigners) < epoch.quorum():
            raise NoQuorum(f"{len(cosigners)} bureaus cosigned, {epoch.quorum()} are needed")
        return checkpoint, cosigners

    def _cut(self, charter):
        """Raises Cut if the epoch before a recovery made this FINAL, above what was kept."""
        epochs = charter.epochs()
        for before, epoch in reversed(list(zip(epochs, epochs[1:]))):
            if not epoch.recovered:
                continue
            try:
                checkpoint, cosigners = self._final(charter, before)
            except Unacceptable:
                continue
            if checkpoint.size >= epoch.start:
                raise Cut(epoch, checkpoint, cosigners)


@dataclass(frozen=True)
class Receipt:
    index: int
    path: tuple
    note: Note

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_RECEIPT, "the receipt is too long")
        head, blank, note = b.partition(b"\n\n")
        need(blank, "the receipt has no empty line")
        lines = head.decode("latin-1").split("\n")
        need(len(lines) >= 2 and lines[0] == "c2sp.org/tlog-proof@v1", "not a receipt")
        need(lines[1].startswith("index "), "the receipt has no index")
        need(len(lines) - 2 <= MAX_PATH, "the path is too long")
        path = tuple(unbase64(line) for line in lines[2:])
        need(all(len(h) == 32 for h in path), "not a hash")
        return Receipt(decimal(lines[1][6:], MAX_INDEX), path, Note.parse(note))

    def verify(self, charter, leaf):
        """The FINAL checkpoint under which the leaf is, and its cosigners."""
        cut = None
        try:
            checkpoint, cosigners = self.note.verify_final(charter)
        except Cut as e:
            cut, checkpoint, cosigners = e, e.checkpoint, e.cosigners
        if not includes(leaf, self.index, checkpoint.size, self.path, checkpoint.root):
            raise NotIncluded(f"the entry is not at index {self.index} of the ledger")
        if cut:
            raise cut
        return checkpoint, cosigners
