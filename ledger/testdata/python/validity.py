"""The rules of FORMAT.md, "Validity": which entries count, from what stands before them."""

from dataclasses import dataclass, field

from statement import (ACCESS, AMEND, DESK, ENROL, GRANT, INVESTIGATOR, OPERATOR, PROTECTION, PUBLISH, PURGE, PURGE_ACK,
                       RED, REPLY, RETENTION, REVOKE, SEAL, SIGN, SUPERVISOR, WITHDRAW)
from tree import Tree
from wire import ZERO, Refused

ROOT, NODE, COSIGNER = "root", "node", "cosigner"  # uses of keys beside the purposes of an enrolment

DAY = 86_400_000  # ms
RETAINED = 1827 * DAY
REPLIERS = INVESTIGATOR | SUPERVISOR | DESK | PROTECTION

KNOWN = "known"  # the code of what is answered with its index, and is no refusal


class Invalid(Refused):
    """A rule that a statement breaks, by its code."""

    def __init__(self, code, why):
        super().__init__(f"{code}: {why}")
        self.code = code


def rule(condition, code, why):
    if not condition:
        raise Invalid(code, why)


@dataclass
class Key:
    bureau: str
    use: object
    roles: int = 0
    label: str = ""
    public: bytes = b""
    revoked: int | None = None  # index of the revocation


@dataclass
class Notice:
    bureau: str
    kind: int
    ended: int | None = None  # ledger time
    purged: bool = False


@dataclass
class Reply:
    bureau: str
    ended: int  # ledger time: of no more use than to those who have read it
    purged: bool = False


