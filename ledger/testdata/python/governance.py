"""What is said of who belongs to the consortium: proposals, votes, epochs and recoveries."""

from dataclasses import dataclass, replace

import ed25519
from members import MAX_EPOCHS, MAX_MEMBERS, MAX_VOTERS, Epoch, Member, Node, read_code, signing_key_id
from wire import MAX_MILLISECONDS, Reader, Refused, Unknown, need

MAX_RECOVER = 32_768

ADMIT, REMOVE, PROMOTE, DEMOTE, ROOT, NODE, RAISE = range(1, 8)
CHANGES = {ADMIT: "admit", REMOVE: "remove", PROMOTE: "promote", DEMOTE: "demote", ROOT: "root", NODE: "node", RAISE: "format"}


@dataclass(frozen=True)
class Propose:
    bytes: bytes
    change: int
    code: str  # empty for a format
    what: object  # the member, the new root, the new node, the new format, or None
    proof: bytes

    @staticmethod
    def parse(b):
        r = Reader(b)
        change, what, proof = r.number(8), None, b""
        if change > max(CHANGES):
            raise Unknown(f"a proposal of change {change}")
        need(change in CHANGES, "no such change")
        if change == ADMIT:
            what = Member.read(r, voter=False)
            code = what.code
        elif change == RAISE:
            what, code = r.number(8), ""
            need(what >= 2, "no ledger has an earlier format than 1")
        else:
            code = read_code(r)
        if change == ROOT:
            what = r.take(32)
            need(ed25519.admitted(what), "the key is not admitted")
        elif change == NODE:
            what = Node.read(r, code)
        if change in (ADMIT, ROOT, NODE):
            proof = r.take(64)
        r.end()
        return Propose(b, change, code, what, proof)

    def author(self):
        """The root key that makes the epoch, None where any voter's does."""
        return {ADMIT: lambda: self.what.root, ROOT: lambda: self.what}.get(self.change, lambda: None)()

    def needed(self, epoch):
        """How many voters must be for it."""
        return len(epoch.voters()) if self.change == RAISE else epoch.quorum()

    def proven(self, ledger, epoch):
        if not self.proof:
            return True
        m = epoch.member(self.code)
        root = self.author() or m and m.root
        return root is not None and ed25519.verify_ssh(root, b"enrol@comity", ledger + self.bytes[: -len(self.proof)], self.proof)

    def keys(self):
        """The ids of the keys that it makes known."""
        if self.change == ADMIT:
            return [self.what.root_id(), self.what.access, self.what.at.tls, self.what.at.cosigner_id()]
        if self.change == ROOT:
            return [signing_key_id(self.what)]
        return [self.what.tls, self.what.cosigner_id()] if self.change == NODE else []

    def misfit(self, epoch):
        """The code and the reason why it cannot follow this epoch, or None."""
        if self.change == RAISE:
            if self.what <= epoch.format:
                return "repeated", "the ledger has that format"
            return ("too_many", "as many epochs as there may be") if epoch.number == MAX_EPOCHS else None
        m, voters = epoch.member(self.code), len(epoch.voters())
        if self.change == ADMIT and m:
            return "repeated", "it is a member"
        if self.change != ADMIT and not m:
            return "no_target", "it is no member"
        full = self.change == ADMIT and len(epoch.members) == MAX_MEMBERS
        if epoch.number == MAX_EPOCHS or full:
            return "too_many", "as many epochs, or members, as there may be"
        if self.change == PROMOTE and m.voter or self.change == DEMOTE and not m.voter:
            return "repeated", "it is so already"
        if self.change == PROMOTE and voters == MAX_VOTERS:
            return "too_many", "as many voters as there may be"
        if self.change == PROMOTE and m.old_node:
            return "not_now", "its node may have cosigned what a recovery cut"
        if self.change in (REMOVE, DEMOTE) and m.voter and voters == 1:
            return "not_now", "it is the last voter"
        new = self.what.values() if self.change in (ADMIT, NODE) else []
        if self.change == ROOT:
            new = [self.what, signing_key_id(self.what)]
        used = set()
        for other in epoch.members:
            used.update(other.values()[1:] if other.code == self.code else other.values())
        if used & set(new):
            return "key_in_use", "a member has the key or the address"
        return None

    def after(self, epoch, start):
        """The epoch that follows."""
        if self.change == RAISE:
            return Epoch(epoch.number + 1, start, epoch.members, self.what)
        members = {m.code: m for m in epoch.members}
        if self.change == ADMIT:
            members[self.code] = self.what
        elif self.change == REMOVE:
            del members[self.code]
        else:
            new = {PROMOTE: {"voter": True}, DEMOTE: {"voter": False}, ROOT: {"root": self.what}, NODE: {"at": self.what, "old_node": False}}
            members[self.code] = replace(members[self.code], **new[self.change])
        return Epoch(epoch.number + 1, start, tuple(members[c] for c in sorted(members)), epoch.format)


@dataclass(frozen=True)
class Vote:
    yes: bool

    @staticmethod
    def parse(b):
        need(b in (b"\x01", b"\x02"), "neither for nor against")
        return Vote(b == b"\x01")


@dataclass(frozen=True)
class Enact:
    number: int

    @staticmethod
    def parse(b):
        r = Reader(b)
        e = Enact(r.number(32, MAX_EPOCHS))
        r.end()
        need(e.number, "the founders' epoch has no entry")
        return e


@dataclass(frozen=True)
class Recover:
    number: int
    time: int  # ledger time of the entry, in milliseconds
    changes: tuple  # of Propose

    @staticmethod
    def parse(b):
        r = Reader(b)
        number, time, n = r.number(32, MAX_EPOCHS), r.number(64, MAX_MILLISECONDS), r.number(8, MAX_MEMBERS)
        v = Recover(number, time, tuple(Propose.parse(r.vector(16, 0, 4096)) for _ in range(n)))
        r.end()
        need(number and n, "the founders' epoch, or no changes")
        need(all(p.change in (REMOVE, DEMOTE, NODE) for p in v.changes), "a change that no recovery makes")
        codes = [p.code for p in v.changes]
        need(all(x < y for x, y in zip(codes, codes[1:])), "the bureaus do not ascend")
        return v

    def after(self, ledger, before, size):
        """The epoch that follows, when this cuts the ledger to size entries."""
        if self.number != before.number + 1:
            raise Refused("it begins another epoch than the next")
        if size < max(before.start, 1):
            raise Refused("it cuts what made the epoch before")
        epoch, fresh = before, set()
        for p in self.changes:
            why = p.misfit(epoch)
            if why:
                raise Refused(f"{p.code}: {why[1]}")
            if not p.proven(ledger, before):
                raise Refused(f"the proof of {p.code} does not verify")
            epoch = replace(p.after(epoch, size + 1), number=before.number)
            if p.change == NODE:
                fresh.add(p.code)
        if any(m.code not in fresh for m in epoch.voters()):
            raise Refused("a voter keeps the node that it had")
        members = tuple(replace(m, old_node=m.code not in fresh) for m in epoch.members)
        return replace(epoch, number=self.number, recovered=True, members=members)
