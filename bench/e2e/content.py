"""Bytes for the files of the benchmark: half of them text, half of them random."""

WORDS = "slice volume cluster record key value hive step state file name time run list".split()
POOL_BYTES = 1 << 20

# (share of files, smallest, largest size in bytes before scaling): resident, small, large.
SIZES = [(0.10, 1, 600), (0.75, 1_000, 60_000), (0.15, 100_000, 500_000)]


class Content:
    """A source of sizes and bytes that follows from its random generator alone."""

    def __init__(self, rng):
        self.rng = rng
        text = " ".join(rng.choices(WORDS, k=POOL_BYTES // 4)).encode()
        self.pools = [text[:POOL_BYTES], rng.randbytes(POOL_BYTES)]

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
        pool = self.pools[number % 2]
        start = self.rng.randrange(POOL_BYTES)
        turns = -(-(start + size) // POOL_BYTES)
        return (head + (pool * turns)[start:])[:size] if size > len(head) else head[:size]
