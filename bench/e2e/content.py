"""Bytes for the files of the benchmark: text, code, and what is compressed already."""

# Bytes of each pool: far more than the window of deflate (32 KiB), so that what is taken from it
# twice is compressed twice.
POOL_BYTES = 8 << 20

# (share of files, smallest, largest size in bytes before scaling): resident, small, large.
SIZES = [(0.10, 1, 600), (0.75, 1_000, 60_000), (0.15, 100_000, 500_000)]

# Of ten files five are code, four text and one is random, as an archive or a picture would be: gzip
# leaves 0.37 of them, as it does of the disks of installed machines.
KINDS = ["text", "code", "text", "code", "random", "code", "text", "code", "text", "code"]


class Content:
    """A source of sizes and bytes that follows from its random generator alone."""

    def __init__(self, rng):
        self.rng = rng
        letters = b"etaoinshrdlucmfwypvbgkjqxz"
        words = [bytes(rng.choices(letters, k=rng.randint(2, 9))) + b" " for _ in range(4000)]
        chunks = [rng.randbytes(rng.randint(1, 24)) for _ in range(4000)]
        self.pools = {
            "text": self.pool(words, 1.0),
            "code": self.pool(chunks, 1.2),
            "random": rng.randbytes(POOL_BYTES),
        }

    def pool(self, pieces, steepness):
        """Pieces one after another, those of low number more often, as words are (Zipf's law)."""
        weights = [rank**-steepness for rank in range(1, len(pieces) + 1)]
        return b"".join(self.rng.choices(pieces, weights, k=POOL_BYTES // 2))[:POOL_BYTES]

    def sizes(self, count, total):
        """Returns `count` sizes; all but the resident ones are scaled to make `total` bytes."""
        classes = self.rng.choices(SIZES, [share for share, _, _ in SIZES], k=count)
        sizes = [self.rng.randint(smallest, largest) for _, smallest, largest in classes]
        if total is None:
            return sizes
        largest_resident = SIZES[0][2]
        scale = total / max(1, sum(size for size in sizes if size > largest_resident))
        return [size if size <= largest_resident else max(1, round(size * scale)) for size in sizes]

    def of(self, number, version, size):
        """Returns `size` bytes, unlike those of any other number or version."""
        head = f"{number}.{version}\n".encode()
        pool = self.pools[KINDS[number % len(KINDS)]]
        start = self.rng.randrange(len(pool))
        data = head + pool[start : start + size]
        while len(data) < size:
            data += pool
        return data[:size]
