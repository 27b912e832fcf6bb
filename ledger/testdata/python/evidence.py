"""Proof that the cosigners of a checkpoint signed a history which is not the FINAL one."""

from dataclasses import dataclass

from note import Note
from tree import consistent
from wire import Cut, NoQuorum, OtherLedger, Reader, Refused, Unacceptable, need

HEADER = b"comity evidence v1\n"
MAX_EVIDENCE, MAX_HASHES = 200_704, 63


@dataclass(frozen=True)
class Evidence:
    ledger: bytes
    first: bytes  # the note of the contradicting checkpoint
    final: bytes
    root: bytes  # of the FINAL history at the size of the first
    proof: tuple

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_EVIDENCE, "the evidence is too long")
        r = Reader(b)
        need(r.take(len(HEADER)) == HEADER, "not evidence")
        ledger, first, final, root = r.take(32), r.vector(24), r.vector(24), r.take(32)
        e = Evidence(ledger, first, final, root, tuple(r.take(32) for _ in range(r.number(8, MAX_HASHES))))
        r.end()
        return e

    def verify(self, charter):
        """The contradicting and the FINAL checkpoint, each with its cosigners."""
        try:
            Note.parse(self.final).verify_final(charter)
        except Cut as cut:  # it is judged as it was then
            try:
                self.verify(charter.before(cut.epoch))
            except Cut:
                pass
            raise cut
        except Unacceptable:
            pass  # and said below, in its order
        try:
            return self._verify(charter)
        except Cut:
            raise Refused("the first checkpoint was cut, and the FINAL one is of the history that went on") from None

    def _verify(self, charter):
        if self.ledger != charter.ledger():
            raise OtherLedger("it is of another ledger: " + self.ledger.hex())
        first, deceived = tidy(Note.parse(self.first), charter)
        final, cosigners = tidy(Note.parse(self.final), charter)
        if not deceived:
            raise NoQuorum("nobody signed the first checkpoint")
        if not cosigners or len(cosigners) < charter.at(final.size).quorum():
            raise NoQuorum("the second checkpoint is not FINAL")
        if first.size > final.size:
            raise Refused("the first checkpoint is beyond the FINAL one")
        if self.root == first.root:
            raise Refused("the first checkpoint is one of the FINAL history")
        if not consistent(first.size, self.root, final.size, final.root, self.proof):
            raise Refused("nothing proves the root of the FINAL history")
        return (first, deceived), (final, cosigners)


def tidy(note, charter):
    """The checkpoint and the cosigners of a note that holds their lines and no other."""
    try:
        checkpoint, cosigners = note.verify_final(charter)
    except NoQuorum:
        checkpoint, cosigners = note.verify(charter)
    if cosigners and len(note.lines) != 2 * len(cosigners):
        raise Refused("a line that is no cosigner's")
    return checkpoint, cosigners
