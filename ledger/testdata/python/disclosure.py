"""Exhibits with the content keys of parts of their bodies: those parts open for everybody."""

from dataclasses import dataclass

import seal
from exhibit import MAX_EXHIBIT, Exhibit
from wire import Reader, Refused, need

HEADER = b"comity disclosure v1\n"
MAX_DISCLOSURES = 3
MAX_FILE = MAX_DISCLOSURES * (MAX_EXHIBIT + 256)


@dataclass(frozen=True)
class Disclosure:
    exhibit: Exhibit
    keys: tuple  # of (compartment, content key)

    def verify(self, charter):
        """The cosigners, and (compartment, text) of each part that has a key."""
        _, cosigners, _ = self.exhibit.verify(charter)
        author, opened = self.exhibit.item.entry.statement.author, []
        for compartment, key in self.keys:
            parts = [p for p in seal.Body.parse(self.exhibit.item.body).parts if p.compartment == compartment]
            text = parts[0].open(self.exhibit.ledger, author, key) if parts else None
            if text is None:
                raise Refused("a key does not open the part that it is for")
            opened.append((compartment, text))
        return cosigners, opened


def parse(b):
    need(len(b) <= MAX_FILE, "the disclosures are too long")
    r, found = Reader(b), []
    need(r.take(len(HEADER)) == HEADER, "not disclosures")
    n = r.number(8, MAX_DISCLOSURES)
    need(n, "no exhibit")
    for _ in range(n):
        x, keys = Exhibit.parse(r.vector(24)), []
        for _ in range(r.number(8, 3)):
            compartment = r.number(8, 3)
            need(compartment > (keys[-1][0] if keys else 0), "the compartments do not ascend")
            keys.append((compartment, r.take(32)))
        found.append(Disclosure(x, tuple(keys)))
    r.end()
    return found
