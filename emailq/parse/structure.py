"""Cuts the bytes of a message into its MIME tree (RFC 2046 §5.1) in one pass, without recursion and without copies."""

import re
from dataclasses import dataclass

from emailq.parse import limits
from emailq.parse.headers import HeaderBlock, read_header_block
from emailq.parse.params import parse_content_type


class Node:
    """One entity: its header block and the span data[start:end] of its body. Multiparts have children, leaves none."""

    __slots__ = ("block", "boundary", "children", "end", "lead", "params", "start", "type")

    def __init__(self, block: HeaderBlock, media_type: str, params: dict[str, str], start: int, end: int) -> None:
        self.block = block
        self.type = media_type
        self.params = params
        self.start = start
        self.end = end
        self.boundary: bytes | None = None  # of a multipart that is read as one
        self.lead: tuple[str, dict[str, str]] | None = None  # what it also declares to be: its preamble is that
        self.children: list[Node] = []


@dataclass(slots=True)
class Budget:
    """What is left for one message and all messages nested in it."""

    parts: int = limits.PARTS
    inflated_bytes: int = limits.INFLATED_BYTES
    guesses: int = 3  # multiparts that are read a second time with the boundary they seem to use


_GUESSED_DELIMITER = re.compile(  # a blank is no end: each would be followed to the end of its run
    rb"^--(\S(?:[^\r\n]{0,200}?\S)?|)[ \t]*+\r*\n(?=content-[a-z-]+:)", re.IGNORECASE | re.MULTILINE
)
_GUESSED_END = re.compile(rb"^--([^\s-][^\r\n]{0,200}?|-{1,100}[^\s-][^\r\n]{0,100}?)--[ \t]*\r*$", re.MULTILINE)
_MERGED_FIELD = re.compile(  # whose line break was lost
    r"(?:\s|(?<=\"))(content-(?:transfer-encoding|disposition|id|description)):\s*", re.IGNORECASE
)
_OPAQUE = "application/octet-stream"


def read_structure(
    data: bytes,
    start: int,
    end: int,
    *,
    depth: int,
    budget: Budget,
    defects: set[str],
    default_type: str = "text/plain",
) -> Node:
    """The tree of the entity data[start:end]. `depth` counts what it is nested in. Never raises; linear time."""
    root = _read_entity(data, start, end, default_type)
    budget.parts -= 1
    if not _is_multipart(root, depth, defects):
        return root
    _split(data, root, depth, budget, defects)
    return root


def _split(data: bytes, root: Node, depth: int, budget: Budget, defects: set[str]) -> None:
    opened = [root]  # multiparts whose end has not been seen, outermost first
    watches = _watch(opened, {})
    leaf: Node | None = None  # the part that is being read; None in a preamble or epilogue
    end = root.end
    at = root.start
    while opened:
        found = _next_delimiter(data, at, end, watches)
        if found is None:
            break
        watch, line_at = found
        level, closes, at = watch.level, watch.closes, watch.behind
        content_end = _before_line_break(data, line_at, (leaf or opened[-1]).start)
        if leaf is not None:
            leaf.end = content_end
            leaf = None
        if len(opened) > level + 1:
            _end_inner(opened, level, content_end, defects)
            watches = _watch(opened, watches)
        if closes:
            opened.pop().end = at
            watches = _watch(opened, watches)
            continue
        parent = opened[-1]
        if parent.lead and not parent.children and data[parent.start : content_end].strip():
            parent.children.append(Node(parent.block, *parent.lead, parent.start, content_end))
        following = _next_delimiter(data, at, end, watches)
        if following == (watch, at) and not watch.closes:  # written twice: a part has a line at least
            at = _last_of_run(data, at, end, watch.boundary)
            continue
        if budget.parts <= 0:
            defects.add("parts-truncated")
            parent.children.append(Node(HeaderBlock([], at), _OPAQUE, {}, at, end))
            break
        budget.parts -= 1
        child = _read_part(data, at, following[1] if following else end, is_of_digest=parent.type == "multipart/digest")
        child.end = end
        parent.children.append(child)
        at = child.start
        if _is_multipart(child, depth + len(opened), defects):
            opened.append(child)
            watches = _watch(opened, watches)
        else:
            leaf = child
    if opened:
        defects.add("boundary-not-closed")
    _settle_empty(data, root, depth, budget, defects)


