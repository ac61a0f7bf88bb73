"""Prints every key and value that libhivex finds in a hive, depth first in stored order.

    K NAME MTIME SUBKEYS VALUES      a key, then its values, then its subkeys
    V NAME TYPE LENGTH SHA1          a value

NAME is the UTF-8 of libhivex in hexadecimal digits, "-" when empty; numbers are decimal. What the
library refuses reads "!" and the number of the error.
"""

import ctypes
import hashlib
import sys

hivex = ctypes.CDLL("libhivex.so.0", use_errno=True)
libc = ctypes.CDLL(None)
libc.free.argtypes = [ctypes.c_void_p]

HANDLE = ctypes.c_void_p
NODE = ctypes.c_size_t


def function(name, result, *arguments):
    function = getattr(hivex, "hivex_" + name)
    function.restype, function.argtypes = result, arguments
    return function


open_hive = function("open", HANDLE, ctypes.c_char_p, ctypes.c_int)
root = function("root", NODE, HANDLE)
node_name = function("node_name", ctypes.c_void_p, HANDLE, NODE)
node_name_len = function("node_name_len", ctypes.c_size_t, HANDLE, NODE)
node_timestamp = function("node_timestamp", ctypes.c_int64, HANDLE, NODE)
node_children = function("node_children", ctypes.POINTER(NODE), HANDLE, NODE)
node_values = function("node_values", ctypes.POINTER(NODE), HANDLE, NODE)
value_key = function("value_key", ctypes.c_void_p, HANDLE, NODE)
value_key_len = function("value_key_len", ctypes.c_size_t, HANDLE, NODE)
value_value = function(
    "value_value",
    ctypes.c_void_p,
    HANDLE,
    NODE,
    ctypes.POINTER(ctypes.c_int),
    ctypes.POINTER(ctypes.c_size_t),
)


def refusal():
    return f"!{ctypes.get_errno()}"


def listed(offsets):
    """The elements of an array that ends with 0, or a refusal."""
    if not offsets:
        return [], refusal()
    found = []
    for offset in offsets:
        if offset == 0:
            break
        found.append(offset)
    libc.free(offsets)
    return found, str(len(found))


def name(pointer, length):
    if not pointer:
        return refusal()
    text = ctypes.string_at(pointer, length).hex()
    libc.free(pointer)
    return text or "-"


def value(hive, offset):
    key = name(value_key(hive, offset), value_key_len(hive, offset))
    kind, length = ctypes.c_int(), ctypes.c_size_t()
    ctypes.set_errno(0)
    data = value_value(hive, offset, ctypes.byref(kind), ctypes.byref(length))
    if not data:
        return f"V {key} {refusal()} 0 -"
    digest = hashlib.sha1(ctypes.string_at(data, length.value)).hexdigest()
    libc.free(data)
    return f"V {key} {kind.value & 0xFFFFFFFF} {length.value} {digest}"


def main(path):
    hive = open_hive(path.encode(), 0)
    if not hive:
        sys.exit(f"libhivex does not open it: error {ctypes.get_errno()}")
    out = []
    left = [root(hive)]
    while left:
        node = left.pop()
        key = name(node_name(hive, node), node_name_len(hive, node))
        children, subkey_count = listed(node_children(hive, node))
        values, value_count = listed(node_values(hive, node))
        out.append(f"K {key} {node_timestamp(hive, node)} {subkey_count} {value_count}")
        out.extend(value(hive, offset) for offset in values)
        left.extend(reversed(children))
    print("\n".join(out))


main(sys.argv[1])
