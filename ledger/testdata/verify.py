#!/usr/bin/env python3
"""verify.py - check files of a comity ledger, offline, with Python alone.

    verify.py [--charter FILE] [--ledger ID] [--anchors FILE] [--entry FILE] FILE...
    verify.py --vectors FOLDER
    verify.py --charter FILE --judge FILE

It was written from ledger/FORMAT.md and crypto/CRYPTO.md, not from the code that
they describe, and shares none with it: what both accept, the documents say. It
takes a charter (genesis), exhibit, disclosures, receipt, note, evidence, evidence against a
recovery, or bundle, tells them apart by their first bytes, and prints a line for each:

    authentic      it proves what it says, for the ledger of the charter
    not authentic  it does not; why
    cannot tell    nothing in it is wrong, but something that is needed is missing

--charter FILE   the genesis that is trusted, for all that does not bring its own
--ledger ID      the ledger id that is trusted, 64 hex digits: then a charter of
                 that ledger, in a file of its own or in a bundle, is trusted too
--anchors FILE   heads of a ledger that were verified before: a bundle must have them
--entry FILE     the entry that a receipt is for
--vectors        check all vectors of a folder, a line for each that fails
--judge          apply commands to a new ledger: a line of the file is one, in
                 hex, and the codes that must come of what is in it, or ok

Exit: 0 all authentic, 1 something is not, 2 cannot tell, 3 wrong usage.
"""

import argparse
import glob
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "python"))

import anchors
import bundle
import charter as charters
import disclosure
import evidence
import exhibit
import recovery
import seal_vectors
import vectors
from note import Note, Receipt
from replay import Log
from statement import Entry
from wire import Cut, Later, NoQuorum, OldCharter, OtherLedger, Refused, Unacceptable, Unknown

AUTHENTIC, NOT_AUTHENTIC, CANNOT_TELL, USAGE = 0, 1, 2, 3
MAX_FAILURES = 3  # named of one file; one wrong entry makes later ones wrong
WORDS = ["authentic", "not authentic", "cannot tell"]


class CannotTell(Exception):
    """What is missing."""


class Verifier:
    """What is trusted: a charter, a ledger id or neither, and heads of it that were verified before."""

    def __init__(self, charter=None, ledger=None, known=(), entry=None):
        self.charter, self.ledger, self.known, self.entry = charter, ledger, known, entry

    def trusted(self):
        if self.charter is None:
            raise CannotTell("no charter to check it against: --charter")
        return self.charter

    def file(self, b):
        """What a file proves, in a sentence. Raises Unacceptable or CannotTell."""
        for start, verify in (
            (exhibit.HEADER, self.exhibit),
            (disclosure.HEADER, self.disclosures),
            (evidence.HEADER, self.evidence),
            (recovery.HEADER, self.recovery),
            (bundle.HEADER, self.bundle),
            (b"c2sp.org/tlog-proof@", self.receipt),
            (b"comity/", self.note),
        ):
            if b.startswith(start):
                try:
                    return verify(b)
                except Unknown as e:
                    if start not in (exhibit.HEADER, disclosure.HEADER):
                        raise
                    raise Later(f"{e}: forged, or of a format to come") from None
        return self.genesis(b)

    def genesis(self, b):
        charter = charters.verify_genesis(b)
        found = f"charter of {charter.name!r}, {len(charter.members)} members, ledger {charter.ledger().hex()}"
        return self.meant(charter, found)

    def meant(self, charter, found):
        """What was found, if its charter is that of the ledger that is trusted."""
        if self.ledger is None:
            raise CannotTell(found + ": nothing says that this is the ledger meant: --ledger")
        if charter.ledger() != self.ledger:
            raise Refused("it is of another ledger than the one meant: " + charter.ledger().hex())
        return found

    def exhibit(self, b):
        x = exhibit.Exhibit.parse(b)
        checkpoint, cosigners, signers = x.verify(self.trusted())
        s = x.item.entry.statement
        return (f"{s.name()} {s.id().hex()}, entry {x.receipt.index}, "
                f"signed by {', '.join(f'{g.bureau} {g.label}'.strip() for g in signers)}; "
                f"FINAL at {checkpoint.size}, cosigned by {' '.join(sorted(cosigners))}")

    def disclosures(self, b):
        found = []
        for d in disclosure.parse(b):
            _, opened = d.verify(self.trusted())
            found.append(f"{d.exhibit.item.entry.statement.name()} {d.exhibit.item.entry.statement.id().hex()}, {len(opened)} parts opened")
        return "; ".join(found)

    def evidence(self, b):
        charter = self.trusted()
        (first, deceived), (final, cosigners) = evidence.Evidence.parse(b).verify(charter)
        both = " ".join(sorted(set(deceived) & set(cosigners))) or "nobody"
        found = (f"{' '.join(sorted(deceived))} cosigned a history of {first.size} entries that is not the FINAL one of "
                 f"{final.size}, cosigned by {' '.join(sorted(cosigners))}; {both} cosigned both")
        if len(deceived) >= charter.at(first.size).quorum():
            found += "; both are FINAL, and which is the true one is not in the file"
        return found

    def recovery(self, b):
        f = recovery.RecoveryEvidence.parse(b).verify(self.trusted())
        both = " ".join(f.both) or "nobody"
        first = f.plans[0].entry.statement
        if f.cut is None:
            second = f.plans[1].entry.statement
            return f"{both} signed two recoveries to epoch {f.epoch}, {first.id().hex()[:16]} and {second.id().hex()[:16]}"
        return (f"the recovery to epoch {f.epoch} from entry {first.seen_size}, signed by {' '.join(f.plans[0].codes)}, cut the "
                f"FINAL checkpoint of {f.cut.size} entries, cosigned by {' '.join(f.cosigners)}; {both} signed both")

    def bundle(self, b):
        a = bundle.Audit(b, self.known)
        if a.failures:
            more = len(a.failures) - MAX_FAILURES
            raise Refused("; ".join(a.failures[:MAX_FAILURES]) + (f"; and {more} more that follow" if more > 0 else ""))
        head, cosigners = a.heads[-1]
        found = (f"{head.size} entries of ledger {a.charter.ledger().hex()}, FINAL by {' '.join(sorted(cosigners))}; "
                 f"{len(a.heads)} heads, {a.included} bodies, {a.absent} absent, "
                 f"{a.proven} of {len(a.bundle.evidence)} pieces of evidence good")
        return self.meant(a.charter, found)

    def receipt(self, b):
        r, charter = Receipt.parse(b), self.trusted()
        if self.entry is None:
            r.note.verify_final(charter)
            raise CannotTell("the receipt of an entry that was not given: --entry")
        checkpoint, _ = r.verify(charter, Entry.parse(self.entry).leaf())
        return f"receipt for entry {r.index} of {checkpoint.size}"

    def note(self, b):
        checkpoint, cosigners = Note.parse(b).verify_final(self.trusted())
        return f"FINAL checkpoint of {checkpoint.size} entries, cosigned by {' '.join(sorted(cosigners))}"


