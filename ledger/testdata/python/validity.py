"""The rules of FORMAT.md, "Validity": which entries count, from what stands before them."""

from dataclasses import dataclass, field

import governance as changes
from charter import FORMAT
from members import signing_key_id
from statement import (ACCESS, AMEND, APPROVE, AUDITOR, CANCELLED, CIRCLE, DESK, ENROL, EPOCH, EXTEND, GRANT, INVESTIGATOR, LIFT,
                       NEEDS, OPERATOR, ORIGIN, OVERSIGHT, PROPOSE, PROTECTION, PUBLISH, PURGE, PURGE_ACK, RECOVER, RED, REGISTRAR,
                       REPLY, RETENTION, RETURN, REVIEW, REVIEWERS, REVOKE, ROTATE, SEAL, SIGN, SUPERVISOR, SUSPEND, VOTE, WITHDRAW)
from seal import Body
from tree import Tree
from wire import MAX_DAY, ZERO, Later, Malformed, Refused

ROOT, NODE, COSIGNER = "root", "node", "cosigner"  # uses of keys beside the purposes of an enrolment

DAY = 86_400_000  # ms
RETAINED = 1827 * DAY
TERM, DUE = 1827, 183  # days
VICTIM = 3  # compartment
LEAVERS = 3  # the format with which came what ends with a bureau that leaves
CIRCLES = 32  # open ones of a bureau
PROPOSALS, LAPSE = 8, 30 * DAY  # open ones of a bureau, and for how long
NOT_SUSPECT = 2**64 - 1
UNREVIEWED = (0, 11)  # kinds: undisclosed, tally
ACTS = (AMEND, WITHDRAW, GRANT, EXTEND, REVIEW, SUSPEND, LIFT)  # on a notice
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


def has_victim(body):
    """Whether a sealed body, which may be anything, has a victim's part."""
    try:
        return any(p.compartment == VICTIM for p in Body.parse(body).parts)
    except Malformed:
        return False


@dataclass
class Key:
    bureau: str
    use: object
    roles: int = 0
    label: str = ""
    public: bytes = b""
    revoked: int | None = None  # index of the revocation or rotation
    doubted: int | None = None  # index from which what it signed deserves a look


