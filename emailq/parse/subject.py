"""The subject that a conversation keeps: without Re:, Fwd: and what other languages write for them (RFC 5256 §2.1)."""

import re

_LIMIT = 200  # characters; enough to tell conversations apart
_REPLY = (
    "re",  # Latin "in re", most clients
    "aw|antw|antwort",  # German, Dutch
    "sv|vs|svar",  # Swedish, Danish, Norwegian, Finnish
    "rif|r",  # Italian
    "ref|rép|rep",  # French
    "res|resp",  # Portuguese, Spanish
    "odp",  # Polish
    "ynt",  # Turkish
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
    "ilt",
    "пересл|пер|переслано",
    "转发|轉寄|転送|전달",
)
_PREFIX = re.compile(
    rf"\s*(?:(?P<reply>{'|'.join(_REPLY)})|{'|'.join(_FORWARD)})\s*(?:\[\d{{1,4}}\]|\(\d{{1,4}}\)|\^\d{{1,4}})?\s*[:：]\s*",
    re.IGNORECASE,
)


def base_subject(subject: str) -> tuple[str, bool]:
    """The subject without prefixes, as written; and whether one of them says that it is a reply."""
    reply = False
    rest = " ".join(subject[: 10 * _LIMIT].split())
    for _ in range(20):
        match = _PREFIX.match(rest)
        if match is None or match.end() >= len(rest):
            break
        reply = reply or match["reply"] is not None
        rest = rest[match.end() :]
    return rest[:_LIMIT], reply
