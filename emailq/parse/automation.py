"""The gate: mail that no person wrote to us just now. Decided from headers and structure, before any model.

A header that says so is enough. A subject or a phrase never is by itself: people write about failed deliveries and
holidays too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emailq.parse.addresses import Address
from emailq.parse.parts import Part


class Message(Protocol):
    headers: list[tuple[str, str]]
    subject: str | None
    from_: list[Address]
    attachments: list[Part]
    body_text: str | None

    @property
    def text_body(self) -> Sequence[Part]: ...


@dataclass(frozen=True, slots=True)
class Automation:
    """`kind`: bounce, delivery_receipt, auto_reply, read_receipt, complaint, calendar, mailing_list, bulk or
    auto_generated.

    `status` is a bounce's enhanced status code (RFC 3463), class.0.0 where it has no more than an SMTP reply code;
    `original_message_id` is the message it is about.
    """

    kind: str
    reasons: tuple[str, ...]
    status: str | None = None
    original_message_id: str | None = None


_READ = 20_000  # characters of a text that are looked at

_REPORTS = {  # RFC 3464, RFC 6533, RFC 8098, RFC 5965
    "delivery-status": "bounce",
    "global-delivery-status": "bounce",
    "disposition-notification": "read_receipt",
    "global-disposition-notification": "read_receipt",
    "feedback-report": "complaint",
}
_REPORT_PARTS = {f"message/{name}": kind for name, kind in _REPORTS.items()}
_REPORT_TYPE = re.compile(r"report-type\s*=\s*[\"']?([a-z-]+)", re.IGNORECASE)
_COMPLAINT_SUBJECT = re.compile(r"complaint about message from \d", re.IGNORECASE)  # Hotmail's own form
_NOTICE = re.compile(r'notificationType\\?"\s*:\s*\\?"(Bounce|Complaint|Delivery)\\?"')  # Amazon SES through SNS

_DAEMON = re.compile(
    r"(?:mailer[-_. ]?daemon|mail[-_. ]?daemon|mdaemon|double-bounce|mail delivery (?:sub)?system)\b", re.IGNORECASE
)
_POSTMASTER = re.compile(
    r"(?:post[-_]?master|bounces?|mta|mail[-. ]delivery|mail (?:admin|system)|delivery|microsoft\s?exchange|"
    r"system administrator|mailsystem|.{0,30}-bounces?)\b",
    re.IGNORECASE,
)
_LIST_SERVER = re.compile(
    r"(?:[\w.+-]{1,60}-(?:admin|owner|request|help)|listserv|majordomo|sympa|mailman)@", re.IGNORECASE
)
# What only mail systems write …
_BOUNCE_SUBJECT = re.compile(
    r"undeliver(?:able|ed)(?:\s+(?:mail|message|e-?mail)|:|$)|delivery (?:status )?notification|delivery status|"
    r"mail delivery (?:fail|system|status|error|report|problem)|mail (?:system error|undeliverable|could not be delivered)|"
    r"failure notice|returned (?:mail|to sender|message)|non[- ]?deliver(?:y|able)|non-receipt|"
    r"message (?:undeliverable|not delivered|delivery (?:fail|delayed|status))|failed mail|failed delivery notification|"
    r"(?:your )?(?:message|mail|e-?mail) (?:could|can) ?not be delivered|delayed mail|warning: (?:message|could not)|"
    r"mail not delivered|delivery (?:has )?failed|rejected (?:mail|posting)|unzustellbar|nicht zustellbar|unzustellbare|"
    r"mailzustellung|zustellung (?:fehlgeschlagen|gescheitert)|mail konnte nicht zugestellt|"
    r"недоставленное (?:сообщение|письмо)|недоставлено:|не удалось доставить (?:сообщение|письмо)|ваше сообщение не доставлено|"
    r"сообщение не доставлено|письмо не доставлено|не доставлено:|ошибка доставки (?:почты|сообщения|письма)|"
    r"уведомление о (?:не)?доставке|отчет о доставке|отчёт о доставке|не вдалося доставити|недоставлений лист|"
    r"non remis|message non distribué|échec de (?:la )?remise|échec de distribution|courrier non distribué|avis de non-remise|"
    r"no se puede entregar|no entregado|correo (?:no entregado|devuelto)|error en la entrega|mensaje no entregado|"
    r"notificación de estado de entrega|mancato recapito|impossibile recapitare|messaggio non recapitato|"
    r"não entregue|falha na entrega|onbestelbaar|niet bezorgd|kan inte leverera|ikke leveret|kan ikke leveres|"
    r"niedostarczone|nie można dostarczyć|nedoručiteln|teslim edilemedi|"
    r"メールエラー|配信不能|送信エラー|配信できません|送信できません|退信|系统退信|无法投递|投递失败|메일 전송 실패|반송",
    re.IGNORECASE,
)
_BOUNCE_TEXT = re.compile(
    r"user unknown|unknown (?:user|recipient|address|host|or illegal)|(?:user|recipient|mailbox|address|domain|host)(?: name)? "
    r"(?:is )?(?:not|un)(?: ?found|known|available|routeable)|no such (?:user|recipient|mailbox|address|host|domain|person)|"
    r"mailbox (?:is )?(?:full|unavailable|disabled|over|exceed|size|not)|(?:over|exceeded)[ -]?(?:the |his |its )?(?:storage |disk )?"
    r"quota|quota exceed|recipient(?: address)? rejected|permanent (?:fatal )?error|relay(?:ing)? (?:access )?(?:is )?denied|"
    r"address(?:es)? (?:couldn.t be found|had (?:permanent|transient|delivery))|wasn.t found at|qmail-send|remote (?:host|server) (?:said|returned)|"
    r"retry time(?:out)? (?:exceeded|not reached)|delivery (?:to the following|attempts)|following (?:address|recipient)(?:es|s|\(s\))?|"
    r"returned to sender|mailer-daemon|mail delivery (?:sub)?system|did not reach the following|could not be delivered to|undeliverable|"
    r"you are not (?:a )?member of this (?:mailing )?list|duplicated message-id|"
    r"не существует|почтовый ящик|переполнен|квота|не может быть доставлено|не удалось доставить|"
    r"empfänger (?:unbekannt|nicht)|postfach (?:ist )?voll|konnte nicht zugestellt|n'a pas pu être (?:remis|distribué|livré)|"
    r"no se pudo entregar|no se ha podido entregar|スパム|送信できません|配信できません|存在しません|宛先|不存在|无法送达|"
    r"\b[45]\d\d[ -]{1,3}#?[45]\.\d{1,3}\.\d{1,3}|(?:smtp|said|respon|error|code|reply|diagnostic)[^\n]{0,60}\b[45]\d\d\b",
    re.IGNORECASE,
)
# … and what they write as others do: it counts only with a sender that is a mail system.
_FAILURE_SUBJECT = re.compile(
    r"deliver|undeliver|fail|return|reject|bounce|warning|error|mail system|postmaster|доставк|доставлен|возврат|ошибк|zustell|"
    r"fehler|entrega|remise|エラー|error|失败",
    re.IGNORECASE,
)
_FAILURE_TEXT = re.compile(
    r"(?:not|n't|unable to|failed to|cannot|could not)\b.{0,40}\bdeliver|delivery.{0,30}(?:fail|problem|error)|"
    r"не доставлен|не вдалося|nicht zugestellt|bounce",
    re.IGNORECASE,
)

_EXPLICIT_AUTO_REPLY = re.compile(
    r"(?:re:\s*|aw:\s*)?(?:\[?auto(?:matic|mated|matische|matisch)?[ -]?(?:reply|response|responder|antwort|respond)\b|auto:|autoreply|autoresponse|"
    r"out of (?:the )?office(?: auto.?reply)?\s*(?::|$|autoreply|reply|response|notification|message)|"
    r"automatische (?:antwort|abwesenheit)|abwesenheits(?:notiz|nachricht|meldung|assistent|benachrichtigung|agent)|abwesend:|"
    r"автоответ|автоматический ответ|автоматическое (?:уведомление|сообщение)|автовідповідь|автоматична відповідь|вне офиса:|"
    r"réponse automatique|message d'absence|notification d'absence|absence du bureau|"
    r"respuesta automática|respuesta automatica|fuera de (?:la )?oficina(?::|$)|"
    r"risposta automatica|fuori sede:|resposta automática|ausência temporária|automatisch antwoord|automatische beantwoording|"
    r"afwezig(?:heidsbericht)?:|autosvar|automatiskt svar|automatisk svar|frånvaromeddelande|autoodpowiedź|"
    r"automatyczna odpowiedź|odpowiedź automatyczna|automatická odpověď|otomatik (?:yanıt|cevap)|automaattinen vastaus|"
    r"automatikus válasz|自动回复|自動回覆|自動返信|自動応答|不在通知|자동 응답|자동회신)",
    re.IGNORECASE,
)
_MAYBE_AUTO_REPLY = re.compile(
    r"(?:re:\s*|aw:\s*|ответ:\s*)?(?:out of (?:the )?office|away from|on (?:vacation|holiday|leave|annual leave)|i(?:'m| am) (?:away|on|out|currently)|"
    r"vacation|holiday|abwesen|urlaub|nicht im büro|(?:я )?(?:в|на) отпуск|в отпуске|отпуск|отсутств|нет на месте|вне офиса|не в офисе|у відпустці|"
    r"absen(?:t|ce)|en (?:congés?|vacances|déplacement)|fuera|de vacaciones|ausen|assen|fuori ufficio|afwezig|frånvar|fravær|nieobecn|urlop|"
    r"thank you for (?:your|contacting)|we(?: have|'ve)? received your|your (?:message|e-?mail|request|enquiry|inquiry) (?:has been |was )?received|"
    r"(?:we )?got your (?:message|e-?mail)|acknowledge?ment|ваше (?:письмо|обращение|сообщение) (?:получено|принято|зарегистрировано)|"
    r"спасибо за (?:обращение|письмо)|ihre (?:nachricht|anfrage|e-?mail)|eingangsbestätigung|accusé de réception|acuse de recibo|不在)",
    re.IGNORECASE,
)
_AUTO_REPLY_TEXT = re.compile(
    r"(?:this is an?|automated?|automatic(?:ally)?)\s(?:auto|reply|response|generated|message|e-?mail)|auto-?(?:reply|response)\b|"
    r"i(?:'m| am| will be)(?: currently| now)? (?:out of (?:the )?office|away|on (?:vacation|holiday|leave|annual)|unavailable|travel)|"
    r"out of (?:the )?office (?:until|from|and|till)|limited access to (?:my )?e-?mail|will (?:reply|respond|answer|get back).{0,40}(?:return|back)|"
    r"(?:derzeit|momentan|zurzeit|bis zum|bin|aktuell).{0,40}(?:nicht im (?:büro|haus|dienst)|abwesend|im urlaub|in elternzeit|außer haus)|"
    r"automatisch (?:generiert|erstellt|erzeugt)|wird nicht (?:weitergeleitet|gelesen)|"
    r"(?:нахожусь|буду|буду находиться|сейчас|я) (?:в отпуске|в командировке|на больничном|вне офиса|не в офисе)|буду отсутствовать|"
    r"отсутствую|автоматическ(?:ий ответ|ое сообщение|ое уведомление|и сгенерир|и создан)|отвечу .{0,40}(?:возвращени|после|когда)|"
    r"у відпустці|автоматичн|буду відсутн|"
    r"(?:je suis|serai|actuellement).{0,30}(?:absent|en congé|en déplacement|en vacances)|réponse automatique|message automatique|"
    r"(?:estoy|estaré|me encuentro|actualmente).{0,30}(?:fuera|de vacaciones|ausente|de baja)|(?:respuesta|mensaje) automátic|"
    r"(?:sono|sarò).{0,30}(?:assente|fuori|in ferie)|risposta automatica|(?:estou|estarei).{0,30}(?:fora|ausente|de férias)|resposta automática|"
    r"afwezig|automatisch bericht|jestem nieobecn|jestem na urlopie|automatyczn|自動|自动回复|不在",
    re.IGNORECASE,
)
_AUTO_REPLY_HEADERS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from", "x-auto-reply-from",
    "x-autogenerated-reply", "x-mail-autoreply", "x-vacation", "x-autoresponse", "x-out-of-office",
)  # fmt: skip
_READ_SUBJECT = re.compile(
    r"(?:not read|read|gelesen|ungelesen|lu|non lu|leído|no leído|letto|non letto|lida|não lida|gelezen|läst|læst|lest|"
    r"przeczytano|прочитано|прочтено|не прочтено|уведомление о прочтении|прочитане|開封済み|已读|disposition notification|"
    r"return receipt|lesebestätigung|accusé de lecture|confirmación de lectura|conferma di lettura)(?:\s?:|\s?\(|$)",
    re.IGNORECASE,
)
_READ_TEXT = re.compile(
    r"\b(?:was|wurde|has been)\b.{0,80}\b(?:read|displayed|deleted without|opened|gelesen|gelöscht|angezeigt|geöffnet)|"
    r"прочтен|прочитан|просмотрен|a été lu|(?:fue|ha sido) (?:leíd|mostrad|visualizad)|è stato (?:letto|visualizzato)|"
    r"return receipt|开封|開封",
    re.IGNORECASE | re.DOTALL,
)
_LIST_HEADERS = (
    "list-id", "list-post", "mailing-list", "x-mailing-list", "x-beenthere", "x-mailman-version", "x-ml-name",
    "x-mlserver", "x-listname", "x-list-id",
)  # fmt: skip
_METHOD = re.compile(
    rb"^METHOD:[ \t]*(?!PUBLISH)[A-Z]", re.MULTILINE | re.IGNORECASE
)  # RFC 5546: a question or an answer
_FORWARDED = re.compile(r"\W{0,3}(?:fwd?|wg|tr|rv|i|pd|vs|doorst|enc|пересл|fw)\s?:", re.IGNORECASE)
_REPLY = re.compile(r"\W{0,3}(?:re|aw|sv|antw|отв|ответ|回复)\s?(?:\[\d+\])?:", re.IGNORECASE)

_STATUS = re.compile(r"(?<![\d.])([45]\.[0-7]\.\d{1,3})(?![\d.])")
_STATUS_FIELD = re.compile(r"^status:\s*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_ACTION_FIELD = re.compile(r"^action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_SMTP_CODE = re.compile(r"(?<![\d.\-/:])([45])[0-5]\d(?:[ -]{1,3}(?=[A-Za-z<#])| ?:|$)", re.MULTILINE)
_MESSAGE_ID = re.compile(r"^[\s>|]{0,8}(?:original-)?message-id:\s*<([^<>\s]{3,900})>", re.IGNORECASE | re.MULTILINE)
_ID = re.compile(r"<([^<>\s]{3,900})>")


def detect_automation(message: Message) -> Automation | None:
    """What kind of machine wrote this, and why we think so; None for mail by a person."""
    headers: dict[str, str] = {}
    for name, value in message.headers:
        headers.setdefault(name.lower(), value)
    subject = (message.subject or "").lstrip(" \t*!-")[:200]
    return (
        _report(message, headers, subject)
        or _bounce(message, headers, subject)
        or _auto_reply(message, headers, subject)
        or _receipt(message, subject)
        or _calendar(message, headers, subject)
        or _bulk(headers)
        or _generated(headers)
    )


def _report(message: Message, headers: dict[str, str], subject: str) -> Automation | None:
    content_type = headers.get("content-type", "")
    if content_type[:16].lower() == "multipart/report" and (found := _REPORT_TYPE.search(content_type)):
        name = found[1].lower()
        if name in _REPORTS:
            return _described(message, headers, _REPORTS[name], f"report-type {name}")
    if _COMPLAINT_SUBJECT.match(subject):
        return _described(message, headers, "complaint", "subject of a complaint")
    body = message.body_text
    if body and "otificationType" in body[:_READ] and (notice := _NOTICE.search(body[:_READ])):
        kind = {"Bounce": "bounce", "Complaint": "complaint", "Delivery": "delivery_receipt"}[notice[1]]
        return _described(message, headers, kind, "notice of a mail service")
    for part in message.attachments:
        if part.type in _REPORT_PARTS:
            return _described(message, headers, _REPORT_PARTS[part.type], f"part {part.type}")
    return None


def _bounce(message: Message, headers: dict[str, str], subject: str) -> Automation | None:
    """Two things must agree: a sender that is a mail system, and a subject or text of one."""
    senders = message.from_[:3]
    reasons = _system_sender(headers, senders)
    is_daemon = "x-failed-recipients" in headers or any(_DAEMON.match(a.email) for a in senders)
    has_subject = bool(_BOUNCE_SUBJECT.match(subject))
    has_no_sender = not any("@" in a.email for a in senders)
    if not (reasons or has_subject or has_no_sender):
        return None
    is_auto_reply = _says_auto_reply(headers, subject)
    text = (message.body_text or "")[:_READ]
    if not is_daemon and _is_by_hand(headers, subject):
        text = text[:200]  # where a person's answer stands above what it quotes
        if not reasons or not _BOUNCE_TEXT.search(text):
            return None
    has_text = bool(_BOUNCE_TEXT.search(text))
    if is_auto_reply and not (is_daemon or has_subject):
        return None
    if reasons and not is_auto_reply:
        has_subject = has_subject or bool(_FAILURE_SUBJECT.search(subject))
        has_text = has_text or bool(_FAILURE_TEXT.search(text) or _STATUS.search(text))
    if has_no_sender:
        reasons.append("no sender")
    if has_subject:
        reasons.append("subject of a bounce")
    if has_text:
        reasons.append("text of a bounce")
    return _described(message, headers, "bounce", *reasons) if len(reasons) >= 2 or is_daemon else None


def _system_sender(headers: dict[str, str], senders: list[Address]) -> list[str]:
    """Signs that a mail system sent it, in the words of a reason."""
    reasons = []
    if "x-failed-recipients" in headers or any(_DAEMON.match(a.email) or _DAEMON.match(a.name or "") for a in senders):
        reasons.append("sent by a mail system")
    elif any(_POSTMASTER.match(a.email) or _POSTMASTER.match(a.name or "") for a in senders):
        reasons.append("sent by a postmaster")
    elif any(_LIST_SERVER.match(a.email) for a in senders) and any(name in headers for name in _LIST_HEADERS):
        reasons.append("sent by a list server")
    if headers.get("return-path", "x").strip().strip("<>").lower() in ("", "mailer-daemon"):
        reasons.append("null return path")
    return reasons


def _is_by_hand(headers: dict[str, str], subject: str) -> bool:
    """Whether a mail program that people use sent it, as an answer or passing it on."""
    return "user-agent" in headers or bool(_REPLY.match(subject) or _FORWARDED.match(subject))


def _says_auto_reply(headers: dict[str, str], subject: str) -> bool:
    return bool(_EXPLICIT_AUTO_REPLY.match(subject)) or any(name in headers for name in _AUTO_REPLY_HEADERS)


def _auto_reply(message: Message, headers: dict[str, str], subject: str) -> Automation | None:
    submitted = headers.get("auto-submitted", "").strip().lower()
    if submitted.startswith("auto-replied"):  # RFC 3834 §5
        return _reply(headers, "Auto-Submitted: auto-replied")
    for name in _AUTO_REPLY_HEADERS:
        if headers.get(name, "no").strip().lower() not in ("no", "false", "0", ""):
            return _reply(headers, name)
    precedence = headers.get("precedence", "").strip().lower()
    if precedence.startswith("auto") or headers.get("x-precedence", "").lower().startswith("auto"):
        return _reply(headers, f"Precedence: {precedence or 'auto_reply'}")
    if "autoresponder" in (headers.get("delivered-to", "") + headers.get("x-post-messageclass", "")).lower():
        return _reply(headers, "sent by an autoresponder")
    if submitted == "no":
        return None
    is_explicit = bool(_EXPLICIT_AUTO_REPLY.match(subject))
    if not is_explicit and not (submitted.startswith("auto") or _MAYBE_AUTO_REPLY.match(subject)):
        return None
    if is_explicit and not _FORWARDED.match(subject):
        return _reply(headers, "subject of an automatic reply")
    return _maybe_auto_reply(message, headers, submitted, precedence)


def _maybe_auto_reply(message: Message, headers: dict[str, str], submitted: str, precedence: str) -> Automation | None:
    """A subject that people use too, or mail that says it is generated: two more things must agree."""
    reasons = []
    if submitted.startswith("auto"):
        reasons.append(f"Auto-Submitted: {submitted[:40]}")
    if "in-reply-to" in headers or "references" in headers:
        reasons.append("answers a message")
    if "x-auto-response-suppress" in headers:
        reasons.append("X-Auto-Response-Suppress")
    if headers.get("return-path", "x").strip() in ("<>", ""):
        reasons.append("null return path")
    if headers.get("x-ms-exchange-generated-message-source", "").lower().startswith("mailbox rules"):
        reasons.append("sent by a mailbox rule")
    if _AUTO_REPLY_TEXT.search((message.body_text or "")[:2000]):
        reasons.append("text of an automatic reply")
    if precedence in ("bulk", "list") or "list-id" in headers or len(reasons) < 2:
        return None
    return _reply(headers, *reasons)


def _reply(headers: dict[str, str], *reasons: str) -> Automation:
    return Automation("auto_reply", reasons, None, _answered(headers))


def _receipt(message: Message, subject: str) -> Automation | None:
    """A read receipt of the old kind, without a report."""
    if not _READ_SUBJECT.match(subject):
        return None
    text = (message.body_text or "")[:2000]
    if _READ_TEXT.search(text) or (
        not text.strip() and any(p.type == "application/ms-tnef" for p in message.attachments)
    ):
        return Automation("read_receipt", ("subject of a read receipt",))
    return None


def _calendar(message: Message, headers: dict[str, str], subject: str) -> Automation | None:
    """An invitation, an answer to one or a cancellation (RFC 5546); not one that a person passes on as a file."""
    if "calendarmessage" in headers.get("content-class", "").lower():
        return Automation("calendar", ("Content-Class: calendarmessage",))
    for part in (*message.attachments, *message.text_body):
        if part.type == "text/calendar" and _METHOD.search(part.content[:_READ]):
            if part.disposition == "attachment" and _FORWARDED.match(subject):
                continue
            return Automation("calendar", ("text/calendar with a method",))
    body = message.body_text or ""
    if body[:200].lstrip().startswith("BEGIN:VCALENDAR") and _METHOD.search(body[:_READ].encode("utf-8", "replace")):
        return Automation("calendar", ("a calendar as text",))
    return None


def _bulk(headers: dict[str, str]) -> Automation | None:
    """A mailing list (RFC 2919, RFC 2369), or a sender of many that offers to unsubscribe."""
    precedence = headers.get("precedence", "").strip().lower()
    found = [name for name in _LIST_HEADERS if headers.get(name)]
    if precedence == "list":
        found.append("precedence list")
    bulk = [name for name in ("list-unsubscribe", "list-unsubscribe-post") if headers.get(name)]
    if precedence in ("bulk", "junk"):
        bulk.append(f"precedence {precedence}")
    if not found and not bulk:
        return None
    return Automation("mailing_list" if found else "bulk", (*found, *bulk))


def _generated(headers: dict[str, str]) -> Automation | None:
    submitted = headers.get("auto-submitted", "").strip().lower()
    if submitted and not submitted.startswith("no"):
        return Automation("auto_generated", (f"Auto-Submitted: {submitted[:40]}",))
    return None


def _described(message: Message, headers: dict[str, str], kind: str, *reasons: str) -> Automation:
    """With the status code and the id of the original, from the report and from what it quotes."""
    report = "\n".join(
        part.content[:_READ].decode("utf-8", "replace") for part in message.attachments if part.type in _REPORT_PARTS
    )
    body = (message.body_text or "")[:_READ]
    status = _status(report, body) or _status(_nested(message), "") if kind == "bounce" else None
    actions = {action.lower() for action in _ACTION_FIELD.findall(report)}
    if kind == "bounce" and actions and actions <= {"delivered", "relayed", "expanded"}:
        kind = "delivery_receipt"
    return Automation(kind, reasons, status, _original_id(message, report, body) or _answered(headers))


def _nested(message: Message) -> str:
    return "\n".join(
        part.content[:2000].decode("utf-8", "replace")
        for part in message.attachments
        if part.type.startswith("message/")
    )


def _status(report: str, body: str) -> str | None:
    fields = _STATUS_FIELD.findall(report)
    precise = next((field for field in fields if not field.endswith(".0.0")), None) or _first(_STATUS, report)
    if precise and not precise.endswith(".0.0"):
        return precise
    if said := _first(_STATUS, body):
        return said
    code = _first(_SMTP_CODE, report) or _first(_SMTP_CODE, body)
    return next(iter(fields), None) or (f"{code}.0.0" if code else None)


def _original_id(message: Message, report: str, body: str) -> str | None:
    if found := _first(_MESSAGE_ID, report):
        return found
    for part in message.attachments:
        nested = part.message
        if nested is not None and nested.message_id:
            return nested.message_id
        if part.type.startswith(("text/", "message/")) and (
            found := _first(_MESSAGE_ID, part.content[:_READ].decode("utf-8", "replace"))
        ):
            return found
    return _first(_MESSAGE_ID, body)


def _answered(headers: dict[str, str]) -> str | None:
    return _first(_ID, headers.get("in-reply-to", "")[:1000])


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None
