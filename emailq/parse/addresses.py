"""Mailbox lists (RFC 5322 §3.4, obsolete forms of §4.4, RFC 6532) out of headers that seldom follow them."""

import re
from dataclasses import dataclass

from emailq.parse import limits
from emailq.parse.words import clean_line, decode_words


@dataclass(slots=True)
class Address:
    """`email` is the addr-spec as written, without white space; it may lack a domain, and is "" behind a name alone."""

    name: str | None
    email: str


_SIMPLE = re.compile(r'\s*(?:"([^"\\]*)"|([^"\\<>()\[\]:;,@]*?))\s*<([^\s"\\<>()\[\]:;,@]+@[^\s"\\<>()\[\]:;,@]+)>\s*')
_BARE = re.compile(r'\s*([^\s"\\<>()\[\]:;,@，；、]+@[^\s"\\<>()\[\]:;,@，；、]+)\s*')
_TOKENS = (
    r"|(=\?[^?\s]{1,80}\?[bBqQ]\?(?:[^?<>]*+|[^?\s]*+)\?=)"  # 2 encoded word, which may hold commas, against all rules
    r"|(\[[^\[\]<>]*+\])"  # 3 domain literal
    r"|([<>(),;:，；、])"  # 4 special
    r'|([^\s"<>(),;:\[，；、\\]++|\\[",;:()]?)'  # 5 atom, with dots and @, or what is escaped as if it were quoted
    r"|(\s++)"  # 6 white space
    r"|(.)"  # 7 a quote or bracket that is not closed
)
_TOKEN = re.compile(r'"((?:[^"\\]++|\\.)*+)"' + _TOKENS, re.DOTALL)  # 1 quoted string
_TOKEN_WITHOUT_QUOTES = re.compile(r"((?!))" + _TOKENS, re.DOTALL)  # behind a quote that no other closes
_NOBODY = re.compile(
    r"(?:un(?:disclosed|listed|specified)|no)[- _]?recipients?|recipient ?list ?not ?shown|no to-header on input", re.I
)
_NOBODY_AT = re.compile(r'"([^"@]*:;?)"@[^@]*')  # as a server completes it
_AROUND_DOTS = re.compile(r"\s*+([.@])\s*")
_ROUTE = re.compile(r"(?:@(?:\[[^\[\]]*+\]|[^:\[\]])*+:)+")  # RFC 5322 §4.4; "[IPv6:::1]" has colons of its own
_UNSEEN = "\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_SEPARATOR = re.compile("[,;，；、]")
_QUOTED_LOCAL_PART = re.compile(r'\s*((?:@[^"<>]*:)?)\s*("(?:[^"\\]++|\\.)*+")\s*(?=@)')  # a route may stand before
_QUOTED_SPEC = re.compile(r'"(?:[^"\\]++|\\.)*+"@[^@]*')
_AT = re.compile(r"([^\s@]+) at ([\w-]+(?:\.[\w-]+)+)")  # RFC 733, and archives that hide addresses from robots
_UNCLOSED = re.compile(r"\s*([^\s<>,;]+@[^\s<>,;]+)\s*(?=[,;])")  # "<a@b, C <d@e>"
_WHITE = re.compile(r"\s+")
_TO_ESCAPE, _ESCAPED = re.compile(r"([\\\"])"), r"\\\1"
_OVERESCAPED = re.compile(r"\\([\",;:()])")
_PAREN = re.compile(r"\\.|[()]", re.DOTALL)
_PAREN_OR_QUOTED = re.compile(r'\\.|"(?:[^"\\]++|\\.)*+"|[()]', re.DOTALL)
_BLANK = (" ", False)
_UNQUOTED = re.compile(r"\\(.)", re.DOTALL)


def parse_addresses(value: str) -> tuple[list[Address], list[str]]:
    """The mailboxes of an unfolded header value whose encoded words are not yet decoded, and defect codes.

    Groups are flattened, routes dropped, comments serve as names where there is no other. Addresses are cut out
    before words are decoded, so nothing encoded can pose as an address. At most limits.ADDRESSES; linear time.
    """
    if len(value) < 500:
        simple = _SIMPLE.fullmatch(value)
        if simple:
            name = " ".join(simple[2].split()) if simple[1] is None else simple[1]
            return [Address(_clean_name(name), _unquoted(simple[3]))], []
        bare = _BARE.fullmatch(value)
        if bare and "=?" not in value:
            return [Address(None, _unquoted(bare[1]))], []
    if "&lt;" in value and "<" not in value:
        value = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    value = value.replace("=?utf-8?q?=2C?=", ",")  # as versions of Python's own library write a list
    reader = _Reader(value)
    return reader.read(), sorted(reader.defects)


