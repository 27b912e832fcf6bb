"""The vectors of the ledger: what each must come to, and what a reader finds in it.

The form of a vector is in testdata/vectors/README.md.
"""

import json
import os

import charter as charters
import disclosure
import seal
from bundle import Audit
from certificate import Certificate
from charter import ED25519, MLDSA44
from command import BATCH, COSIGNATURES, Command
from evidence import Evidence
from exhibit import Exhibit
from governance import CHANGES, RAISE, Enact, Propose, Recover, Vote
from note import Checkpoint, Cosignature, Note, Receipt, cosigned
from recovery import RecoveryEvidence
from statement import (AUTHORITIES, CLASSIFICATIONS, COMPARTMENTS, DECISIONS, KINDS, OUTCOMES, PURPOSES, REASONS, Enrol,
                       Circle, Entry, Extend, Item, Lift, Publish, Purge, Review, Revoke, Rotate, Statement, Suspend)
from statement import signing_key_id
from wire import Refused, Unacceptable


# The result of a vector that breaks several rules, perhaps: the name of its outcome may differ.
ANY_BUT_OK = "any but ok"


class Vector:
    """One file: its type, the expected result, what is given, what it shows, its bytes."""

    def __init__(self, path):
        self.folder, self.given, self.shows = os.path.dirname(path), [], []
        self.type = self.result = form = ""
        block = []
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as f:
            for line in f.read().split("\n"):
                word, _, value = line.partition(" ")
                if line.startswith("  "):
                    block.append(line[2:])
                elif word in ("hex", "text"):
                    form = word
                elif word == "given":
                    self.given.append(tuple(value.split(" ", 1)))
                elif word == "shows":
                    self.shows.append(value)
                elif word in ("type", "result"):
                    setattr(self, word, value)
                elif line and not line.startswith("#"):
                    raise ValueError(f"{path}: no such line: {line}")
        if form == "hex":
            self.bytes = bytes.fromhex("".join(block))
        else:
            self.bytes = "".join(line + "\n" for line in block).encode("utf-8", "surrogateescape")

    def values(self, word):
        return [v for w, v in self.given if w == word]

    def charter(self):
        """The verified charter of the genesis given, or None."""
        for name in self.values("genesis"):
            return charters.verify_genesis(Vector(os.path.join(self.folder, name + ".txt")).bytes)
        return None

    def outcome(self):
        """The result, in a word, and what a reader finds."""
        try:
            return "ok", READ[self.type](self)
        except Unacceptable as e:
            return e.outcome, []


def check(path):
    """Why the vector does not come to what it must, or "" if it does."""
    v = Vector(path)
    result, shows = v.outcome()
    if v.result == ANY_BUT_OK and result != "ok":
        return ""
    if result != v.result:
        return f"{result}, want {v.result}"
    if shows != v.shows:
        return f"shows {shows}, want {v.shows}"
    return ""


def statement(v):
    return show_statement(Statement.parse(v.bytes))


def show_statement(s):
    return [f"id {s.id().hex()}", f"class {s.name()}", f"ledger {s.ledger.hex()}", f"author {s.author.hex()}",
            f"seq {s.seq}", f"prev {s.prev.hex()}", f"seen_size {s.seen_size}", f"seen_root {s.seen_root.hex()}",
            f"created {s.created}", f"target {s.target.hex()}", f"body_hash {s.body_hash.hex()}",
            f"body_len {s.body_len}"]


def publish(v):
    p = Publish.parse(v.bytes)
    return [f"kind {KINDS[p.kind]}", f"review_by {p.review_by}", f"classification {CLASSIFICATIONS[p.classification]}",
            f"urgency U{p.urgency}", f"size_class {p.size_class}",
            *(f"attachment {a.hex()} {n}" for a, n in p.attachments)]


def rotate(v):
    r = Rotate.parse(v.bytes)
    return [f"old {r.old.hex()}", *show_enrol(r.new)]


def enrol(v):
    return show_enrol(Enrol.parse(v.bytes))


def show_enrol(e):
    return [f"purpose {PURPOSES[e.purpose]}", f"label {e.label}", f"roles {e.roles:04x}",
            f"compartment {e.compartment}", f"key_id {e.key_id().hex()}"]


def purge(v):
    return [f"reason {REASONS[Purge.parse(v.bytes).reason]}"]


def suspend(v):
    return [f"by {AUTHORITIES[Suspend.parse(v.bytes).by]}"]


def lift(v):
    x = Lift.parse(v.bytes)
    return [f"by {AUTHORITIES[x.by]}", f"outcome {OUTCOMES[x.outcome]}"]


