"""The subject that a conversation keeps: without Re:, Fwd: and what other languages write for them (RFC 5256 §2.1)."""

import re

_LIMIT = 200  # characters; enough to tell conversations apart
_REPLY = (
    "re",  # Latin "in re", most clients
    "aw|antw|antwort",  # German, Dutch
    "sv|vs|svar",  # Swedish, Danish, Norwegian, Finnish
    "rif|r",  # Italian
    "ref|réf|rép|rep",  # French
    "res|resp",  # Portuguese, Spanish
    "odp",  # Polish
    "ynt",  # Turkish
    "vá",  # Hungarian
    "atb|ats",  # Latvian, Lithuanian
    "απ|σχετ",  # Greek
    "תגובה|השב",  # Hebrew
    "رد",  # Arabic
    "bls|balas",  # Indonesian
    "tl|trả lời|ตอบ",  # Vietnamese, Thai
    "отв|ответ|на|відп|re\u02d0",  # Russian, Ukrainian
    "回复|回覆|答复|返信|답장",  # Chinese, Japanese, Korean
)
_FORWARD = (
    "fwd?|fw",
    "wg",
    "tr",
    "rv|reenv",
    "enc",
    "i",
    "doorst",
    "vb",
    "i̇?lt",  # of capitals with a dot
    "vl",
    "pd",
    "trs",
    "továbbítás",
    "πρθ",
    "הועבר",
    "إعادة توجيه",
    "пересл|пер|переслано",
    "转发|轉寄|転送|전달",
)
_PREFIX = re.compile(
    rf"\s*(?:(?P<reply>{'|'.join(_REPLY)})|{'|'.join(_FORWARD)})\.?\s*(?:\[\d{{1,4}}\]|\(\d{{1,4}}\)|\^\d{{1,4}})?\s*[:：]\s*",
    re.IGNORECASE,
)
_TAG = re.compile(r"\[[^\[\]]{1,60}\]\s*")  # of a list, which puts it before what is there
_WRAPPED = re.compile(r"\[fwd?: (.*)\]", re.IGNORECASE)
_FORWARDED = re.compile(r"(?: ?\(fwd\))++$", re.IGNORECASE)


def base_subject(subject: str) -> tuple[str, bool]:
    """The subject without prefixes, as written; and whether one of them says that it is a reply."""
    reply = False
    rest = " ".join(subject[: 10 * _LIMIT].split())
    for _ in range(20):
        rest = _FORWARDED.sub("", rest) or rest
        rest = wrapped[1] if (wrapped := _WRAPPED.fullmatch(rest)) else rest
        tag = _TAG.match(rest)
        begin = tag.end() if tag else 0
        match = _PREFIX.match(rest, begin)
        if match is None or match.end() >= len(rest):
            break
        reply = reply or match["reply"] is not None
        rest = rest[:begin] + rest[match.end() :]
    return rest[:_LIMIT], reply