@dataclass
class State:
    """Everything that decides about the next statement."""

    charter: object
    tree: Tree = field(default_factory=Tree)
    keys: dict = field(default_factory=dict)  # by id
    chains: dict = field(default_factory=dict)  # author: (next seq, id of the last)
    statements: dict = field(default_factory=dict)  # id: index
    notices: dict = field(default_factory=dict)  # id of the publish: Notice
    replies: dict = field(default_factory=dict)  # id: Reply
    purges: dict = field(default_factory=dict)  # id: the bureaus whose nodes acknowledged
    time: int = 0  # ledger time of the last entry
    sealing: dict = field(default_factory=dict)  # (bureau, compartment): key id

    def __post_init__(self):
        for m in self.charter.members:
            self.keys[m.root_id()] = Key(m.code, ROOT, public=m.root)
            self.keys[m.tls] = Key(m.code, NODE)
            self.keys[m.cosigner_id()] = Key(m.code, COSIGNER, public=m.ed25519)
            self.keys[m.access] = Key(m.code, ACCESS, OPERATOR)

    def accept(self, entry, time, leaf=None):
        """Appends an entry of a batch of this time, or raises Invalid and changes nothing.

        Where it is known that another entry was signed, leaf is the hash of that one.
        """
        s, index, now = entry.statement, len(self.tree), max(self.time, time)
        rule(s.id() not in self.statements, KNOWN, "the statement is in the log already")
        rule(s.ledger == self.charter.ledger(), "other_ledger", "a statement of another ledger")
        signers = [self._signer(key) for key, _ in entry.signatures]
        for known, (key, signature) in zip(signers, entry.signatures):
            rule(s.signed_by(known.public, signature), "bad_signature", f"the signature of {key.hex()} does not verify")
        rule(s.seen_size <= index and self.tree.roots[s.seen_size] == s.seen_root, "bad_seen",
             "the author saw another history")
        self._allowed(s, signers[0], signers[1:])
        notice = self._target(s, signers[0])
        if s.kind == PURGE:
            notice = self._purgeable(s, signers[0], signers[1:], now)
        if s.kind == PURGE_ACK:
            rule(s.target in self.purges, "no_target", "there is no such purge")
            rule(signers[0].bureau not in self.purges[s.target], "repeated", "the node has acknowledged the purge")
        if s.kind == ENROL:
            rule(s.public.key_id() not in self.keys, "key_in_use", "the key is known already")
            rule(s.public.purpose != SIGN or s.public.proven(s.ledger, s.author), "bad_proof",
                 "the proof of possession does not verify")
        if s.kind == REVOKE:
            self._revocable(s.public.key, signers[0].bureau)
        rule((s.seq, s.prev) == self.chains.get(s.author, (0, ZERO)), "bad_sequence",
             "the statement does not continue the author's chain")
        self._apply(s, signers[0].bureau, notice, index, now)
        self.tree.append(leaf or entry.leaf())
        self.time = now

    def _signer(self, key):
        known = self.keys.get(key)
        rule(known and known.use in (ROOT, SIGN, COSIGNER), "unknown_key", f"no such key is known: {key.hex()}")
        rule(known.revoked is None, "revoked_key", f"the key is revoked: {key.hex()}")
        return known

    def _allowed(self, s, author, others):
        use = {ENROL: ROOT, REVOKE: ROOT, PURGE_ACK: COSIGNER}.get(s.kind, SIGN)
        rule(author.use == use, "not_allowed", "not a statement for this key")
        rule(use == SIGN or not others, "not_allowed", "further signers of a root's or a node's statement")
        rule(all(k.use == SIGN and k.bureau == author.bureau for k in others), "not_allowed",
             "a further signer is no officer of the bureau")
        if s.kind in (PUBLISH, AMEND, WITHDRAW, GRANT):
            rule(author.roles & (INVESTIGATOR | SUPERVISOR), "not_allowed", "the author has not the role for it")
        if s.kind == REPLY:
            rule(author.roles & REPLIERS, "not_allowed", "the author has not the role for it")
        if s.kind in (PUBLISH, AMEND) and s.public.kind == RED:
            rule(any(k.roles & SUPERVISOR for k in others), "four_eyes", "no supervisor signed as well")

    def _target(self, s, author):
        """The notice that a statement acts on, or None."""
        if s.kind not in (AMEND, WITHDRAW, GRANT):
            return None
        notice = self.notices.get(s.target)
        rule(notice, "no_target", "there is no such notice")
        rule(notice.bureau == author.bureau, "not_allowed", "the notice is of another bureau")
        rule(notice.ended is None, "ended", "the notice is withdrawn")
        rule(s.kind != AMEND or s.public.kind == notice.kind, "not_allowed", "the notice is of another kind")
        return notice

    def _purgeable(self, s, author, others, now):
        """The notice or reply that a purge names."""
        what = self.replies.get(s.target) or self.notices.get(s.target)
        rule(what, "no_target", "there is no such notice or reply")
        rule(not what.purged, "repeated", "it is purged")
        rule(what.ended is not None, "not_ended", "the notice has not ended")
        own = author.bureau == what.bureau and author.roles & REPLIERS
        passed, supervisor = now >= what.ended + RETAINED, author.roles & SUPERVISOR
        if passed and (own or supervisor):
            return what
        rule(passed or author.bureau == what.bureau or not supervisor, "too_early", "only its origin may, so early")
        rule(own, "not_allowed", "not an officer of its bureau")
        rule(s.public.reason != RETENTION, "too_early", "it may still be kept")
        rule(any(k.roles & SUPERVISOR for k in others), "four_eyes", "no supervisor signed as well")
        return what

    def _revocable(self, key, bureau):
        known = self.keys.get(key)
        rule(known, "no_target", "there is no such key")
        rule(known.bureau == bureau and known.use not in (ROOT, NODE, COSIGNER), "not_allowed", "not a key that it may revoke")
        rule(known.revoked is None, "ended", "the key is revoked already")

    def _apply(self, s, bureau, notice, index, now):
        self.statements[s.id()] = index
        self.chains[s.author] = (s.seq + 1, s.id())
        if s.kind == PUBLISH:
            self.notices[s.id()] = Notice(bureau, s.public.kind)
        elif s.kind == WITHDRAW:
            notice.ended = now
        elif s.kind == REPLY:
            self.replies[s.id()] = Reply(bureau, now)
        elif s.kind == PURGE:
            notice.purged = True
            self.purges[s.id()] = set()
        elif s.kind == PURGE_ACK:
            self.purges[s.target].add(bureau)
        elif s.kind == ENROL:
            e = s.public
            use = e.purpose
            self.keys[e.key_id()] = Key(bureau, use, e.roles, e.label, e.key)
            if e.purpose == SEAL:
                self.sealing[bureau, e.compartment] = e.key_id()
        elif s.kind == REVOKE:
            self.keys[s.public.key].revoked = index
            self.sealing = {k: v for k, v in self.sealing.items() if v != s.public.key}
