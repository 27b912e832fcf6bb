"""What the nodes order: batches of items, cosignatures, and evidence against a node."""

from dataclasses import dataclass

from note import Cosignature
from statement import Item
from wire import MAX_MILLISECONDS, Malformed, Reader, need

BATCH, COSIGNATURES, EVIDENCE = 1, 2, 3
MAX_COMMAND, MAX_ITEMS, MAX_COSIGNATURES = 1_380_351, 256, 30


@dataclass(frozen=True)
class Command:
    type: int
    time: int  # of a batch, in milliseconds
    parts: tuple  # items, cosignatures, or the one cosignature that is evidence

    @staticmethod
    def parse(b):
        need(len(b) <= MAX_COMMAND, "the command is too long")
        r = Reader(b)
        kind, time = r.number(8), 0
        if kind == BATCH:
            time = r.number(64, MAX_MILLISECONDS)
            n = r.number(16, MAX_ITEMS)
            parts = tuple(Item.read(r) for _ in range(n))
        elif kind == COSIGNATURES:
            n = r.number(8, MAX_COSIGNATURES)
            parts = tuple(Cosignature.read(r) for _ in range(n))
        elif kind == EVIDENCE:
            n, parts = 1, (Cosignature.read(r),)
        else:
            raise Malformed("no such command")
        need(n >= 1, "an empty command")
        r.end()
        return Command(kind, time, parts)