def extend(v):
    return [f"review_by {Extend.parse(v.bytes).review_by}"]


def review(v):
    x = Review.parse(v.bytes)
    return [f"decision {DECISIONS[x.decision]}", f"version {x.version.hex()}"]


def circle(v):
    return [f"after {Circle.parse(v.bytes).after.hex()}"]


def revoke(v):
    r = Revoke.parse(v.bytes)
    return [f"key {r.key.hex()}", f"suspect_from {r.suspect_from}"]


def entry(v):
    e = Entry.parse(v.bytes)
    keys = [bytes.fromhex(k) for k in v.values("key")]
    if keys:
        if [signing_key_id(k) for k in keys] != [i for i, _ in e.signatures]:
            raise Refused("signed by other keys")
        if not all(e.statement.signed_by(k, s) for k, (_, s) in zip(keys, e.signatures)):
            raise Refused("a signature does not verify")
    return [f"id {e.statement.id().hex()}", f"leaf {e.leaf().hex()}", *(f"signer {i.hex()}" for i, _ in e.signatures)]


def show_item(item):
    return [f"id {item.entry.statement.id().hex()}", f"body {len(item.body)}"]


def show_charter(c):
    shows = [f"ledger {c.ledger().hex()}", f"origin {c.origin()}", f"name {c.name}", f"created {c.created}",
             f"quorum {c.quorum()}"]
    if c.format:
        shows += [f"format {c.format}", f"quota {c.entries} entries {c.volume} bytes"]
    for m in c.members:
        shows += [f"member {m.code} {json.dumps(m.name, ensure_ascii=False)}", f"root {m.root_id().hex()}",
                  f"access {m.access.hex()}",
                  f"node {m.node()} {m.at.address} {m.at.tls.hex()}", f"witness {m.node()}+{m.key_id(ED25519).hex()}",
                  f"witness {m.node()}+{m.key_id(MLDSA44).hex()}"]
    return shows


def show_checkpoint(c):
    return ["origin " + c.origin.decode("utf-8", "surrogateescape"), f"size {c.size}", f"root {c.root.hex()}"]


def note(v):
    checkpoint, cosigners = Note.parse(v.bytes).verify_final(v.charter())
    return [*show_checkpoint(checkpoint), "cosigned " + " ".join(cosigners)]


def receipt(v):
    r = Receipt.parse(v.bytes)
    checkpoint, cosigners = r.verify(v.charter(), bytes.fromhex(v.values("leaf")[0]))
    return [f"index {r.index}", f"path {len(r.path)}", *show_checkpoint(checkpoint), "cosigned " + " ".join(cosigners)]


def show_cosignature(c):
    return [f"node {c.node}", f"size {c.size}", f"root {c.root.hex()}", f"time {c.time}"]


def cosignature(v):
    c, charter = Cosignature.parse(v.bytes), v.charter()
    if charter is None:
        return show_cosignature(c)
    c.verify(charter)
    checkpoint = Checkpoint(charter.origin().encode(), c.size, c.root)
    return [*show_cosignature(c), *(f"cosigned0{a} " + cosigned(a, c.node, c.time, checkpoint).hex() for a in (4, 6))]


def command(v):
    c = Command.parse(v.bytes)
    if c.type == BATCH:
        return ["command batch", f"time {c.time}", *(s for i in c.parts for s in show_item(i))]
    return ["command cosignatures" if c.type == COSIGNATURES else "command evidence",
            *(s for c in c.parts for s in show_cosignature(c))]


def exhibit(v):
    x = Exhibit.parse(v.bytes)
    _, cosigners, signers = x.verify(v.charter())
    shows = [f"id {x.item.entry.statement.id().hex()}", f"index {x.receipt.index}", "cosigned " + " ".join(cosigners)]
    for s in signers:
        root, enrolled = ("true", 0) if s.enrolled is None else ("false", s.enrolled)
        shows.append(f"signer {s.bureau} {s.key.hex()} root={root} enrolled={enrolled} {s.label}".rstrip() + (f" by={s.by}" if s.by else ""))
    seeds = [seal.seed_of(k) for k in v.values("card")]
    if seeds:
        author = x.item.entry.statement.author
        for compartment, _, text in seal.Body.parse(x.item.body).open(x.ledger, author, {1: seeds}):
            shows.append(f"opens {COMPARTMENTS[compartment]} {json.dumps(text.decode())}")
    return shows


