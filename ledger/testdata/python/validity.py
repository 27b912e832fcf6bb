"""The rules of FORMAT.md, "Validity": which entries count, from what stands before them."""

from dataclasses import dataclass, field

from statement import (ACCESS, AMEND, DESK, ENROL, GRANT, INVESTIGATOR, OPERATOR, PROTECTION, PUBLISH, RED, REPLY,
                       REVOKE, SEAL, SIGN, SUPERVISOR, WITHDRAW)
from tree import Tree
from wire import ZERO, Refused

ROOT, NODE = "root", "node"  # uses of keys beside the purposes of an enrolment

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
    active: bool = True


@dataclass
class State:
    """Everything that decides about the next statement."""

    charter: object
    tree: Tree = field(default_factory=Tree)
    keys: dict = field(default_factory=dict)  # by id
    chains: dict = field(default_factory=dict)  # author: (next seq, id of the last)
    statements: dict = field(default_factory=dict)  # id: index
    notices: dict = field(default_factory=dict)  # id of the publish: Notice
    sealing: dict = field(default_factory=dict)  # (bureau, compartment): key id

    def __post_init__(self):
        for m in self.charter.members:
            self.keys[m.root_id()] = Key(m.code, ROOT, public=m.root)
            self.keys[m.tls] = Key(m.code, NODE)
            self.keys[m.access] = Key(m.code, ACCESS, OPERATOR)

    def accept(self, entry, leaf=None):
        """Appends an entry, or raises Invalid and changes nothing.

        Where it is known that another entry was signed, leaf is the hash of that one.
        """
        s, index = entry.statement, len(self.tree)
        rule(s.id() not in self.statements, KNOWN, "the statement is in the log already")
        rule(s.ledger == self.charter.ledger(), "other_ledger", "a statement of another ledger")
        signers = [self._signer(key) for key, _ in entry.signatures]
        for known, (key, signature) in zip(signers, entry.signatures):
            rule(s.signed_by(known.public, signature), "bad_signature", f"the signature of {key.hex()} does not verify")
        rule(s.seen_size <= index and self.tree.roots[s.seen_size] == s.seen_root, "bad_seen",
             "the author saw another history")
        self._allowed(s, signers[0], signers[1:])
        notice = self._target(s, signers[0])
        if s.kind == ENROL:
            rule(s.public.key_id() not in self.keys, "key_in_use", "the key is known already")
            rule(s.public.purpose != SIGN or s.public.proven(s.ledger, s.author), "bad_proof",
                 "the proof of possession does not verify")
        if s.kind == REVOKE:
            self._revocable(s.public.key, signers[0].bureau)
        rule((s.seq, s.prev) == self.chains.get(s.author, (0, ZERO)), "bad_sequence",
             "the statement does not continue the author's chain")
        self._apply(s, signers[0].bureau, notice, index)
        self.tree.append(leaf or entry.leaf())

    def _signer(self, key):
        known = self.keys.get(key)
        rule(known and known.use in (ROOT, SIGN), "unknown_key", f"no such key is known: {key.hex()}")
        rule(known.revoked is None, "revoked_key", f"the key is revoked: {key.hex()}")
        return known

    def _allowed(self, s, author, others):
        by_root = s.kind in (ENROL, REVOKE)
        rule((author.use == ROOT) == by_root, "not_allowed", "not a statement for this key")
        rule(not (by_root and others), "not_allowed", "further signers of a root's statement")
        rule(all(k.use == SIGN and k.bureau == author.bureau for k in others), "not_allowed",
             "a further signer is no officer of the bureau")
        if s.kind in (PUBLISH, AMEND, WITHDRAW, GRANT):
            rule(author.roles & (INVESTIGATOR | SUPERVISOR), "not_allowed", "the author has not the role for it")
        if s.kind == REPLY:
            rule(author.roles & (INVESTIGATOR | SUPERVISOR | DESK | PROTECTION), "not_allowed",
                 "the author has not the role for it")
        if s.kind in (PUBLISH, AMEND) and s.public.kind == RED:
            rule(any(k.roles & SUPERVISOR for k in others), "four_eyes", "no supervisor signed as well")

    def _target(self, s, author):
        """The notice that a statement acts on, or None."""
        if s.kind not in (AMEND, WITHDRAW, GRANT):
            return None
        notice = self.notices.get(s.target)
        rule(notice, "no_target", "there is no such notice")
        rule(notice.bureau == author.bureau, "not_allowed", "the notice is of another bureau")
        rule(notice.active, "ended", "the notice is withdrawn")
        rule(s.kind != AMEND or s.public.kind == notice.kind, "not_allowed", "the notice is of another kind")
        return notice

    def _revocable(self, key, bureau):
        known = self.keys.get(key)
        rule(known, "no_target", "there is no such key")
        rule(known.bureau == bureau and known.use not in (ROOT, NODE), "not_allowed", "not a key that it may revoke")
        rule(known.revoked is None, "ended", "the key is revoked already")

    def _apply(self, s, bureau, notice, index):
        self.statements[s.id()] = index
        self.chains[s.author] = (s.seq + 1, s.id())
        if s.kind == PUBLISH:
            self.notices[s.id()] = Notice(bureau, s.public.kind)
        elif s.kind == WITHDRAW:
            notice.active = False
        elif s.kind == ENROL:
            e = s.public
            use = e.purpose
            self.keys[e.key_id()] = Key(bureau, use, e.roles, e.label, e.key)
            if e.purpose == SEAL:
                self.sealing[bureau, e.compartment] = e.key_id()
        elif s.kind == REVOKE:
            self.keys[s.public.key].revoked = index
            self.sealing = {k: v for k, v in self.sealing.items() if v != s.public.key}
