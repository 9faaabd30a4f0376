"""Cuts the bytes of a message into its MIME tree (RFC 2046 §5.1) in one pass, without recursion and without copies."""

import re
from dataclasses import dataclass, field

from emailq.parse import limits
from emailq.parse.headers import HeaderBlock, read_header_block
from emailq.parse.params import parse_content_type


@dataclass(slots=True, eq=False)
class Node:
    """One entity: its header block and the span data[start:end] of its body. Multiparts have children, leaves none."""

    block: HeaderBlock
    type: str
    params: dict[str, str]
    start: int
    end: int
    boundary: bytes | None = None  # of a multipart that is read as one
    children: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Budget:
    """What is left for one message and all messages nested in it."""

    parts: int = limits.PARTS
    guesses: int = 3  # multiparts that are read a second time with the boundary they seem to use


_GUESSED_DELIMITER = re.compile(rb"^--(\S[^\r\n]{0,200}?)[ \t]*\r*\n(?=content-[a-z-]+:)", re.IGNORECASE | re.MULTILINE)
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
    levels = _levels(opened)
    leaf: Node | None = None  # the part that is being read; None in a preamble or epilogue
    end = root.end
    at = root.start
    is_line_start = True
    while opened:
        if not (is_line_start and data.startswith(b"--", at, end)):
            at = data.find(b"\n--", at, end) + 1
            if at == 0:
                break
        is_line_start = False
        stop = data.find(b"\n", at, end)
        stop = end if stop < 0 else stop
        level, closes = _match(data[at + 2 : stop], levels)
        if level is None:
            at = stop
            continue
        content_end = _before_line_break(data, at, (leaf or opened[-1]).start)
        if leaf is not None:
            leaf.end = content_end
            leaf = None
        if len(opened) > level + 1:
            defects.add("boundary-not-closed")
            for node in opened[level + 1 :]:
                node.end = content_end
            del opened[level + 1 :]
            levels = _levels(opened)
        at = min(stop + 1, end)
        is_line_start = True
        if closes:
            opened.pop().end = at
            levels = _levels(opened)
            continue
        if budget.parts <= 0:
            defects.add("parts-truncated")
            opened[-1].children.append(Node(HeaderBlock([], at), _OPAQUE, {}, at, end))
            break
        budget.parts -= 1
        parent = opened[-1]
        child = _read_entity(
            data, at, end, "message/rfc822" if parent.type == "multipart/digest" else "text/plain", levels
        )
        parent.children.append(child)
        at = child.start
        if _is_multipart(child, depth + len(opened), defects):
            opened.append(child)
            levels = _levels(opened)
        else:
            leaf = child
    if opened:
        defects.add("boundary-not-closed")
    _settle_empty(data, root, depth, budget, defects)


def _levels(opened: list[Node]) -> dict[bytes, int]:
    return {node.boundary: level for level, node in enumerate(opened) if node.boundary is not None}


def _match(line: bytes, levels: dict[bytes, int]) -> tuple[int | None, bool]:
    """(level of the multipart that `line` delimits, whether it closes it). The innermost of equal boundaries wins."""
    line = line.rstrip()
    level = levels.get(line)
    if level is None and line.endswith(b"--"):
        level = levels.get(line[:-2].rstrip())
        return level, level is not None
    return level, False


def _before_line_break(data: bytes, at: int, least: int) -> int:
    """The line break before a delimiter belongs to the delimiter."""
    if at > least and data[at - 1] == 10:
        at -= 1
        if at > least and data[at - 1] == 13:
            at -= 1
    return max(at, least)


def _read_entity(data: bytes, start: int, end: int, default_type: str, levels: dict[bytes, int] | None = None) -> Node:
    block = read_header_block(data, start, end)
    if levels and data.find(b"--", start, block.end) >= 0:
        cut = _delimiter_within(data, start, block.end, levels)
        if cut is not None:
            block = read_header_block(data, start, cut)
            block.end = cut
            block.defects.discard("body-missing")
    declared = block.first("content-type")
    media_type, params = parse_content_type(declared)
    if not media_type:
        if declared:
            block.defects.add("content-type-broken")
        named = "name" in params or "filename" in (block.first("content-disposition") or "")
        media_type = _OPAQUE if declared and named else default_type
    return Node(block, media_type, params, block.end, end)


def _delimiter_within(data: bytes, start: int, end: int, levels: dict[bytes, int]) -> int | None:
    """Where a delimiter cuts a header block short, if one does."""
    at = start - 1
    while True:
        at = start if at < start and data.startswith(b"--", start) else data.find(b"\n--", max(at, start), end) + 1
        if at == 0:
            return None
        stop = data.find(b"\n", at, end)
        stop = end if stop < 0 else stop
        if _match(data[at + 2 : stop], levels)[0] is not None:
            return at
        at = stop
        if at >= end:
            return None


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
        if not node.type.startswith("multipart/"):
            continue
        defects.add("boundary-missing" if node.boundary is None else "boundary-not-found")
        guess = _GUESSED_DELIMITER.search(data, node.start, node.end) if budget.guesses > 0 else None
        budget.guesses -= 1
        if guess and guess[1] != node.boundary:
            node.boundary = guess[1].rstrip()
            _split(data, node, level, budget, defects)
        if not node.children:
            node.type, node.params = "text/plain", {}
            node.boundary = None