def disclosures(v):
    shows = []
    for d in disclosure.parse(v.bytes):
        cosigners, opened = d.verify(v.charter())
        shows += [f"id {d.exhibit.item.entry.statement.id().hex()}", "cosigned " + " ".join(cosigners)]
        shows += [f"opens {COMPARTMENTS[c]} {json.dumps(text.decode())}" for c, text in opened]
    return shows


def evidence(v):
    e = Evidence.parse(v.bytes)
    (first, deceived), (final, cosigners) = e.verify(v.charter())
    both = [c for c in deceived if c in cosigners]
    return [f"contradicts size {first.size} root {first.root.hex()}", "cosigned " + " ".join(deceived),
            f"final size {final.size} root {final.root.hex()}", "cosigned " + " ".join(cosigners),
            f"has root {e.root.hex()}", f"proof {len(e.proof)}", " ".join(["both", *both]),
            f"both-final {str(len(deceived) >= v.charter().at(first.size).quorum()).lower()}"]


def recovery_evidence(v):
    f = RecoveryEvidence.parse(v.bytes).verify(v.charter())
    shows = [f"epoch {f.epoch}"]
    for p in f.plans:
        s = p.entry.statement
        shows += [f"recovery {s.id().hex()}", f"keeps {s.seen_size} root {s.seen_root.hex()}", "signed " + " ".join(p.codes),
                  f"quorum {str(p.quorum).lower()}"]
    if f.cut:
        shows += [f"cuts size {f.cut.size} root {f.cut.root.hex()}", "cosigned " + " ".join(f.cosigners)]
    return [*shows, " ".join(["both", *f.both])]


def bundle(v):
    a = Audit(v.bytes)
    if a.failures:
        raise Refused(a.failures[0])
    shows = [f"ledger {a.charter.ledger().hex()}", f"size {a.bundle.size}"]
    for i, ((time, b, state, _), leaf) in enumerate(zip(a.bundle.records, a.bundle.leaves)):
        shows.append(f"entry {i} time {time} class {Entry.parse(b).statement.name()} body {state} leaf {leaf.hex()[:16]}")
    shows += [f"head {c.size} root {c.root.hex()}" for c, _ in a.heads]
    return [*shows, f"evidence {len(a.bundle.evidence)}"]


def show_propose(p):
    about = f"format {p.what}" if p.change == RAISE else f"bureau {p.code}"
    return [f"change {CHANGES[p.change]}", about, *(f"key {k.hex()}" for k in p.keys())]


def propose(v):
    return show_propose(Propose.parse(v.bytes))


def recover(v):
    r, shows = Recover.parse(v.bytes), []
    for p in r.changes:
        shows += show_propose(p)
    return [f"number {r.number}", f"time {r.time}", *shows]


def certificate(v):
    c = Certificate.parse(v.bytes)
    if c.recovery:
        return [f"recover {c.recovery.statement.id().hex()}"]
    return [f"proposal {c.proposal.statement.id().hex()}", f"epoch {c.epoch.statement.id().hex()}", f"index {c.receipt.index}",
            *(f"vote {e.statement.id().hex()}" for e in c.votes)]


def genesis(v):
    c = charters.verify_genesis(v.bytes)
    codes = [" ".join(m.code if m.voter else m.code.lower() for m in e.members) for e in c.later]
    raised = [f" format {e.format}" * (e.format > before.format) for before, e in zip(c.epochs(), c.later)]
    return [*show_charter(c), *(f"epoch {e.number} from {e.start}: {m}{f}" + " recovered" * e.recovered
                                for e, m, f in zip(c.later, codes, raised))]


READ = {
    "propose": propose,
    "vote": lambda v: [f"for {str(Vote.parse(v.bytes).yes).lower()}"],
    "epoch": lambda v: [f"number {Enact.parse(v.bytes).number}"],
    "recover": recover,
    "certificate": certificate,
    "statement": statement,
    "publish": publish,
    "enrol": enrol,
    "rotate": rotate,
    "purge": purge,
    "revoke": revoke,
    "suspend": suspend,
    "lift": lift,
    "extend": extend,
    "review": review,
    "circle": circle,
    "entry": entry,
    "item": lambda v: show_item(Item.parse(v.bytes)),
    "charter": lambda v: show_charter(charters.Charter.parse(v.bytes)),
    "genesis": genesis,
    "checkpoint": lambda v: show_checkpoint(Checkpoint.parse(v.bytes)),
    "note": note,
    "receipt": receipt,
    "cosignature": cosignature,
    "command": command,
    "exhibit": exhibit,
    "disclosures": disclosures,
    "evidence": evidence,
    "recovery": recovery_evidence,
    "bundle": bundle,
}
