"""Certificates: that an epoch follows the one before, for whoever knows that one."""

from dataclasses import dataclass

from charter import FORMAT
from governance import RAISE
from members import signing_key_id
from note import Receipt
from statement import EPOCH, PROPOSE, RECOVER, VOTE, Entry
from wire import Cut, Later, NoQuorum, OtherLedger, Reader, Refused, need

MAX_CERTIFICATE, MAX_VOTES = 49_152, 15


@dataclass(frozen=True)
class Certificate:
    proposal: Entry = None
    votes: tuple = ()
    epoch: Entry = None
    receipt: Receipt = None
    recovery: Entry = None  # in the place of all that

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_CERTIFICATE, "the certificate is too long")
        r = Reader(b)
        first = r.vector(24)
        if not first:
            c = Certificate(recovery=Entry.parse(r.vector(24)))
            r.end()
            need(c.recovery.statement.kind == RECOVER, "not a recovery")
            return c
        proposal = Entry.parse(first)
        votes = tuple(Entry.parse(r.vector(24)) for _ in range(r.number(8, MAX_VOTES)))
        c = Certificate(proposal, votes, Entry.parse(r.vector(24)), Receipt.parse(r.vector(24)))
        r.end()
        need(proposal.statement.kind == PROPOSE and c.epoch.statement.kind == EPOCH, "not a proposal and its epoch")
        need(all(v.statement.kind == VOTE for v in votes), "not votes")
        authors = [v.statement.author for v in votes]
        need(all(x < y for x, y in zip(authors, authors[1:])), "the votes do not ascend")
        return c

    def format(self):
        """The format that it is about, 0 for none."""
        return self.proposal.statement.public.what if self.proposal and self.proposal.statement.public.change == RAISE else 0

    def follows(self, ledger, before):
        """The epoch that it makes of the one before. The receipt is still to be verified."""
        if self.recovery:
            return self._recovered(ledger, before)
        proposal, epoch = self.proposal.statement, self.epoch.statement
        for e in (self.proposal, self.epoch, *self.votes):
            if e.statement.ledger != ledger:
                raise OtherLedger("a certificate of another ledger")
            if len(e.signatures) != 1:
                raise Refused("an entry with more than one signature")
        change, voters, voices = proposal.public, {m.root_id(): m for m in before.voters()}, set()
        if epoch.public.number != before.number + 1 or epoch.target != proposal.id():
            raise Refused("its epoch is another")
        if self.receipt.index < before.start:
            raise Refused("it does not follow the epoch before")
        if proposal.author in voters:
            if not signed(self.proposal, voters[proposal.author].root):
                raise Refused("the proposal is not signed by its author")
            voices.add(proposal.author)
        for v in self.votes:
            s = v.statement
            if s.target != proposal.id() or not s.public.yes:
                raise Refused("a vote that is not for the proposal")
            if s.author not in voters or s.author == proposal.author or not signed(v, voters[s.author].root):
                raise Refused("a vote that does not count")
            voices.add(s.author)
        if len(voices) < change.needed(before):
            raise NoQuorum(f"{len(voices)} voters are for it, {change.needed(before)} are needed")
        author = change.author() or (voters[epoch.author].root if epoch.author in voters else None)
        if author is None or not signed(self.epoch, author):
            raise Refused("the epoch is not by one who may")
        why = change.misfit(before)
        if why:
            raise Refused(why[1])
        if not change.proven(ledger, before):
            raise Refused("the proof in the proposal does not verify")
        return change.after(before, self.receipt.index + 1)


    def _recovered(self, ledger, before):
        s, voters = self.recovery.statement, {m.root_id(): m for m in before.voters()}
        if s.ledger != ledger:
            raise OtherLedger("a recovery of another ledger")
        for i, (key, _) in enumerate(self.recovery.signatures):
            if key not in voters or not signed(self.recovery, voters[key].root, i):
                raise Refused("a signature that is no voter's, or does not verify")
        if len(self.recovery.signatures) < before.quorum():
            raise NoQuorum(f"{len(self.recovery.signatures)} voters signed it, {before.quorum()} are needed")
        return s.public.after(ledger, before, s.seen_size)


def signed(entry, public, i=0):
    key, signature = entry.signatures[i]
    return key == signing_key_id(public) and entry.statement.signed_by(public, signature)


def extend(charter, certificates):
    """The charter with the epochs that the certificates prove, in their order."""
    epochs = list(charter.epochs())
    for c in certificates:
        epochs.append(c.follows(charter.ledger(), epochs[-1]))
        if epochs[-1].format > FORMAT:
            raise Later(f"the ledger has format {epochs[-1].format}, which is one to come")
    charter = charter.knowing(epochs)
    for c in certificates:
        if c.recovery:
            continue
        try:
            c.receipt.verify(charter, c.epoch.leaf())
        except Cut as e:  # the checkpoint is gone; the entry may be among those that a later recovery kept
            if c.receipt.index >= e.epoch.start - 1:
                raise
    return charter