def _end_inner(opened: list[Node], level: int, end: int, defects: set[str]) -> None:
    """The multiparts in that of `level` end where it goes on, though they were not closed."""
    defects.add("boundary-not-closed")
    for node in opened[level + 1 :]:
        node.end = end
    del opened[level + 1 :]


@dataclass(slots=True, eq=False)
class _Watch:
    """Where the next delimiter line of one open boundary is, so that each boundary's search passes each byte once."""

    boundary: bytes
    level: int  # of the innermost multipart with this boundary
    clear_until: int = -1  # none begins before this index
    line_at: int = -1  # where the next one begins, if known
    behind: int = -1  # where the line after it begins
    closes: bool = False


def _watch(opened: list[Node], known: dict[bytes, _Watch]) -> dict[bytes, _Watch]:
    """A watch for each boundary of `opened`, outermost first; what is `known` of it is kept."""
    watches: dict[bytes, _Watch] = {}
    for level, node in enumerate(opened):
        if node.boundary is not None:
            watch = known.get(node.boundary) or _Watch(node.boundary, level)
            watch.level = level
            watches[node.boundary] = watch
    return watches


def _next_delimiter(data: bytes, at: int, end: int, watches: dict[bytes, _Watch]) -> tuple[_Watch, int] | None:
    """The first delimiter line at or after `at`, which is the beginning of a line: (its watch, where it begins)."""
    first: _Watch | None = None
    limit = end
    for watch in watches.values():
        if watch.line_at < at and watch.clear_until < limit:
            _search(data, watch, max(at, watch.clear_until), limit)
        if at <= watch.line_at < limit:
            first, limit = watch, watch.line_at
    return (first, limit) if first else None


def _search(data: bytes, watch: _Watch, at: int, limit: int) -> None:
    """Look for the next delimiter line within at…limit; `limit` is the beginning of a line or the end."""
    needle = b"\n--" + watch.boundary
    hit = data.find(needle, max(at - 1, 0), limit)
    misses = 0
    while hit >= 0:
        tail_at = hit + len(needle)
        stop = data.find(b"\n", tail_at, limit)
        tail = data[tail_at : limit if stop < 0 else stop].rstrip()
        # behind the closing "--" some junk is tolerated ("--boundary-->"), before it blanks that a boundary ends with
        if not tail or (tail.startswith(b"--") and len(tail) <= 12) or (tail[0] == 32 and tail.strip() == b"--"):
            watch.line_at, watch.behind, watch.closes = hit + 1, limit if stop < 0 else stop + 1, bool(tail)
            return
        misses += 1
        if misses == 100:  # a flood of lines that only begin like the delimiter
            exact = re.compile(re.escape(needle) + rb"(?:--[^\n]{0,10})?[ \t\r\f\v]*(?:\n|\Z)").search(
                data, hit + 1, limit
            )
            hit = exact.start() if exact else -1
        else:
            hit = data.find(needle, tail_at, limit)
    watch.clear_until = limit


def _last_of_run(data: bytes, at: int, end: int, boundary: bytes) -> int:
    """Where the last of the same delimiter lines begins that follow one another from `at` on: there may be millions."""
    run = re.compile(rb"(?:--" + re.escape(boundary) + rb"[ \t\r\f\v]*+\n)++").match(data, at, end)
    return max(at, data.rfind(b"\n", at, run.end() - 1) + 1) if run else at


def _before_line_break(data: bytes, at: int, least: int) -> int:
    """The line break before a delimiter belongs to the delimiter."""
    if at > least and data[at - 1] == 10:
        at -= 1
        if at > least and data[at - 1] == 13:
            at -= 1
    return max(at, least)


