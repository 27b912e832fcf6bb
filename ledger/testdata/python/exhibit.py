"""One entry in a file with all that proves it."""

from dataclasses import dataclass

from note import Receipt
from statement import EPOCH, REGISTRAR, SIGN, Entry, Item
from wire import Cut, OldCharter, OtherLedger, Reader, Refused, need

HEADER = b"comity exhibit v1\n"
MAX_EXHIBIT, MAX_ENROLMENTS = 2_097_152, 8


@dataclass(frozen=True)
class Signer:
    bureau: str
    key: bytes  # id
    enrolled: int | None  # index of the enrolment, None for a root
    label: str
    by: str = ""  # label of the registrar who enrolled it


@dataclass(frozen=True)
class Exhibit:
    ledger: bytes
    item: Item
    receipt: Receipt
    enrolments: tuple  # of (Entry, Receipt)

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_EXHIBIT, "the exhibit is too long")
        r = Reader(b)
        need(r.take(len(HEADER)) == HEADER, "not an exhibit")
        ledger, item, receipt = r.take(32), Item.read(r, matching=False), Receipt.parse(r.vector(24))
        n = r.number(8, MAX_ENROLMENTS)
        enrolments = tuple((Entry.parse(r.vector(24)), Receipt.parse(r.vector(24))) for _ in range(n))
        r.end()
        return Exhibit(ledger, item, receipt, enrolments)

    def verify(self, charter):
        """The checkpoint, the cosigners and the signers."""
        ledger, entry, statement = charter.ledger(), self.item.entry, self.item.entry.statement
        if self.ledger != ledger:
            raise OtherLedger("it is of another ledger: " + self.ledger.hex())
        if statement.ledger != ledger:
            raise Refused("the statement is of another ledger")
        if not statement.names(self.item.body):
            raise Refused("the sealed body is not the one of the statement")
        cut = None
        try:
            checkpoint, cosigners = self.receipt.verify(charter, entry.leaf())
        except Cut as e:  # it is judged as it was then
            cut, charter = e, charter.before(e.epoch)
        epoch = charter.at(self.receipt.index + (statement.kind == EPOCH))
        roots, cosigning, left, signers = epoch.roots(), epoch.cosigners(), list(self.enrolments), []
        for key, signature in entry.signatures:
            if key in roots:
                signer, public = Signer(roots[key].code, key, None, ""), roots[key].root
            elif key in cosigning:
                member = cosigning[key]
                signer, public = Signer(member.code, key, 0, "node"), member.at.ed25519
            else:
                signer, public = enrolled(charter, key, left, self.receipt.index)
            if not statement.signed_by(public, signature):
                raise Refused(f"the signature of {key.hex()} does not verify")
            signers.append(signer)
        if left:
            raise Refused("an enrolment of nobody who signed")
        if cut:
            raise cut
        return checkpoint, cosigners, signers


def enrolled(charter, key, left, end):
    """The signer and the public key of this id, by the first of the enrolments left, or of two."""
    first = take(charter, left, end)
    author, by = first[0].statement.author, ""
    member, since = charter.at(first[1].index).roots().get(author), first[1].index
    public = member and member.root
    if not member:
        second = take(charter, left, first[1].index)
        since = second[1].index
        member = charter.at(since).roots().get(second[0].statement.author)
        if not member:
            raise unknown(charter, since, f"no root enrolled {author.hex()}")
        registrar = verify_enrolment(charter, author, *second, member.root, first[1].index)
        if not registrar.roles & REGISTRAR:
            raise Refused(f"{author.hex()} is no registrar's")
        by, public = registrar.label, registrar.key
    fields = verify_enrolment(charter, key, *first, public, end)
    if not all(e.member(member.code) for e in charter.epochs() if charter.at(since).start <= e.start <= end):
        raise Refused("the bureau of a signer left before the entry")
    return Signer(member.code, key, first[1].index, fields.label, by), fields.key


def unknown(charter, index, why):
    """What is not known may be of an epoch after the last that the charter file knows."""
    return (OldCharter if index >= charter.epochs()[-1].start else Refused)(why)


def take(charter, left, index):
    if not left:
        raise unknown(charter, index, "nothing says whose key it is")
    return left.pop(0)


def verify_enrolment(charter, key, entry, receipt, author, end):
    """The fields of the enrolment of a key below an index, by the holder of author."""
    s = entry.statement
    fields = s.admits()
    good = (fields and s.ledger == charter.ledger() and len(entry.signatures) == 1
            and s.signed_by(author, entry.signatures[0][1])
            and fields.purpose == SIGN and fields.key_id() == key and fields.proven(s.ledger, s.author))
    if not good:
        raise Refused(f"the enrolment of {key.hex()} does not verify")
    receipt.verify(charter, entry.leaf())
    if receipt.index >= end:
        raise Refused("a signer was enrolled after the entry")
    return fields
