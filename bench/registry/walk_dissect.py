"""Walks a hive with dissect.regf, digests every value's data, and says how many there are."""

import hashlib
import sys

from dissect.regf import RegistryHive


def main(path):
    keys = values = size = digests = 0
    with open(path, "rb") as file:
        left = [RegistryHive(file).root()]
        while left:
            key = left.pop()
            keys += 1
            for value in key.values():
                data = value.data
                values += 1
                size += len(data)
                digests ^= int.from_bytes(hashlib.sha1(data).digest()[:16], "big")
            left.extend(key.subkeys())
    print(f"{keys} keys, {values} values, {size} bytes, digests {digests:032x}")


main(sys.argv[1])