def judge(charter, path):
    """Applies commands in order; what is in each must come to the codes that stand behind it."""
    log, wrong, count = Log(charter), 0, 0
    with open(path, encoding="ascii") as f:
        for number, line in enumerate(f, 1):
            encoded, *want = line.split()
            got = log.apply(bytes.fromhex(encoded))
            count += len(got)
            if got != want:
                wrong += 1
                print(f"not authentic: line {number}: {' '.join(got)}, want {' '.join(want)}")
    print(f"{count} judged, {wrong} commands otherwise than they must be")
    print(f"log {len(log.state.tree)} {log.state.tree.root().hex()}")
    for name, at in ("pending", log.pending), ("final", log.final):
        if at:
            print(f"{name} {at[0].size} {at[0].root.hex()} {' '.join(sorted(at[1]))}".rstrip())
    return NOT_AUTHENTIC if wrong or not count else AUTHENTIC


def check_vectors(folder):
    paths, failed = sorted(glob.glob(os.path.join(folder, "*.txt"))), 0
    for path in paths:
        with open(path, "rb") as f:
            typed = any(line.startswith(b"type ") for line in f)
        why = (vectors if typed else seal_vectors).check(path)
        if why:
            failed += 1
            print(f"not authentic: {os.path.basename(path)}: {why}")
    print(f"{len(paths)} vectors, {failed} failed")
    return NOT_AUTHENTIC if failed or not paths else AUTHENTIC


def check_files(verifier, paths):
    worst = AUTHENTIC
    for path in paths:
        try:
            verdict, why = AUTHENTIC, verifier.file(read(path))
        except (Cut, Later, NoQuorum, OldCharter, OtherLedger) as e:
            verdict, why = CANNOT_TELL, str(e)
        except Unacceptable as e:
            verdict, why = NOT_AUTHENTIC, str(e)
        except CannotTell as e:
            verdict, why = CANNOT_TELL, str(e)
        print(f"{WORDS[verdict]}: {path}: {why}")
        if worst != NOT_AUTHENTIC and verdict != AUTHENTIC:
            worst = verdict
    return worst


def read(path):
    with open(path, "rb") as f:
        return f.read()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.error = lambda message: p.exit(USAGE, f"verify.py: {message}\n")
    p.add_argument("--charter")
    p.add_argument("--ledger", type=bytes.fromhex)
    p.add_argument("--anchors")
    p.add_argument("--entry")
    p.add_argument("--vectors")
    p.add_argument("--judge")
    p.add_argument("files", nargs="*")
    o = p.parse_args()
    if not (o.vectors or o.judge or o.files):
        p.error("no file")
    try:
        if o.vectors:
            return check_vectors(o.vectors)
        charter, ledger, known = trust(o)
        if o.judge:
            return judge(charter, o.judge) if charter else p.error("--judge needs --charter")
        return check_files(Verifier(charter, ledger, known, read(o.entry) if o.entry else None), o.files)
    except (OSError, ValueError) as e:
        p.error(str(e))


def trust(o):
    """The charter, the ledger id and the heads that the options name."""
    try:
        charter = charters.verify_genesis(read(o.charter)) if o.charter else None
        anchored, known = anchors.parse(read(o.anchors)) if o.anchors else (None, ())
    except Unacceptable as e:
        raise ValueError(f"what is trusted cannot be: {e}") from None
    ids = {i for i in (charter and charter.ledger(), o.ledger, anchored) if i}
    if len(ids) > 1:
        raise ValueError("what is trusted is of several ledgers")
    return charter, ids.pop() if ids else None, known


if __name__ == "__main__":
    sys.exit(main())
