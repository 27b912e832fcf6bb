"""Proof against a recovery: roots signed another one as well, or it cut what was FINAL."""

from dataclasses import dataclass

from certificate import signed
from note import Note
from statement import RECOVER, Entry
from wire import NoQuorum, OldCharter, OtherLedger, Reader, Refused, need

HEADER = b"comity recovery evidence v1\n"
MAX_RECOVERY_EVIDENCE = 262_144
ANOTHER, HEAD = 1, 2


@dataclass(frozen=True)
class Fault:
    """What was found."""

    epoch: int
    plans: tuple  # of Plan
    cut: object = None  # the checkpoint that was cut
    cosigners: tuple = ()
    both: tuple = ()


@dataclass(frozen=True)
class Plan:
    entry: Entry
    codes: tuple  # who signed, ascending
    quorum: bool


@dataclass(frozen=True)
class RecoveryEvidence:
    ledger: bytes
    first: Entry
    second: Entry | None
    note: bytes | None

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_RECOVERY_EVIDENCE, "the evidence is too long")
        r = Reader(b)
        need(r.take(len(HEADER)) == HEADER, "not recovery evidence")
        ledger, first, kind, other = r.take(32), recovery(r.vector(24)), r.number(8), r.vector(24)
        r.end()
        need(kind in (ANOTHER, HEAD), "neither another recovery nor a checkpoint")
        if kind == ANOTHER:
            return RecoveryEvidence(ledger, first, recovery(other), None)
        return RecoveryEvidence(ledger, first, None, other)

    def verify(self, charter):
        if self.ledger != charter.ledger():
            raise OtherLedger("it is of another ledger: " + self.ledger.hex())
        number = self.first.statement.public.number
        if number > len(charter.epochs()):
            raise OldCharter("it is about an epoch that the charter file does not come to")
        before = charter.epochs()[number - 1]
        first = plan(charter, before, self.first)
        if self.second:
            second = plan(charter, before, self.second)
            both = tuple(c for c in first.codes if c in second.codes)
            if not both or first.entry.statement.id() == second.entry.statement.id():
                raise Refused("nobody signed two recoveries")
            return Fault(number, (first, second), both=both)
        if not first.quorum:
            raise NoQuorum("too few signed the recovery: it cut nothing")
        note = Note.parse(self.note)
        checkpoint, cosigners = note.verify(charter, before)
        if len(cosigners) < before.quorum():
            raise NoQuorum("the checkpoint was never FINAL")
        if len(note.lines) != 2 * len(cosigners):
            raise Refused("a line that is no cosigner's")
        if checkpoint.size <= first.entry.statement.seen_size:
            raise Refused("the checkpoint was kept")
        cosigners = tuple(sorted(cosigners))
        return Fault(number, (first,), checkpoint, cosigners, tuple(c for c in cosigners if c in first.codes))


def recovery(b):
    e = Entry.parse(b)
    need(e.statement.kind == RECOVER, "not a recovery")
    return e


def plan(charter, before, entry):
    """A recovery that could be carried out, but for the number of those who signed."""
    s, voters, codes = entry.statement, {m.root_id(): m for m in before.voters()}, []
    if s.ledger != charter.ledger():
        raise OtherLedger("a recovery of another ledger")
    s.public.after(charter.ledger(), before, s.seen_size)
    for i, (key, _) in enumerate(entry.signatures):
        if key not in voters or not signed(entry, voters[key].root, i):
            raise Refused("a signature that is no voter's, or does not verify")
        codes.append(voters[key].code)
    return Plan(entry, tuple(sorted(codes)), len(codes) >= before.quorum())