def _read_entity(data: bytes, start: int, end: int, default_type: str) -> Node:
    block = read_header_block(data, start, end)
    declared = block.first("content-type")
    if declared and ":" in declared and (lost := _MERGED_FIELD.search(declared)):
        block.fields.append((lost[1], lost[1].lower(), declared[lost.end() :]))
        declared = declared[: lost.start()]
    media_type, params = parse_content_type(declared)
    if not media_type:
        if declared:
            block.defects.add("content-type-broken")
        named = "name" in params or "filename" in (block.first("content-disposition") or "")
        media_type = _OPAQUE if declared and named else default_type
    node = Node(block, media_type, params, block.end, end)
    if not media_type.startswith("multipart/") and len(block.all("content-type")) > 1:
        _prefer_multipart(data, node)
    return node


def _read_part(data: bytes, start: int, end: int, *, is_of_digest: bool) -> Node:
    if not is_of_digest:
        return _read_entity(data, start, end, "text/plain")
    node = _read_entity(data, start, end, "message/rfc822")
    if _is_message_header(node.block):
        node.block, node.start = HeaderBlock([], start), start
    return node


def _is_message_header(block: HeaderBlock) -> bool:
    """Whether the blank line is missing that stands for the header of a part in a digest (RFC 2046 §5.1.5)."""
    names = {lower for _, lower, _ in block.fields}
    return not names.isdisjoint(("from", "subject", "date")) and "content-type" not in names


def _prefer_multipart(data: bytes, node: Node) -> None:
    """Of several types the first counts; but one that is a multipart, and is used as one, may hide files."""
    node.block.defects.add("content-type-duplicate")
    for value in node.block.all("content-type")[1:5]:
        media_type, params = parse_content_type(value)
        delimiter = b"--" + params.get("boundary", "").encode("utf-8", "replace")
        if (
            media_type.startswith("multipart/")
            and len(delimiter) > 2
            and data.find(delimiter, node.start, node.end) >= 0
        ):
            node.lead = (node.type, node.params)
            node.type, node.params = media_type, params
            return


def _is_multipart(node: Node, depth: int, defects: set[str]) -> bool:
    """Whether to look for parts in `node`; gives it a boundary if so."""
    defects |= node.block.defects - {"body-missing"}
    if not node.type.startswith("multipart/"):
        return False
    if depth >= limits.DEPTH:
        defects.add("nesting-truncated")
        node.type = _OPAQUE
        return False
    boundary = node.params.get("boundary", "").rstrip()
    node.boundary = boundary.encode("utf-8", "replace") if boundary else None
    return True


def _settle_empty(data: bytes, root: Node, depth: int, budget: Budget, defects: set[str]) -> None:
    """A multipart in which no delimiter was found: try the one its body seems to use, else it is a text."""
    pending = [(root, depth)]
    while pending:
        node, level = pending.pop()
        if node.children:
            pending += [(child, level + 1) for child in node.children if child.type.startswith("multipart/")]
            continue
        if not node.type.startswith("multipart/") or _is_blank(data[node.start : node.end], node.boundary):
            continue
        defects.add("boundary-missing" if node.boundary is None else "boundary-not-found")
        guess = _guessed_boundary(data, node) if budget.guesses > 0 else None
        budget.guesses -= 1
        if guess is not None and guess != node.boundary:
            node.boundary = guess
            _split(data, node, level, budget, defects)
        if not node.children:
            node.type, node.params = "text/plain", {}
            node.boundary = None


def _is_blank(body: bytes, boundary: bytes | None) -> bool:
    """Whether there is nothing to read, but perhaps the delimiter that closes."""
    return not body.strip().removeprefix(b"--" + (boundary or b"")).strip(b"-\r\n\t ")


def _guessed_boundary(data: bytes, node: Node) -> bytes | None:
    """What stands between apostrophes that were meant as quotes, else what looks like a delimiter: above a header, or
    in a line that begins a part and in one that ends it.
    """
    meant = (node.boundary or b"").strip(b"'")
    if meant and meant != node.boundary and data.find(b"--" + meant, node.start, node.end) >= 0:
        return meant
    if seen := _GUESSED_DELIMITER.search(data, node.start, node.end):
        return seen[1]
    end = _GUESSED_END.search(data, node.start, node.end)
    if end and re.search(rb"^--" + re.escape(end[1]) + rb"[ \t]*\r*$", data[node.start : end.start()], re.MULTILINE):
        return end[1]
    return None