class _Reader:
    """One pass over the tokens of a list; collects the mailbox that is being read until a separator ends it."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.found: list[Address] = []
        self.defects: set[str] = set()
        self.lost_phrases: list[str] = []  # "Doe" of the unquoted "Doe, John <j@x>"
        self._closing_parens = _match_parens(value)
        self._start()

    def _start(self) -> None:
        self.words: list[tuple[str, bool]] = []  # (text, quoted) outside of <>, white space as _BLANK
        self.angle: str | None = None
        self.words_before_angle = 0
        self.words_seen, self.bare_address = 0, False
        self.comments: list[str] = []

    def read(self) -> list[Address]:
        at, value, pattern = 0, self.value, _TOKEN
        while at < len(value):
            token = pattern.match(value, at)
            if token is None:  # can't happen: the last alternative takes any character
                break
            at = token.end()
            quoted, special = token[1], token[4]
            if quoted is not None:
                self.words.append((_UNQUOTED.sub(r"\1", quoted) if "\\" in quoted else quoted, True))
            elif token[6]:
                if self.words[-1:] != [_BLANK]:  # one is left of two, where a comment stood
                    self.words.append(_BLANK)
            elif special is None:
                if token[7] == '"':
                    pattern = _TOKEN_WITHOUT_QUOTES
                    if not any(text.strip() for text, _ in self.words):  # no quote at the beginning counts
                        continue
                text = _OVERESCAPED.sub(r"\1", token[0]) if "\\" in token[0] else token[0]
                self.words.append((text, token[2] is not None))
            elif special == "<":
                at = self._read_angle(at)
            elif special == "(":
                at = self._read_comment(at)
            elif special == ":":
                self._end_group_name()
            elif special in ",;":
                self._finish(special)
                if len(self.found) >= limits.ADDRESSES:
                    self.defects.add("addresses-truncated")
                    return self.found
            elif special in "，；、":
                self._end_of_wide_list(special)
            else:
                self.defects.add("address-malformed")
                if special != ">" or self.angle is None:  # "<<a@b>>"
                    self.words.append((special, False))
        self._finish(";")
        return self.found

    def _read_angle(self, at: int) -> int:
        """After "<": the addr-spec up to ">"."""
        if self._closing_parens and (behind := self._read_commented_angle(at)):
            return behind
        quoted = _QUOTED_LOCAL_PART.match(self.value, at)
        begin = quoted.end() if quoted else at
        end = self.value.find(">", begin, at + 2000)
        nested = self.value.find("<", begin, end if end >= 0 else at + 2000)
        if nested >= 0 and self.value[at:nested].strip():  # "a<b<c@d>"
            self.defects.add("address-malformed")
            if unclosed := _UNCLOSED.match(self.value, at, nested):
                self._take_angle(unclosed[1])
                return unclosed.end()
            self.words.append(("<" + self.value[at:nested], False))
            return nested
        if nested >= 0:
            return nested
        if end < 0:
            self.defects.add("address-malformed")
            comma = re.compile(r"[,;]|$").search(self.value, at)
            end = comma.start() if comma else len(self.value)
            self._take_angle(self.value[at:end])
            return end
        self._take_angle(self.value[at:end])
        return end + 1

    def _read_commented_angle(self, at: int) -> int:
        """The same of an addr-spec with comments inside, which may hold anything; 0 if it has none or is broken."""
        pieces: list[str] = []
        quoted = _QUOTED_LOCAL_PART.match(self.value, at)
        done, begin = at, quoted.end() if quoted else at
        while True:
            end = self.value.find(">", begin, at + 2000)
            comment = self.value.find("(", begin, end) if end >= 0 else -1
            stop = comment if comment in self._closing_parens else end
            if stop < 0 or "<" in self.value[begin:stop]:
                return 0
            pieces.append(self.value[done:stop])
            if stop == end:
                break
            done = begin = self._closing_parens[comment] + 1
        if len(pieces) == 1:
            return 0
        self._take_angle("".join(pieces))
        return end + 1

    def _take_angle(self, text: str) -> None:
        if self.angle is not None:  # "<a@b> C <c@d>" without a comma
            self.defects.add("address-ambiguous")
            later = self.words[self.words_before_angle :]
            self.words = self.words[: self.words_before_angle]
            self._finish(";")
            self.words = later
        self.angle = text
        self.words_before_angle = len(self.words)

    def _read_comment(self, at: int) -> int:
        end = self._closing_parens.get(at - 1)
        if end is None:
            self.defects.add("address-malformed")
            self.words.append(("(", False))
            return at
        self.comments.append(self.value[at:end])
        return end + 1

    def _end_group_name(self) -> None:
        """ "Team: a@b, c@d;" names a group; a colon elsewhere is a character."""
        if self.angle is None and not self._has_bare_address():
            self._start()
            self.lost_phrases = []
        else:
            self.defects.add("address-malformed")
            if self.angle is None:  # "Bo <a@b>:"
                self.words.append((":", False))

    def _has_bare_address(self) -> bool:
        """Looks at each word once, however often it is asked."""
        new, self.words_seen = self.words[self.words_seen :], len(self.words)
        self.bare_address = self.bare_address or any("@" in text for text, quoted in new if not quoted)
        return self.bare_address

    def _end_of_wide_list(self, comma: str) -> None:
        """A comma as Chinese and Japanese write it ends a mailbox, but belongs to a name."""
        if self.angle is not None or self._has_bare_address():
            self._finish(",")
        else:
            self.words.append((comma, False))

    def _finish(self, separator: str) -> None:
        words, angle, comments = self.words, self.angle, self.comments
        if angle is not None and not "".join([text for text, _ in words[self.words_before_angle :]]).strip(" .'"):
            words = words[: self.words_before_angle]  # "Bo <a@b>."
        self._start()
        phrase = "".join(text for text, _ in words).strip()
        is_bare = any("@" in text for text, quoted in words if not quoted)
        if angle is not None and (angle.strip() or not is_bare):
            if is_bare:
                self.defects.add("address-ambiguous")
            self._finish_angle(phrase, angle, comments)
        elif is_bare:
            self._keep_lost_phrases()
            for name_text, email in _split_bare(words):
                self._append(_clean_name(name_text) or _clean_comment(comments), email)
        elif at := _AT.fullmatch(phrase):
            self._keep_lost_phrases()
            self.defects.add("address-malformed")
            self._append(_clean_comment(comments), f"{at[1]}@{at[2]}")
        elif separator == ",":
            self.lost_phrases += [phrase] if phrase else []
        else:
            self._keep_lost_phrases()
            if phrase:
                self._append_without_domain(phrase, _clean_comment(comments))

    def _finish_angle(self, phrase: str, angle: str, comments: list[str]) -> None:
        if self.lost_phrases and (phrase or any(re.search(r'[\s"]', one) for one in self.lost_phrases)):
            phrase = ", ".join([*self.lost_phrases, phrase]).rstrip(", ")
            self.lost_phrases = []
        self._keep_lost_phrases()
        name = _clean_name(phrase) or _clean_comment(comments)
        is_one = '"' in angle or angle.lstrip().startswith("@")  # a route has commas too
        for one in [angle] if is_one else _SEPARATOR.split(angle):
            self._append(name, _clean_spec(one))

    def _keep_lost_phrases(self) -> None:
        for phrase in self.lost_phrases:
            self._append_without_domain(phrase)
        self.lost_phrases = []

    def _append_without_domain(self, phrase: str, name: str | None = None) -> None:
        """A local account ("root") is an address; several words are a name without one."""
        if _is_nobody(phrase):
            return
        if not re.search(r"[\s?]", phrase):
            self._append(name, phrase)
        elif not self._read_hidden_mailbox(phrase):
            self._append_name(_clean_name(phrase))

    def _append(self, name: str | None, email: str) -> None:
        email = _unquoted(email.rstrip(":"))
        if _is_nobody(email):
            return
        if not email.strip('<>"()') or email.rfind("@") == 0:  # without anybody at the domain
            self._append_name(name)
            return
        if "@" not in email.strip("@"):
            self.defects.add("address-without-domain")
        elif email.count("@") > 1 and not _QUOTED_SPEC.fullmatch(email):
            self.defects.add("address-malformed")
        self.found.append(Address(name, email))

    def _append_name(self, name: str | None) -> None:
        """What a reader may want to see, though nobody can write to it: "MAILER-DAEMON <>"."""
        self.defects.add("address-missing")
        if name and not _is_nobody(name):
            self.found.append(Address(name, ""))

    def _read_hidden_mailbox(self, phrase: str) -> bool:
        """The whole mailbox inside quotes, or encoded words, which RFC 2047 §5 forbids, and nothing else to go by."""
        text = clean_line(decode_words(phrase))[:1000]
        match, bare = _SIMPLE.fullmatch(text), _BARE.fullmatch(text)
        if match:
            self._append((match[1] or match[2] or "").strip() or None, match[3])
        elif bare:
            self._append(None, bare[1])
        if match or bare:
            self.defects.add("address-encoded")
        return bool(match or bare)


def _is_nobody(text: str) -> bool:
    """Whether it stands for recipients who are not told, as "undisclosed-recipients:;" wherever it is written."""
    completed = _NOBODY_AT.fullmatch(text) if text.startswith('"') else None
    return _NOBODY.fullmatch((completed[1] if completed else text).rstrip(":; ")) is not None


def _match_parens(value: str) -> dict[int, int]:
    """Position of each "(" that is closed → position of its ")". In quoted strings none counts, in comments no quote.

    Where a comment is not closed, quotes count in all of them, so that less is lost.
    """
    if "(" not in value:
        return {}
    pairs, is_closed = _pair_parens(value, _PAREN)
    return pairs if is_closed else _pair_parens(value, _PAREN_OR_QUOTED)[0]


def _pair_parens(value: str, pattern: re.Pattern[str]) -> tuple[dict[int, int], bool]:
    """Also whether all are closed. In a comment `pattern` finds what counts."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    at = 0
    while match := (pattern if opened else _PAREN_OR_QUOTED).search(value, at):
        at = match.end()
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")" and opened:
            pairs[opened.pop()] = match.start()
    return pairs, not opened


