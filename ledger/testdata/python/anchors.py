"""What an auditor keeps between audits: the heads that were verified."""

import re
from datetime import datetime

from wire import MAX_INDEX, Malformed, decimal, need, unbase64

HEADER = "comity anchors v1"
MAX_ANCHORS, MAX_REMARK = 1_048_576, 1024
LINE = re.compile(r"(\S+) (\S+) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", re.ASCII)


def parse(b):
    """The ledger id, and (size, root) of the heads."""
    need(len(b) <= MAX_ANCHORS, "the anchors are too long")
    try:
        lines = b.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Malformed("the anchors are not UTF-8") from None
    need(lines.pop() == "", "the anchors do not end with a line")
    need(all(len(line.encode()) <= MAX_REMARK for line in lines if line.startswith("#")), "a remark is too long")
    need(len(lines) >= 2 and lines[0] == HEADER, "not anchors")
    ledger, heads = re.fullmatch("ledger ([0-9a-f]{64})", lines[1]), []
    need(ledger, "the anchors have no ledger id")
    for line in lines[2:]:
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        need(match, "not an anchor")
        size, root = decimal(match[1], MAX_INDEX), unbase64(match[2])
        need(len(root) == 32 and (not heads or size > heads[-1][0]) and size, "the anchors do not ascend")
        try:
            need(datetime.fromisoformat(match[3]).year >= 1970, "a time before 1970")
        except ValueError:
            raise Malformed("not a time") from None
        heads.append((size, root))
    return bytes.fromhex(ledger[1]), heads
