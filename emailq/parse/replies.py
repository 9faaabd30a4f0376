"""What the sender wrote this time, apart from quoted history and signature: by lines, linear in the text."""

import re
from dataclasses import dataclass

_LINE_LIMIT = 500  # characters of a line that are looked at
_HEADER_BLOCK = 8  # lines in which an Outlook header block shows itself

_WROTE = (
    r"wrote|writes|écrit|schrieb|schreibt|geschrieben|escribió|escribio|escreveu|ha scritto|scrisse|schreef|skrev|"
    r"napisał\(?a?\)?|napsal\(?a?\)?|írta|a scris|yazdı|пишет|писал\(?а?\)?|написал\(?а?\)?|"
    r"пише|написав|писав|写道|寫道|のメール"
)
# "On Mon, 9 Nov 2026 at 17:31, Jonas <j@example.org> wrote:" and its relatives; the verb may stand on the next line.
_ATTRIBUTION = re.compile(rf"^(?=.*\d).{{0,400}}?(?:{_WROTE})[^:：]{{0,60}}[:：]\s*$", re.IGNORECASE)
# "пн, 9 нояб. 2026 г. в 17:31, Jonas <j@example.org>:", "09.11.2026, 17:31, "Jonas" <j@example.org>:"
_DATED_SENDER = re.compile(r"^(?=.*\d{1,2}[:.]\d{2})(?=.*\d{4}).{10,300}<[^<>\s]+@[^<>\s]+>\s*[:：]\s*$")
_VERB_FIRST = re.compile(r"^(?:пользователь|el|le|am|on|il|op|den|dne|em|w dniu|в|\d).{5,300}", re.IGNORECASE)
_DASHES = re.compile(r"^[\s>]*[-_=—–*]{2,}\s*(?P<words>[^\d\W][^-_=—–*]{3,60}?)\s*[-_=—–*:]{2,}\s*$")
_ORIGINAL = re.compile(
    r"original|ursprüng|исходн|оригинал|mensaje original|message d'origine|messaggio originale|oorspronkelijk|"
    r"oprindelig|ursprungligt|původní|wiadomość oryginalna|повідомлення|orijinal|"
    r"原始邮件|原始郵件|元のメッセージ|reply",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"forward|weitergeleitet|пересыл|пересланн|переслане|transféré|reenviado|rv:|inoltrat|doorgestuurd|encaminhad|"
    r"przesłan|vidarebefordra|videresendt|přeposlan|iletilen|转发|轉寄|転送",
    re.IGNORECASE,
)
_FORWARD_LINE = re.compile(r"^(?:begin forwarded message|anfang der weitergeleiteten|début du message transféré|"
                           r"inicio del mensaje reenviado|начало переадресованного сообщения|"
                           r"начало пересылаемого сообщения)", re.IGNORECASE)  # fmt: skip
_FROM = re.compile(
    r"^[\s>*]*(?:from|von|de|от|від|da|van|från|fra|od|lähettäjä|kimden|feladó|发件人|寄件者|差出人)\s*[:：]",
    re.IGNORECASE,
)
_OTHER_HEADER = re.compile(
    r"^[\s>*]*(?:sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|fecha|para|asunto|inviato|data|"
    r"a|oggetto|verzonden|aan|onderwerp|skickat|till|ämne|sendt|til|emne|wysłano|do|temat|odesláno|komu|předmět|"
    r"отправлено|дата|кому|копия|тема|надіслано|копія|konu|kime|tarih|发送时间|收件人|主题|日時|宛先|件名)\s*[:：]",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"^\s{0,3}(?:>|\|(?=\s?\w))")
