"""One entry in a file with all that proves it."""

from dataclasses import dataclass

from note import Receipt
from statement import ENROL, SIGN, Entry, Item, signing_key_id
from wire import OtherLedger, Reader, Refused, need

HEADER = b"comity exhibit v1\n"
MAX_EXHIBIT, MAX_ENROLMENTS = 2_097_152, 4


@dataclass(frozen=True)
class Signer:
    bureau: str
    key: bytes  # id
    enrolled: int | None  # index of the enrolment, None for a root
    label: str


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
        checkpoint, cosigners = self.receipt.verify(charter, entry.leaf())
        roots, left, signers = charter.roots(), list(self.enrolments), []
        for key, signature in entry.signatures:
            if key in roots:
                signer, public = Signer(roots[key].code, key, None, ""), roots[key].root
            elif key in charter.cosigners():
                member = charter.cosigners()[key]
                signer, public = Signer(member.code, key, 0, "node"), member.ed25519
            else:
                if not left:
                    raise Refused(f"nothing says whose key {key.hex()} is")
                enrolment, receipt = left.pop(0)
                signer, public = verify_enrolment(charter, key, enrolment, receipt)
                if signer.enrolled >= self.receipt.index:
                    raise Refused("a signer was enrolled after the entry")
            if not statement.signed_by(public, signature):
                raise Refused(f"the signature of {key.hex()} does not verify")
            signers.append(signer)
        if left:
            raise Refused("an enrolment of nobody who signed")
        return checkpoint, cosigners, signers


def verify_enrolment(charter, key, entry, receipt):
    """The signer and the public key that an entry enrolled."""
    s, roots = entry.statement, charter.roots()
    good = (s.kind == ENROL and s.ledger == charter.ledger() and len(entry.signatures) == 1 and s.author in roots
            and s.signed_by(roots[s.author].root, entry.signatures[0][1])
            and s.public.purpose == SIGN and signing_key_id(s.public.key) == key
            and s.public.proven(s.ledger, s.author))
    if not good:
        raise Refused(f"the enrolment of {key.hex()} does not verify")
    receipt.verify(charter, entry.leaf())
    return Signer(roots[s.author].code, key, receipt.index, s.public.label), s.public.key
