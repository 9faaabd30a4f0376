"""Files in a text as Usenet posts them (yEnc 1.3): every byte shifted by 42, a few of them behind "="."""

import re
from collections.abc import Iterator

_BEGIN = re.compile(rb"^=ybegin (?=[^\r\n]{0,200}?\bsize=\d)[^\r\n]{0,400}? name=([^\r\n]{1,500})\r*\n", re.M)
_END = re.compile(rb"^=yend [^\r\n]{0,500}\r*(?:\n|\Z)", re.M)
_PART = re.compile(rb"=ypart [^\r\n]{0,200}\r*\n")
_ESCAPED = re.compile(rb"=.", re.DOTALL)
_UNESCAPED = {bytes((61, code)): bytes(((code - 64) & 0xFF,)) for code in range(256)}
_SHIFTED = bytes((code - 42) & 0xFF for code in range(256))


def find_files(content: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(start, end, name, data) of each encoded file that has an end; one of several parts is what its part holds."""
    begin = _BEGIN.search(content)
    while begin and (end := _END.search(content, begin.end())):
        at = begin.end()
        part = _PART.match(content, at)
        body = content[part.end() if part else at : end.start()].replace(b"\r\n", b"").replace(b"\n", b"")
        if body.count(b"=") > len(body) // 4 + 1000:  # made to cost time: of a file it is one byte of sixty
            return
        plain = _ESCAPED.sub(lambda found: _UNESCAPED[found[0]], body).translate(_SHIFTED)
        yield begin.start(), end.end(), begin[1].rstrip(), plain
        begin = _BEGIN.search(content, end.end())
