"""Lets links of the book to files of the repository that are not in the book lead there.

mdBook runs it, as book.toml says. The book lies in target/book of the repository, two folders down.
"""

import json
import posixpath
import re
import sys

LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(#[^)\s]*)?\)")
FROM_BOOK = "../.."


def mend(chapter):
    folder = posixpath.dirname(chapter["path"])
    to_root = "/".join([FROM_BOOK] + [".." for part in folder.split("/") if part])

    def target(link):
        path = posixpath.normpath(posixpath.join("docs", folder, link[1]))
        if path.startswith("docs/"):
            return link[0]
        # mdBook makes `.html` of every `.md`.
        path = path.replace(".md", "%2Emd")
        return f"]({to_root}/{path}{link[2] or ''})"

    chapter["content"] = LINK.sub(target, chapter["content"])


def walk(items):
    for item in items:
        if "Chapter" in item:
            if item["Chapter"]["path"]:
                mend(item["Chapter"])
            walk(item["Chapter"]["sub_items"])


if sys.argv[1:2] == ["supports"]:
    sys.exit(0)
_, book = json.load(sys.stdin)
walk(book["items"])
json.dump(book, sys.stdout)