def _split_bare(words: list[tuple[str, bool]]) -> list[tuple[str, str]]:
    """(name, addr-spec) from words without angle brackets: `a . b @ c`, `"q p"@c`, `Name a@b`, and `a@b c@d`."""
    pieces: list[str] = []
    spaced = True
    before = ""
    for text, quoted in words:
        if text == " " and not quoted:
            spaced = True
            continue
        is_after_word = before.startswith("=?") and before.endswith("?=")
        glued = not (spaced or is_after_word) or text[:1] in ("@", ".") or before[-1:] == "@" or "." in (text, before)
        glued = glued or (before[-1:] == "." and "@" in pieces[-1])  # "a@b. c"
        shown = f'"{_TO_ESCAPE.sub(_ESCAPED, text)}"' if quoted and not text.startswith("=?") else text
        if pieces and glued:
            pieces[-1] += shown
        else:
            pieces.append(shown)
        spaced, before = False, text
    last = next((index for index, piece in enumerate(pieces) if "@" in piece), 0)
    if last and all(piece.endswith(".") for piece in pieces[:last]):  # "a. b@c" (RFC 5322 §4.4)
        pieces[: last + 1] = ["".join(pieces[: last + 1])]
    return _pair(pieces)


def _pair(pieces: list[str]) -> list[tuple[str, str]]:
    """A name stands before its address; behind one that is alone only where none does."""
    found: list[tuple[str, str]] = []
    name: list[str] = []
    for piece in pieces:
        is_quoted = piece.startswith('"') and piece.endswith('"')
        if "@" in piece and not is_quoted:
            piece = _without_route(piece.strip("<>'"))
            spec = _decoded_spec(_strip_mailto(piece if "@[" in piece else piece.strip("[]")))
            found.append((" ".join(name), spec))
            name = []
        else:
            name.append(_UNQUOTED.sub(r"\1", piece[1:-1]) if is_quoted else piece.strip('"'))
    if len(found) == 1 and not found[0][0] and any(map(str.isalpha, "".join(name))):
        found = [(" ".join(name), found[0][1])]
    return found


