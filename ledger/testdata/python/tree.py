"""The Merkle tree of RFC 6962 and its proofs, verified as RFC 9162 says."""

from hashlib import sha256

EMPTY = sha256(b"").digest()


def leaf_hash(entry):
    return sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree that remembers the root of each of its sizes."""

    def __init__(self):
        self.roots = [EMPTY]
        self._peaks = []  # (number of leaves, hash) of the full subtrees, from the left

    def __len__(self):
        return len(self.roots) - 1

    def append(self, leaf):
        size, h = 1, leaf
        while self._peaks and self._peaks[-1][0] == size:
            h = node_hash(self._peaks.pop()[1], h)
            size *= 2
        self._peaks.append((size, h))
        root = h
        for _, left in reversed(self._peaks[:-1]):
            root = node_hash(left, root)
        self.roots.append(root)

    def root(self):
        return self.roots[-1]


def includes(leaf, index, size, path, root):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        return False
    f, s, r = index, size - 1, leaf
    for p in path:
        if s == 0:
            return False
        if f & 1 or f == s:
            r = node_hash(p, r)
            while not f & 1 and f:
                f, s = f >> 1, s >> 1
        else:
            r = node_hash(r, p)
        f, s = f >> 1, s >> 1
    return s == 0 and r == root


def consistent(first, first_root, second, second_root, path):
    """RFC 9162, section 2.1.4.2: the tree of the second size begins with that of the first."""
    if first > second:
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == EMPTY
    path = list(path)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    f, s = first - 1, second - 1
    while f & 1:
        f, s = f >> 1, s >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if s == 0:
            return False
        if f & 1 or f == s:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not f & 1 and f:
                f, s = f >> 1, s >> 1
        else:
            sr = node_hash(sr, c)
        f, s = f >> 1, s >> 1
    return s == 0 and fr == first_root and sr == second_root