_RULE = re.compile(r"^\s*_{20,}\s*$")
_CLOSING = re.compile(
    r"^\W{0,3}(?:best|kind|warm|many|with)?\s?(?:regards|wishes|thanks and regards)|"
    r"^(?:yours|sincerely|cheers|rgds)\b|^(?:thanks|thank you|many thanks)[,!. ]{0,3}$|"
    r"^с (?:уважением|наилучшими)|^всего доброго|^з повагою|"
    r"^(?:mit )?(?:freundlichen?|besten?|herzlichen?|viele|liebe) gr(?:ü|ue|u)(?:ß|ss)|^mfg\b|"
    r"^cordialement|^bien (?:à vous|cordialement)|^sincères salutations|"
    r"^(?:un )?(?:cordial|atento)? ?saludos?|^atentamente|^atenciosamente|^cordiali saluti|^distinti saluti|"
    r"^met vriendelijke groet|^med vänlig|^med venlig|^z poważaniem|^saygılarımla|^s pozdravem",
    re.IGNORECASE,
)
_MOBILE = re.compile(
    r"^(?:sent from|get outlook for|отправлено с|отправлено из|надіслано з|von meinem .{1,30} gesendet|gesendet von|"
    r"envoyé de|enviado desde|inviato da|verstuurd vanaf|skickat från|wysłane z)\b",
    re.IGNORECASE,
)
_SIGNATURE_LINES = 12


@dataclass(frozen=True, slots=True)
class SplitText:
    """Every line of the text is in one of the three. `forwarded`: the quoted part was passed on, not answered."""

    new: str
    quoted: str
    signature: str
    forwarded: bool = False


def split_reply(text: str) -> SplitText:
    """Separate the newest text from history and signature; answers between quoted lines stay in `new`."""
    lines = text.split("\n")
    end, forwarded, inline = _history(lines)
    quoted_after = lines[end:]
    new: list[str] = []
    quoted: list[str] = []
    for number, line in enumerate(lines[:end]):
        (quoted if number in inline or _QUOTED.match(line) else new).append(line)
    start = _signature(new)
    return SplitText(_joined(new[:start]), _joined(quoted + quoted_after), _joined(new[start:]), forwarded)


def _history(lines: list[str]) -> tuple[int, bool, set[int]]:
    """Where all that follows is history; whether that was forwarded; and attribution lines of quotes before it."""
    inline: set[int] = set()
    for number, line in enumerate(lines):
        text = line[:_LINE_LIMIT].strip()
        if len(text) < 4 or _QUOTED.match(line):
            continue
        if _FORWARD_LINE.match(text):
            return number, True, inline
        if (rule := _DASHES.match(text)) and len(text) < 120:
            if _FORWARDED.search(rule["words"]):
                return number, True, inline
            if _ORIGINAL.search(rule["words"]):
                return number, False, inline
        if _is_header_block(lines, number):
            return (number - 1 if number and _RULE.match(lines[number - 1]) else number), False, inline
        if length := _attribution(lines, number):
            after = _first_text(lines, number + length)
            if after is None or not _QUOTED.match(lines[after]):
                return number, False, inline
            inline.update(range(number, number + length))
    return len(lines), False, inline


def _attribution(lines: list[str], number: int) -> int:
    """How many lines, from this one, say who wrote what follows; 0 if they don't."""
    first = lines[number][:_LINE_LIMIT].strip()
    if _ATTRIBUTION.match(first) or _DATED_SENDER.match(first):
        return 1
    if not _VERB_FIRST.match(first) or first.endswith((".", "!", "?", ";")):
        return 0
    joined = first
    for length in (2, 3):
        if number + length > len(lines):
            break
        joined += " " + lines[number + length - 1][:_LINE_LIMIT].strip()
        if joined.endswith((":", "：")):
            return length if _ATTRIBUTION.match(joined) or _DATED_SENDER.match(joined) else 0
    return 0


def _is_header_block(lines: list[str], number: int) -> bool:
    """Outlook: From:, Sent:, To:, Subject: below each other."""
    if not _FROM.match(lines[number][:_LINE_LIMIT]):
        return False
    near = lines[number + 1 : number + _HEADER_BLOCK]
    return sum(1 for line in near if _OTHER_HEADER.match(line[:_LINE_LIMIT])) >= 2


def _first_text(lines: list[str], start: int) -> int | None:
    return next((n for n in range(start, min(start + 5, len(lines))) if lines[n].strip()), None)


def _signature(lines: list[str]) -> int:
    """Index where the signature begins; the number of lines when there is none."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    for number in filled[-_SIGNATURE_LINES * 2 :]:
        if lines[number].rstrip("\r") in ("-- ", "--") and number:
            return number
    for number in filled[-_SIGNATURE_LINES:]:
        text = lines[number].strip()[:100]
        if _MOBILE.match(text) or (_CLOSING.match(text) and len(text) < 60 and number != filled[0]):
            return number
    return len(lines)


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")
