"""Applies transaction logs to hives: a second program beside the one under test.

Written from M. Suhanov's "Windows registry file format specification" (2018), plainly and without
any code of the other. Where that leaves room it does as the documentation of the module `regf::log`
says.

    replay.py FOLDER...

A folder holds `primary` and any of `LOG`, `LOG1`, `LOG2`. If anything can be applied,
`recovered` is written beside them. Prints for each folder the SHA-256 of that, or `nothing`.
"""

import hashlib
import os
import struct
import sys

MASK = 0xFFFFFFFF


def u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


def u64(data, at):
    return struct.unpack_from("<Q", data, at)[0]


def checksum(block):
    total = 0
    for word in struct.unpack_from("<127I", block):
        total ^= word
    if total == 0:
        return 1
    if total == MASK:
        return MASK - 1
    return total


def marvin32(data):
    def rol(value, by):
        return ((value << by) | (value >> (32 - by))) & MASK

    lo, hi = 0x7A4E55C5, 0x82EF4D88
    words = list(struct.unpack("<%dI" % (len(data) // 4), data))
    for word in words + [0x80, 0]:
        lo = (lo + word) & MASK
        hi ^= lo
        lo = (rol(lo, 20) + hi) & MASK
        hi = rol(hi, 9) ^ lo
        lo = (rol(lo, 27) + hi) & MASK
        hi = rol(hi, 19)
    return (hi << 32) | lo


def steps(start, end):
    """How far it is from one sequence number to another, which may be before it."""
    away = (end - start) & MASK
    return away - (1 << 32) if away & 0x80000000 else away


def base_block_ok(data, types):
    return (
        len(data) >= 512
        and data[:4] == b"regf"
        and u32(data, 28) in types
        and u32(data, 508) == checksum(data)
        and u32(data, 4) == u32(data, 8)
    )


def entries_of(log):
    """The entries of a new log up to where recovery would stop: number, flags, size, pages."""
    found = []
    at, number = 512, u32(log, 4)
    while at + 40 <= len(log):
        signature, size, flags, own, bins, count, hash1, hash2 = struct.unpack_from(
            "<4s5IQQ", log, at
        )
        if signature != b"HvLE" or marvin32(log[at : at + 32]) != hash2 or own != number:
            break
        if size < 512 or size % 512 or at + size > len(log):
            break
        if marvin32(log[at + 40 : at + size]) != hash1:
            break
        if bins == 0 or bins % 4096 or count == 0 or 40 + 8 * count > size:
            break
        pages, data, fine = [], at + 40 + 8 * count, True
        for index in range(count):
            where, length = struct.unpack_from("<II", log, at + 40 + 8 * index)
            if where + length > bins or data + length > at + size:
                fine = False
                break
            pages.append((where, log[data : data + length]))
            data += length
        if not fine:
            break
        found.append((number, flags, bins, pages))
        at, number = at + size, (number + 1) & MASK
    return found


def grow(hive, bins, most):
    if bins > most:
        return False
    if len(hive) < 4096 + bins:
        hive.extend(bytes(4096 + bins - len(hive)))
    struct.pack_into("<I", hive, 40, bins)
    return True


def apply_entries(hive, log, most):
    """Returns the number of the last entry applied, or None."""
    last = None
    for number, flags, bins, pages in entries_of(log):
        if not grow(hive, bins, most):
            break
        for where, data in pages:
            hive[4096 + where : 4096 + where + len(data)] = data
        struct.pack_into("<I", hive, 144, (u32(hive, 144) & ~1) | (flags & 1))
        last = number
    return last


def bin_ok(header, where):
    size = u32(header, 8)
    return (
        header[:4] == b"hbin" and u32(header, 4) == where and size >= 4096 and size % 4096 == 0
    )


def apply_old(hive, log, most):
    """Returns whether the log could be applied, if only in part."""
    bins = u32(log, 40)
    if bins == 0 or bins % 4096 or log[512:516] != b"DIRT" or 516 + bins // 4096 > len(log):
        return False
    bitmap = log[516 : 516 + bins // 4096]
    dirty = [bit for bit in range(bins // 512) if bitmap[bit // 8] >> (bit % 8) & 1]
    at = (516 + len(bitmap) + 511) // 512 * 512
    if at + 512 * len(dirty) > len(log):
        return False
    pages = {bit * 512: log[at + 512 * n : at + 512 * n + 512] for n, bit in enumerate(dirty)}
    where, known, end = 0, True, bins
    while where < bins:
        header = pages.get(where) or bytes(hive[4096 + where : 4096 + where + 32])
        if len(header) >= 12 and bin_ok(header, where):
            where, known = where + u32(header, 8), True
        elif where in pages and known:
            end = where
            break
        else:
            where, known = where + 4096, False
    usable = {where: data for where, data in pages.items() if where < end}
    if (end < bins and not usable) or not grow(hive, bins, most):
        return False
    for where, data in usable.items():
        hive[4096 + where : 4096 + where + 512] = data
    return True


def recover(primary, logs):
    """Returns the recovered hive, or None; `logs` are pairs of name and bytes."""
    if len(primary) < 512:
        return None
    good = primary[:4] == b"regf" and u32(primary, 508) == checksum(primary)
    first, second = u32(primary, 4), u32(primary, 8)
    if good and first == second:
        return None
    hive = bytearray(primary)
    most = max(len(primary) - 4096, 0) + sum(len(log) for _, log in logs)
    most = min(most, 1 << 31)
    new = [log for _, log in logs if base_block_ok(log, {6})]
    number = None
    if good:
        chain = [log for log in new if steps(second, u32(log, 4)) >= 0]
        chain.sort(key=lambda log: steps(second, u32(log, 4)))
        expected = None
        for log in chain:
            if expected is not None and u32(log, 4) != expected:
                continue
            last = apply_entries(hive, log, most)
            expected = u32(log, 4)
            if last is not None:
                number, expected = last, (last + 1) & MASK
    elif new:
        latest = new[0]
        for log in new[1:]:
            if steps(u32(latest, 4), u32(log, 4)) > 0:
                latest = log
        hive[:512] = latest[:512]
        last = apply_entries(hive, latest, most)
        number = u32(latest, 4) if last is None else last
    if number is None:
        time = u64(primary, 12) if good else 0
        if not good and len(primary) >= 4096 + 28:
            time = u64(primary, 4096 + 20)
        for wanted in ("LOG1", "LOG2", "LOG"):
            for name, log in logs:
                if number is not None or name != wanted or not base_block_ok(log, {1, 2}):
                    continue
                if u64(log, 12) != time or not apply_old(hive, log, most):
                    continue
                number = first
                if not good:
                    number = u32(log, 4)
                    hive[:512] = log[:512]
    if number is None:
        return None
    struct.pack_into("<II", hive, 4, number, number)
    struct.pack_into("<I", hive, 28, 0)
    struct.pack_into("<I", hive, 508, checksum(hive))
    return bytes(hive)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    for folder in sys.argv[1:]:
        names = [name for name in ("LOG", "LOG1", "LOG2") if name in os.listdir(folder)]
        logs = [(name, read(os.path.join(folder, name))) for name in names]
        hive = recover(read(os.path.join(folder, "primary")), logs)
        if hive is None:
            print("nothing")
            continue
        with open(os.path.join(folder, "recovered"), "wb") as file:
            file.write(hive)
        print(hashlib.sha256(hive).hexdigest())


main()