def _clean_spec(text: str) -> str:
    """The addr-spec between angle brackets: no route, no white space, no comments, no "mailto:"."""
    if quoted := _QUOTED_LOCAL_PART.match(text):
        return quoted[2] + _WHITE.sub("", text[quoted.end() :])
    text = text.strip()
    if "(" in text:
        text = re.sub(r"\([^()]*\)", "", text).strip()
    if '"' not in text and len(text.split()) > 1:  # white space belongs around dots and @ only: "<a . b @ c>"
        words = _AROUND_DOTS.sub(r"\1", text).split()
        text = next((word for word in reversed(words) if "@" in word), "".join(words))
    text = _without_route(text)
    return _decoded_spec(_strip_mailto(text))


def _without_route(text: str) -> str:
    route = _ROUTE.match(text)
    return (text[route.end() :] if route else text).lstrip(":")


def _decoded_spec(text: str) -> str:
    """An address in which an encoded word stands, unless more than an address comes out."""
    if "=?" in text:
        decoded = decode_words(text)
        text = decoded if not re.search(r"[\s<>,;\"]", decoded) else text
    return clean_line(text)


def _unquoted(email: str) -> str:
    if not email.isascii():
        email = email.strip(_UNSEEN)
    return email[1:-1] if len(email) > 2 and email[0] == email[-1] == "'" else email


def _strip_mailto(text: str) -> str:
    scheme, colon, rest = text.partition(":")
    return rest if colon and scheme.lower() in ("mailto", "smtp") else text


def _clean_name(text: str) -> str | None:
    """Blanks inside stay: those of quotes and encoded words are meant so, others were made one."""
    return clean_line(decode_words(text)).strip() or None


def _clean_comment(comments: list[str]) -> str | None:
    for comment in comments:
        name = _clean_name(" ".join(_UNQUOTED.sub(r"\1", comment).split()))
        if name:
            return name.strip('"')
    return None
