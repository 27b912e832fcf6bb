"""A log of commands as the nodes apply it: entries, and the checkpoints that become FINAL."""

from command import BATCH, COSIGNATURES, Command
from note import Checkpoint
from validity import Invalid, State, rule
from wire import Refused


class Log:
    """The state of the entries, and FORMAT.md, "Checkpoints"."""

    def __init__(self, charter):
        self.charter, self.state = charter, State(charter)
        self.pending = self.final = None  # of (Checkpoint, {bureau: Cosignature})
        self.faulty = {}  # bureau: entries at the position of the evidence, and the key that signed it

    def apply(self, b):
        """The codes of what is in a command, "ok" for what is accepted."""
        command, before, codes, epoch = Command.parse(b), len(self.state.tree), [], self.state.epoch()
        for part in command.parts:
            try:
                if command.type == BATCH:
                    self.state.accept(part.entry, command.time, body=part.body)
                elif command.type == COSIGNATURES:
                    self._cosigned(part)
                else:
                    self._evidence(part)
                codes.append("ok")
            except Invalid as e:
                codes.append(e.code)
        for e in self.state.epochs[epoch.number + 1:]:
            for bureau, (_, node) in list(self.faulty.items()):
                m = e.member(bureau)
                if m is None or m.cosigner_id() != node:
                    del self.faulty[bureau]
            self.pending = None
        if len(self.state.tree) > before and self.pending is None:
            self._ask()
        return codes

    def _ask(self):
        """The end of the log becomes pending."""
        tree = self.state.tree
        self.pending = (Checkpoint(self.charter.origin().encode(), len(tree), tree.root()), {})

    def _bureau(self, c):
        """The bureau whose node cosigned."""
        rule(c.node in (m.node() for m in self.state.at(c.size).voters()), "unknown_key", "no node of this name")
        try:
            return c.verify(self.charter.knowing(self.state.epochs))
        except Refused as e:
            raise Invalid("bad_signature", str(e)) from None

    def _evidence(self, c):
        bureau, tree = self._bureau(c), self.state.tree
        node, now = self.state.at(c.size).member(bureau).cosigner_id(), self.state.epoch().member(bureau)
        rule(now and now.cosigner_id() == node, "unknown_key", "its node has other keys now, or it has left")
        rule(c.size <= len(tree) and tree.roots[c.size] != c.root, "no_fork", "it does not contradict this log")
        self.faulty.setdefault(bureau, (len(tree), node))
        if self.pending:
            self.pending[1].pop(bureau, None)

    def _cosigned(self, c):
        bureau = self._bureau(c)
        rule(bureau not in self.faulty, "faulty", "the node is faulty")
        for at in (self.pending, self.final):
            if at and at[0].size == c.size:
                break
        else:
            raise Invalid("stale", "of a size that nobody asked for")
        rule(at[0].root == c.root, "fork", "another root of this size")
        at[1].setdefault(bureau, c)
        if at is self.pending and len(at[1]) >= self.state.at(at[0].size).quorum():
            self.final, self.pending = at, None
            if len(self.state.tree) > at[0].size:
                self._ask()