def day(ms):
    return min(ms // DAY, MAX_DAY)


@dataclass
class Notice:
    bureau: str
    kind: int
    version: bytes  # id of its statement
    review_by: int
    limit: int  # the last day, whatever review_by says
    status: str = "active"
    held: set = field(default_factory=set)  # authorities
    end: int | None = None  # ledger time of the entry that ended it
    purged: bool = False
    votes: dict = field(default_factory=dict)  # (bureau, what): choice
    parts: bool = False  # a word was added in a ledger of the format LEAVERS

    def term(self):
        return min(self.review_by or self.limit, self.limit)

    def ended(self, now):
        """The ledger time of its end, or None."""
        expiry = (self.term() + 1) * DAY
        return self.end if self.end is not None else expiry if now >= expiry else None

    def withheld(self):
        """Whether others than the origin hold it suspended."""
        return bool(self.held - {ORIGIN})

    def keep(self, codes):
        """Forgets what bureaus said that are no members."""
        self.votes = {k: v for k, v in self.votes.items() if k[0] in codes}

    def leaves(self, code):
        """Forgets what a bureau said that leaves."""
        if self.parts:
            self.votes = {k: v for k, v in self.votes.items() if k[0] != code}

    def forget(self, what):
        self.votes = {k: v for k, v in self.votes.items() if k[1] != what}

    def agree(self, what, choice):
        return sum(k[1] == what and v == choice for k, v in self.votes.items())


@dataclass
class Reply:
    bureau: str
    time: int  # ledger time
    purged: bool = False

    def ended(self, now):
        return self.time

    def withheld(self):
        return False


@dataclass
class Circle:
    bureau: str
    last: bytes  # id of the last statement on it
    ended: bool = False
    latest: int = 0  # index of the last one that made an epoch


@dataclass
class Proposal:
    bureau: str
    time: int
    change: object
    voices: dict = field(default_factory=dict)  # bureau: (id of its root, whether it is for it)
    done: bool = False

    def open(self, now):
        return not self.done and now < self.time + LAPSE

    def count(self, epoch):
        voters = {(m.code, m.root_id()) for m in epoch.voters()}
        return sum(yes and (code, root) in voters for code, (root, yes) in self.voices.items())


@dataclass
class State:
    """Everything that decides about the next statement."""

    charter: object
    tree: Tree = field(default_factory=Tree)
    keys: dict = field(default_factory=dict)  # by id
    chains: dict = field(default_factory=dict)  # author: (next seq, id of the last)
    statements: dict = field(default_factory=dict)  # id: index
    notices: dict = field(default_factory=dict)  # id of the publish: Notice
    attachments: dict = field(default_factory=dict)  # address: (id of the publish of its notice, size)
    replies: dict = field(default_factory=dict)  # id: Reply
    purges: dict = field(default_factory=dict)  # id: the bureaus whose nodes have not acknowledged
    proposals: dict = field(default_factory=dict)  # id: Proposal
    epochs: list = field(default_factory=list)
    circles: dict = field(default_factory=dict)  # id of the founding statement: Circle
    time: int = 0  # ledger time of the last entry
    sealing: dict = field(default_factory=dict)  # (bureau, compartment): key id
    spent: dict = field(default_factory=dict)  # bureau: (day, entries, bytes)

    def __post_init__(self):
        self.epochs.append(self.charter.founders())
        for m in self.charter.members:
            self._join(m)

    def _join(self, m):
        self.keys[m.root_id()] = Key(m.code, ROOT, public=m.root)
        self.keys[m.access] = Key(m.code, ACCESS, OPERATOR, "operator")
        self._node(m.code, m.at)

    def _node(self, code, node):
        self.keys[node.tls] = Key(code, NODE)
        self.keys[node.cosigner_id()] = Key(code, COSIGNER, public=node.ed25519)

    def epoch(self):
        """The one in force for the next entry."""
        return self.epochs[-1]

    def at(self, size):
        return [e for e in self.epochs if e.start <= size][-1]

    def left_since(self, size):
        """The bureaus that left with an epoch after the one in force there, and of a format in which that is asked."""
        epochs = [e for e in self.epochs if e.start > size]
        return [m.code for was, now in zip([self.at(size)] + epochs, epochs) for m in was.members
                if m.code not in {n.code for n in now.members} and now.format >= LEAVERS]

    def accept(self, entry, time, leaf=None, body=b""):
        """Appends an entry of a batch of this time, or raises Invalid and changes nothing.

        Where it is known that another entry was signed, leaf is the hash of that one. body is empty where it is not there.
        """
        s, index, now = entry.statement, len(self.tree), max(self.time, time)
        rule(s.id() not in self.statements, KNOWN, "the statement is in the log already")
        rule(s.ledger == self.charter.ledger(), "other_ledger", "a statement of another ledger")
        rule(NEEDS[s.kind] <= self.epoch().format, "too_new", "it came with a later format")
        signers = [self._signer(key, s) for key, _ in entry.signatures]
        for known, (key, signature) in zip(signers, entry.signatures):
            rule(s.signed_by(known.public, signature), "bad_signature", f"the signature of {key.hex()} does not verify")
        rule(s.seen_size <= index and self.tree.roots[s.seen_size] == s.seen_root, "bad_seen",
             "the author saw another history")
        self._allowed(s, signers[0], signers[1:])
        if s.kind == RECOVER:
            self._recoverable(s, signers, index, now)
        if s.kind in (PUBLISH, AMEND):
            rule(not has_victim(body) or any(k.roles & SUPERVISOR for k in signers[1:]), "four_eyes", "a victim's part, and no supervisor signed as well")
            rule(not s.public.review_by or s.public.review_by >= day(now), "bad_term", "its day of review is past")
        notice = self._target(s, signers[0], signers[1:], now)
        if s.kind == CIRCLE:
            self._circle(s, signers[0], signers[1:])
        if s.kind in (PUBLISH, AMEND):
            known = ((self.attachments.get(a), n) for a, n in s.public.attachments)
            rule(all(k is None or k == (s.target, n) for k, n in known), "address_in_use", "an attachment of another notice")
        if s.kind == PURGE:
            notice = self._purgeable(s, signers[0], signers[1:], now)
        if s.kind == PURGE_ACK:
            rule(s.target in self.purges, "no_target", "there is no such purge")
            rule(signers[0].bureau in self.purges[s.target], "repeated", "the node has acknowledged the purge, or need not")
        if s.kind in (PROPOSE, VOTE, EPOCH):
            self._govern(s, signers[0], now)
        if s.kind == REVOKE:
            self._revocable(s, signers[0])
        if s.kind == ROTATE:
            self._replaceable(s, signers[0])
        if s.admits():
            self._admissible(s, s.admits(), signers[0])
        self._quota(s, entry, signers[0].bureau, now)
        rule((s.seq, s.prev) == self.chains.get(s.author, (0, ZERO)), "bad_sequence",
             "the statement does not continue the author's chain")
        if s.kind in ACTS:
            self._act(s, signers[0].bureau, notice, now)
        self._apply(s, signers[0].bureau, notice, index, now)
        self.spent[signers[0].bureau] = self._spent(entry, signers[0].bureau, now)
        self.tree.append(leaf or entry.leaf())
        self.time = now

    def _signer(self, key, s):
        known = self.keys.get(key)
        if known is None and s.kind == EPOCH and key == s.author and s.target in self.proposals:
            change = self.proposals[s.target].change
            root = change.author()
            if root is not None and signing_key_id(root) == key:
                known = Key(change.code, ROOT, public=root)
        rule(known and known.use in (ROOT, SIGN, COSIGNER), "unknown_key", f"no such key is known: {key.hex()}")
        rule(known.revoked is None, "revoked_key", f"the key is revoked: {key.hex()}")
        return known

    def _allowed(self, s, author, others):
        use = {ENROL: ROOT, REVOKE: ROOT, ROTATE: ROOT, PROPOSE: ROOT, VOTE: ROOT, EPOCH: ROOT,
               RECOVER: ROOT, PURGE_ACK: COSIGNER}.get(s.kind, SIGN)
        registrar = s.kind in (ENROL, REVOKE, ROTATE) and author.use == SIGN and author.roles & REGISTRAR
        rule(author.use == use or registrar, "not_allowed", "not a statement for this key")
        if s.kind == RECOVER:
            return
        rule(use == SIGN or not others, "not_allowed", "further signers of a root's or a node's statement")
        rule(all(k.use == SIGN and k.bureau == author.bureau for k in others), "not_allowed",
             "a further signer is no officer of the bureau")
        if s.kind in (PUBLISH, AMEND, WITHDRAW, GRANT, EXTEND):
            rule(author.roles & (INVESTIGATOR | SUPERVISOR), "not_allowed", "the author has not the role for it")
        if s.kind == REPLY:
            rule(author.roles & REPLIERS, "not_allowed", "the author has not the role for it")
        if s.kind in (PUBLISH, AMEND) and s.public.kind == RED:
            rule(any(k.roles & SUPERVISOR for k in others), "four_eyes", "no supervisor signed as well")

    def reviewers(self):
        """How many bureaus decide on a notice of another."""
        n = len(self.epoch().members)
        return min((n - 1) // 3 + 1, n - 1)

    def _voter(self, author):
        m = self.epoch().member(author.bureau)
        rule(m and m.voter, "not_allowed", "not a voter's root")

    def _fits(self, change):
        why = change.misfit(self.epoch())
        if why:
            raise Invalid(*why)
        rule(not any(k in self.keys for k in change.keys()), "key_in_use", "a key is known already")
        rule(change.proven(self.charter.ledger(), self.epoch()), "bad_proof", "the proof does not verify")

    def _govern(self, s, author, now):
        if s.kind != EPOCH:
            self._voter(author)
        if s.kind == PROPOSE:
            mine = sum(p.bureau == author.bureau and p.open(now) for p in self.proposals.values())
            rule(mine < PROPOSALS, "too_many", "as many open proposals as a bureau may have")
            return self._fits(s.public)
        p = self.proposals.get(s.target)
        rule(p, "no_target", "there is no such proposal")
        rule(p.open(now), "ended", "it was carried out, or has lapsed")
        if s.kind == VOTE:
            rule(p.voices.get(author.bureau) != (s.author, s.public.yes), "repeated", "the bureau has said so")
            return self._fits(p.change)
        root = p.change.author()
        if root is None:
            self._voter(author)
        else:
            rule(signing_key_id(root) == s.author, "not_allowed", "the root that is proposed makes the epoch")
        rule(s.public.number == self.epoch().number + 1, "superseded", "another epoch is the next")
        rule(p.count(self.epoch()) >= p.change.needed(self.epoch()), "not_now", "too few voters are for it")
        return self._fits(p.change)

    def _recoverable(self, s, signers, index, now):
        voters = {m.code for m in self.epoch().voters()}
        codes = [k.bureau for k in signers if k.use == ROOT and k.bureau in voters]
        rule(len(codes) == len(signers) == len(set(codes)), "not_allowed", "signed by others than voters' roots")
        rule(len(codes) >= self.epoch().quorum(), "not_allowed", "too few voters signed it")
        rule(s.seen_size == index and s.public.time == now, "not_now", "it is another entry, of another time")
        try:
            s.public.after(s.ledger, self.epoch(), index)
        except Refused as e:
            raise Invalid("not_now", str(e)) from None
        rule(not any(k in self.keys for p in s.public.changes for k in p.keys()), "key_in_use", "a key is known already")

    def _begin(self, epoch, made_by, index):
        """A new epoch, by these changes."""
        before = self.epoch()
        if epoch.format > FORMAT:
            raise Later(f"from entry {epoch.start} on the ledger has format {epoch.format}, which is one to come")
        self.epochs.append(epoch)
        for change in made_by:
            self._change(change, before.member(change.code), index)

    def _change(self, change, before, index):
        ended = []
        if change.change == changes.ADMIT:
            self._join(change.what)
        elif change.change == changes.REMOVE:
            ended = [i for i, k in self.keys.items() if k.bureau == change.code]
            self.sealing = {k: v for k, v in self.sealing.items() if k[0] != change.code}
            if self.epoch().format >= LEAVERS:
                for circle in self.circles.values():
                    circle.ended |= circle.bureau == change.code
                for notice in self.notices.values():
                    notice.leaves(change.code)
        elif change.change == changes.ROOT:
            ended = [before.root_id()]
            self.keys[signing_key_id(change.what)] = Key(change.code, ROOT, public=change.what)
        elif change.change == changes.NODE:
            ended = [before.at.tls, before.cosigner_id()]
            self._node(change.code, change.what)
        for i in ended:
            if self.keys[i].revoked is None:
                self.keys[i].revoked = index

    def _target(self, s, author, others, now):
        """The notice that a statement acts on, or None."""
        if s.kind not in ACTS:
            return None
        notice = self.notices.get(s.target)
        rule(notice, "no_target", "there is no such notice")
        by = s.public.by if s.kind in (SUSPEND, LIFT) else REVIEWERS if s.kind == REVIEW else ORIGIN
        role = {ORIGIN: INVESTIGATOR | SUPERVISOR, REVIEWERS: SUPERVISOR, OVERSIGHT: AUDITOR}[by]
        rule((notice.bureau == author.bureau) == (by == ORIGIN) and author.roles & role, "not_allowed",
             "the author may not do this to the notice")
        evidence = s.kind in (SUSPEND, LIFT) and by != ORIGIN and by in notice.held and not notice.purged
        rule(notice.ended(now) is None or evidence, "ended", "the notice has ended")
        if s.kind == AMEND:
            p = s.public
            rule(p.kind == notice.kind, "not_allowed", "the notice is of another kind")
            rule(not notice.review_by or 0 < p.review_by <= notice.review_by, "bad_term", "an amendment extends nothing")
        elif s.kind == GRANT:
            rule(notice.status in ("active", "submitted") and not notice.held, "not_now", "it gets no more readers")
            rule(not s.public or any(k.roles & SUPERVISOR for k in others), "four_eyes", "no supervisor signed as well")
        elif s.kind == EXTEND:
            rule(day(now) + DUE >= notice.term(), "too_early", "its review is not due")
            rule(notice.term() < s.public.review_by <= day(now) + TERM, "bad_term", "not a day of extension")
        elif s.kind == REVIEW:
            rule(s.public.version == notice.version, "superseded", "another version stands")
            rule(notice.status == "submitted", "not_now", "it waits for no review")
            rule(notice.votes.get((author.bureau, "review")) != s.public.decision, "repeated", "the bureau has said so")
        elif s.kind == SUSPEND:
            back = (author.bureau, ("lift", by)) in notice.votes
            rule((by not in notice.held or back) and (author.bureau, ("suspend", by)) not in notice.votes, "repeated",
                 "the bureau, or enough of them, have said so")
        elif s.kind == LIFT:
            back = (author.bureau, ("suspend", by)) in notice.votes and s.public.outcome != CANCELLED
            rule(by in notice.held or back, "not_now", "it is not suspended by these")
            rule(notice.votes.get((author.bureau, ("lift", by))) != s.public.outcome, "repeated", "the bureau has said so")
        return notice

    def _submit(self, notice):
        wait = notice.kind not in UNREVIEWED and self.reviewers() > 0
        notice.status = "submitted" if wait else "active"

    def _decided(self, notice, bureau, what, choice):
        """Counts the voice of a bureau: whether enough agree now."""
        notice.votes[bureau, what] = choice
        if notice.agree(what, choice) < self.reviewers():
            return False
        notice.forget(what)
        return True

    def _act(self, s, bureau, notice, now):
        parts = self.epoch().format >= LEAVERS
        if s.kind == REVIEW or s.kind in (SUSPEND, LIFT) and s.public.by != ORIGIN or s.kind == AMEND and parts:
            notice.keep({m.code for m in self.epoch().members})
            notice.parts = parts
        if s.kind == AMEND:
            notice.version, notice.review_by = s.id(), s.public.review_by
            notice.forget("review")
            self._submit(notice)
        elif s.kind == WITHDRAW:
            notice.end = now
        elif s.kind == EXTEND:
            notice.review_by, notice.limit = s.public.review_by, day(now) + TERM
        elif s.kind == REVIEW:
            decision = s.public.decision
            if self._decided(notice, bureau, "review", decision):
                notice.status = {APPROVE: "active", RETURN: "returned"}.get(decision, "refused")
                if notice.status == "refused":
                    notice.end = now
        elif s.kind == SUSPEND:
            by = s.public.by
            notice.votes.pop((bureau, ("lift", by)), None)
            if by not in notice.held and (by == ORIGIN or self._decided(notice, bureau, ("suspend", by), True)):
                notice.held.add(by)
        elif s.kind == LIFT:
            by, outcome = s.public.by, s.public.outcome
            notice.votes.pop((bureau, ("suspend", by)), None)
            if by in notice.held and (by == ORIGIN or self._decided(notice, bureau, ("lift", by), outcome)):
                notice.held.discard(by)
                if outcome == CANCELLED and notice.ended(now) is None:
                    notice.end = now

    def _purgeable(self, s, author, others, now):
        """The notice or reply that a purge names."""
        what = self.replies.get(s.target) or self.notices.get(s.target)
        rule(what, "no_target", "there is no such notice or reply")
        rule(not what.purged, "repeated", "it is purged")
        rule(what.ended(now) is not None, "not_ended", "the notice has not ended")
        own = author.bureau == what.bureau and author.roles & REPLIERS
        passed, supervisor = now >= what.ended(now) + RETAINED, author.roles & SUPERVISOR
        if passed and (own or supervisor):
            return what
        rule(passed or author.bureau == what.bureau or not supervisor, "too_early", "only its origin may, so early")
        rule(own, "not_allowed", "not an officer of its bureau")
        rule(s.public.reason != RETENTION, "too_early", "it may still be kept")
        rule(not what.withheld(), "not_now", "others hold it suspended")
        rule(any(k.roles & SUPERVISOR for k in others), "four_eyes", "no supervisor signed as well")
        return what

    def _circle(self, s, author, others):
        rule(author.roles & (INVESTIGATOR | SUPERVISOR), "not_allowed", "the author has not the role for it")
        rule(not s.body_len or not self.left_since(s.seen_size), "superseded", "a bureau has left since its author looked")
        if s.target == ZERO:
            mine = sum(c.bureau == author.bureau and not c.ended for c in self.circles.values())
            rule(mine < CIRCLES, "too_many", "as many open circles as a bureau may have")
            return
        circle = self.circles.get(s.target)
        rule(circle, "no_target", "there is no such circle")
        rule(circle.bureau == author.bureau, "not_allowed", "a circle of another bureau")
        rule(not circle.ended, "ended", "the circle has ended")
        rule(s.public.after == circle.last, "superseded", "another statement on the circle came after that one")
        rule(self.left_since(circle.latest) or any(k.roles & SUPERVISOR for k in others), "four_eyes",
             "no supervisor signed as well")

    def _endable(self, key, s, author):
        known = self.keys.get(key)
        rule(known, "no_target", "there is no such key")
        rule(known.bureau == author.bureau and known.use not in (ROOT, NODE, COSIGNER), "not_allowed", "not a key that it may end")
        rule(author.use == ROOT or not known.roles & REGISTRAR or s.kind == REVOKE and key == s.author, "not_allowed",
             "a registrar's key")
        return known

    def _revocable(self, s, author):
        known = self._endable(s.public.key, s, author)
        since = s.public.suspect_from
        rule(known.revoked is None or since != NOT_SUSPECT and (known.doubted is None or since < known.doubted), "ended",
             "the key has ended already")

    def _replaceable(self, s, author):
        known, new = self._endable(s.public.old, s, author), s.public.new
        rule(known.revoked is None, "ended", "the key has ended already")
        rule((known.use, known.label, known.roles) == (new.purpose, new.label, new.roles), "not_allowed",
             "another purpose, label or roles")
        rule(new.purpose != SEAL or self.sealing.get((author.bureau, new.compartment)) == s.public.old, "superseded",
             "not the current key")

    def _admissible(self, s, new, author):
        rule(author.use == ROOT or not new.roles & REGISTRAR, "not_allowed", "a registrar's key")
        rule(new.key_id() not in self.keys, "key_in_use", "the key is known already")
        rule(new.purpose != SIGN or new.proven(s.ledger, s.author), "bad_proof", "the proof of possession does not verify")

    def _spent(self, entry, bureau, now):
        """What the bureau has written on the day of now, with this entry."""
        on, entries, volume = self.spent.get(bureau, (0, 0, 0))
        if on != day(now):
            entries = volume = 0
        return day(now), entries + 1, volume + len(entry.bytes) + entry.statement.body_len

    def _quota(self, s, entry, bureau, now):
        _, entries, volume = self._spent(entry, bureau, now)
        ends = s.kind == REVOKE and self.keys[s.public.key].revoked is None
        first = s.kind == VOTE and self.proposals[s.target].voices.get(bureau, (ZERO,))[0] != s.author
        if s.kind not in (WITHDRAW, SUSPEND, PURGE, PURGE_ACK, PROPOSE, EPOCH, RECOVER) and not ends and not first:
            rule(not self.charter.entries or entries <= self.charter.entries, "quota", "as many entries as it may")
            rule(not self.charter.volume or volume <= self.charter.volume, "quota", "as many bytes as it may")

    def _apply(self, s, bureau, notice, index, now):
        self.statements[s.id()] = index
        self.chains[s.author] = (s.seq + 1, s.id())
        for address, n in s.public.attachments if s.kind in (PUBLISH, AMEND) else ():
            self.attachments[address] = (s.id() if s.kind == PUBLISH else s.target, n)
        if s.kind == PUBLISH:
            self.notices[s.id()] = notice = Notice(bureau, s.public.kind, s.id(), s.public.review_by, day(now) + TERM)
            self._submit(notice)
        elif s.kind == REPLY:
            self.replies[s.id()] = Reply(bureau, now)
        elif s.kind == CIRCLE:
            circle = self.circles.setdefault(s.target if s.target != ZERO else s.id(), Circle(bureau, b""))
            circle.last, circle.ended = s.id(), s.body_len == 0
            circle.latest = index if s.body_len else circle.latest
        elif s.kind == PURGE:
            notice.purged = True
            self.purges[s.id()] = {m.code for m in self.epoch().members}
        elif s.kind == PURGE_ACK:
            self.purges[s.target].remove(bureau)
        elif s.kind == PROPOSE:
            self.proposals[s.id()] = Proposal(bureau, now, s.public, {bureau: (s.author, True)})
        elif s.kind == VOTE:
            self.proposals[s.target].voices[bureau] = (s.author, s.public.yes)
        elif s.kind == EPOCH:
            p = self.proposals[s.target]
            p.done = True
            self._begin(p.change.after(self.epoch(), index + 1), [p.change], index)
        elif s.kind == RECOVER:
            self._begin(s.public.after(s.ledger, self.epoch(), index), s.public.changes, index)
        elif s.kind == REVOKE:
            known = self.keys[s.public.key]
            if s.public.suspect_from != NOT_SUSPECT:
                known.doubted = s.public.suspect_from
            if known.revoked is None:
                known.revoked = index
                self.sealing = {k: v for k, v in self.sealing.items() if v != s.public.key}
        elif s.kind == ROTATE:
            self.keys[s.public.old].revoked = index
        if s.admits():
            e = s.admits()
            self.keys[e.key_id()] = Key(bureau, e.purpose, e.roles, e.label, e.key)
            if e.purpose == SEAL:
                self.sealing[bureau, e.compartment] = e.key_id()
