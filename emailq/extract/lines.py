"""Order lines in running text: items with quantities, units and prices."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from emailq.extract.dates import MONTH
from emailq.extract.numbers import CURRENCY, MONEY, QUANTITY, currency, money, plain, quantity
from emailq.extract.parts import Part, found

LIMIT = 500

_UNIT = (
    r"pcs?|pieces?|units?|ea(?:ch)?|ft|feet|yards?|yds?|lbs?|gallons?|gal|kgs?|kilos?|g|tonnes?|tons?|t|l|lit(?:er|re)s?|ml|m|met(?:er|re)s?|m2|m²"
    r"|box(?:es)?|cartons?|cases?|crates?|packs?|packets?|packages?|pallets?|bags?|sacks?|bottles?|jars?|tins?|cans?"
    r"|rolls?|coils?|trays?|doses?|sheets?|sets?|pairs?|dozen|bars?|reams?|drums?|barrels?|copies|copy"
    r"|шт(?:ук[аи]?)?|кг|г|тонн[аы]?|т|л|литр(?:а|ов)?|м|метр(?:а|ов)?|м2|м²|уп(?:аков(?:ок|к[аи]))?|кор(?:об(?:ок|к[аи]|ов|а))?"
    r"|ящик(?:а|ов)?|меш(?:ок|ка|ков)|пал(?:л)?ет[аы]?|поддон(?:а|ов)?|рулон(?:а|ов)?|бутыл(?:ок|к[аи])|бан(?:ок|к[аи])"
    r"|компл(?:ект(?:а|ов)?)?|доз[аы]?|набор(?:а|ов)?|пар[аы]?|пач(?:ек|к[аи])|лист(?:а|ов)?|экз"
    r"|stück|stk|st|kisten?|kartons?|paletten?|säcke?|flaschen?|paare?|rollen?"
    r"|pièces?|boîtes?|palettes?|sacs?|bouteilles?|rouleaux?"
    r"|piezas?|unidades|uds?|cajas?|pal[eé]s|sacos?|botellas?|rollos?"
    r"|pezzi|pz|scatol[ae]|cass[ae]|sacch[io]|bottigli[ae]|confezion[ei]|rotol[io]|peças?|caixas?|garrafas?|pacotes?|rolos?"
    r"|stuks?|doos|zak(?:ken)?|fles(?:sen)?|kratten|adet|tane|kutu|koli|paket|şişe|çuval|düzine"
    r"|szt(?:uk[ai]?)?|opak(?:owa(?:ń|nia))?|kartony|kartonów|paczek|paczki|butel(?:ek|ki)|work(?:ów|i)|worek|skrzyn(?:ek|ki)"
    r"|palet[ay]?|rol(?:ek|ki)|wiad(?:er|ra)|wiadro|ton[ay]?|kpl|op|mb|ks|kusů"
    r"|m3|m³|mq|mc|qm|cbm|l?fdm|lfm|м3|м³|мп|tonnen|sack|eimer|kübel|kanister|gebinde|seaux?|pots?|fûts?|bidons?"
    r"|secchi[oa]?|fusti|bancal[ei]|tonnellate|metri|litri|мішк(?:ів|и)|мішок|піддон(?:ів|и)?|рулон(?:ів|и)|упаков(?:ок|ки)"
)
_BULLET = re.compile(r"^\s*(?:[-*•–—·]|\(?\d{1,3}[.)](?=\s))\s*")
_SPELT_OUT = r"(?:\([^\W\d_][^()\d\n]{2,40}\)\s?)?"  # 20 (twenty) pcs
_QUANTITY_FIRST = re.compile(
    rf"(?P<quantity>{QUANTITY})\s{{0,3}}{_SPELT_OUT}(?:(?P<times>[x×х])\s|(?P<unit>{_UNIT})\b\.?)?\s{{0,3}}(?:of\s|d[ei]\s|d['’])?(?P<item>.+)",
    re.IGNORECASE | re.DOTALL,
)
_COUNT = r"(?:qty|quantity|menge|anzahl|кол-?во|количество|qté|quantité|cantidad|cant|ilość|aantal)\b\.?\s?[:=]?\s?"
_QUANTITY_LAST = re.compile(
    rf"(?P<item>[^\d\s].{{0,150}}?)(?P<between>\s{{0,3}}(?:[–—:,;|\t]|\s-|-\s|\s[x×х])\s{{0,3}}|\s)(?P<count>{_COUNT})?"
    rf"(?P<quantity>{QUANTITY})\s{{0,3}}{_SPELT_OUT}(?P<unit>{_UNIT})?\.?",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    rf"[,;](?!\d|\s?{_COUNT})\s*|\s(?:and|и|und|et|y|e|i|oraz|ve|plus|sowie|as\swell\sas|ainsi\sque|sans\soublier|nonché)\s(?=\d)"
    r"|\s[+&/]\s(?=\d{1,6}\s[^\W\d_]{3})"
    r"|\s(?:(?:et|und|and|и|а|a|e)\s(?:en\splus|aussi|dazu|noch|also|также|także|ancora|inoltre))\s(?=\d)",
    re.IGNORECASE,
)
_NUMBER_START = re.compile(r"(?<!\S)\d")
_ITEM_END = re.compile(r"\s(?:by|before|until|asap|до|bis|avant|antes)\s", re.IGNORECASE)
_DAY = (
    r"(?:next\s|this\s)?(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|next\sweek"
    r"|понедельник\w?|вторник\w?|сред[уе]|четверг\w?|пятниц[уе]|суббот[уе]|завтра"
    r"|(?:mon|diens|donners|frei|sams)tag|mittwoch|morgen|lundi|mardi|mercredi|jeudi|vendredi|samedi|demain"
    r"|(?:lunes|martes|miércoles|jueves|viernes|sábado|mañana)"
)
_DELIVERY = re.compile(
    r"\s(?:(?:for|to\sbe)\s(?:delivery|delivered|collection|collected|pick-?up|shipment|dispatch)"
    r"|с\sдоставкой|для\s(?:доставки|самовывоза)|zur\s(?:lieferung|abholung)|pour\slivraison|à\slivrer|para\sentrega\w?"
    rf"|(?:on|for|next|в|на|к|am|für|pour|el|para(?:\sel)?)\s(?:{_DAY}))(?!\w)",
    re.IGNORECASE,
)
_LOWER = "".join(letter for letter in map(chr, range(0x530)) if letter.islower())  # Latin, Greek, Cyrillic
# "охл. 5-6" ends no sentence, nor does "арт. ДК-14"
_SENTENCE_END = re.compile(
    rf"(?<!\d)(?<!\bарт)(?<!\bart)(?<!\bno)(?<!\bул)(?<!\bcod)(?<!\bref)(?<!\bréf)[.!?](?=\s+[^\W\d_{_LOWER}]|\s*$)|(?<=\d\d)\.\s+(?=[A-ZА-ЯЁ])"
)
# a number before one of these counts time, people or money, is a measure, or belongs to a date or an address
NO_ITEM = re.compile(
    rf"(?:%|[:)]|(?:{CURRENCY})(?!\w)|(?:per\s?cent|руб\w*|долл\w*|тыс\w*|mm|cm|мм|см|oz|inch"
    r"|days?|weeks?|months?|years?|hours?|hrs?|h|min(?:ute)?s?|working|business|a\.?m|p\.?m|o'clock|st|nd|rd|th"
    r"|дн(?:я|ей|и)|день|недел\w*|месяц\w*|год\w*|лет|час\w*|минут\w*|рабоч\w*|календар\w*|утра|вечера|числа"
    r"|tage?n?|wochen?|monate?n?|uhr|jours?|semaines?|mois|d[ií]as?|semanas?|meses"
    rf"|{MONTH}"
    r"|questions?|fragen?|domande?|pyta(?:nie|nia|ń)|вопрос\w*|питан\w*|attachments?|anh[aä]ng\w*|anlagen?|jointes?|allegat\w"
    r"|załącznik\w*|вложени\w*"
    r"|street|road|avenue|people|persons?|children|guests|times?|раз|человек|percent|процент\w*)(?!\w))",
    re.IGNORECASE,
)
# and one before these, without a unit, is a part of what was said or no thing at all: "2 of them red", "4 in black"
PART_OF = re.compile(
    r"(?:(?:them|these|those|which|it|in|on|at|for|by|per|as|is|are|more|counted|через|из\s(?:них|которых)|в|на|для|davon|darunter"
    r"|dont|d'entre|de\sell[ao]s)(?!\w)|.*\b(?:will|would|can|could|should|must)\b)",
    re.IGNORECASE,
)
# behind one of these a bare number is a time, a limit, or the number of something
NO_COUNT = re.compile(
    r"(?:\b(?:at|before|after|until|than|about|um|gegen|bis|vor|nach|à|avant|après|vers|a las|в|с|до|к|от|на|не|около)"
    r"|\d\s?[hч:])\s*$",
    re.IGNORECASE,
)
_TIMES = re.compile(rf"(?<!\S)(?:{QUANTITY})\s?[x×х]\s", re.IGNORECASE)
_ALSO = re.compile(
    r"^n\.?$|(?:plus|sans\soublier|en\splus|außerdem|zusätzlich|dazu|ferner|weiters|sowie|noch|also|as\swell\sas|additionally|ainsi\sque|également|en\soutre|además"
    r"|также|плюс|oraz|także|ponadto|nonché|inoltre|також)\s?:?$",
    re.IGNORECASE,
)
_CONJUNCTION = re.compile(r"(?:and|и|und|et|y|sowie|plus)\s", re.IGNORECASE)
_STREET = r"rue|avenue|av|boulevard|bd|place|chemin|allée|impasse|quai|cours|calle|plaza|paseo|avda|via|viale|piazza"
_ROAD = r"street|st|road|rd|avenue|ave|lane|ln|drive|dr|square|sq|court|way|boulevard|blvd"
# a number before one of these belongs to an address: "12, rue", "12 Harbour Rd", "5 Lindenstraße", "3. OG"
OF_ADDRESS = re.compile(
    rf"(?:bis\s|ter\s)?,?\s?(?:{_STREET})\b\.?\s|[^\W\d_]+\.?\s(?:[^\W\d_]+\s)?(?:{_ROAD})\b|\w+(?:straße|strasse|str\.|gasse|allee)"
    r"|\.?\s?(?:og|eg|ug|dg|etage|stockwerk|stock|étage|º|ª|floor|этаж\w*|подъезд\w*|офис)(?!\w)",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"\d{5,6}(?!\d)")  # a bare number of so many digits counts no things
_VERB = re.compile(
    r"(?<!\w)(?:send|bring|need|deliver|order|ship|want|take|only|please|supply|нужн[оаы]?|нужен|надо|около|сразу|также|ещ[её]|пожалуйста"
    r"|заказыва\w+|закаж\w+|заказать|прос(?:им|ьба)|прошу|хотим|хочу|(?:по|до)став(?:ить|ьте|ляйте)|отгру[жз]\w+|отправ(?:ить|ьте)|прислать|пришлите"
    r"|(?:при)?вез(?:ите|ти)|возьм\w+|бер[её]м|купить|вернуть|требу\w+|необходим\w*"
    r"|liefern|senden|brauchen|bestellen|bitte|sie|wir|uns|envoyer|livrer|commandons|enviar|mandar|envíen|pedimos)$",
    re.IGNORECASE,
)
# г is a gram, or a year
_DATE = re.compile(rf"(?:{MONTH}|\d\.\d{{1,2}}\.?)\s(?:19|20)\d\d\s?г(?!\w)", re.IGNORECASE)
UNIT = re.compile(rf"(?:{_UNIT})\.?", re.IGNORECASE)
COUNTED = re.compile(rf"(?<![\w.,-])(?:{QUANTITY})\s{{0,3}}{_SPELT_OUT}(?:{_UNIT})(?!\w)\.?", re.IGNORECASE)
_COUNTS = re.compile(rf"{COUNTED.pattern}(?:\s?[–—:-]\s?{COUNTED.pattern})?", re.IGNORECASE)  # "25 kg – 200 bags"
_NO_LINE = re.compile(
    r"(?:total|sum|weight|tel|phone|fax|итого|всего|вес|сумма|тел|gesamt|summe|poids|peso)\b", re.IGNORECASE
)


_SUM = rf"(?:(?:{CURRENCY})\s?(?:{MONEY})|(?:{MONEY})\s?(?:{CURRENCY})(?!\w))"
_EACH = rf"(?:each|apiece|(?:за|per|pro|je|par|por)\s\w+\.?|/\s?(?:{_UNIT})\b\.?|pièce|unidad|cad[ao]\s?un[ao]?)"
_PRICE = re.compile(
    rf"[\s,(–—-]*(?:(?:@|(?<!\w)(?:at|for|price|à|a|je|zu|по|цена|preis|prix|precio)[\s:])\s{{0,3}}(?P<led>{_SUM}|{MONEY})\s?(?:{_EACH})?"
    rf"|(?P<each>{_SUM})\s?(?:{_EACH}))\)?(?:\s{{0,3}}(?:=|,? total)\s{{0,3}}(?P<amount>{_SUM}|{MONEY}))?\s*$",
    re.IGNORECASE,
)


def lines(part: Part) -> list[dict[str, Any]]:
    """Items with quantities: "12 x soap at 3.50 EUR", "40 kg of flour", "Мыло — 40 шт", or "60 soaps, 24 candles"."""
    listed: list[dict[str, Any]] = []
    run: list[_Candidate] = []  # with nothing else between them
    for number, row in enumerate(part.text.splitlines()):
        before = ""
        for segment in _segments(row):
            line, strength = _line(segment, part)
            if before == "sure" and strength in ("follows", "in a list"):
                strength = "sure"
            elif strength == "follows":
                strength = ""
            if strength in ("", "perhaps"):
                listed += _lines_of(run)
                run = []
            if line is not None and strength:
                run.append(_Candidate(line, strength, number))
            before = strength
    listed += _lines_of(run)
    return listed[:LIMIT]


class _Candidate(NamedTuple):
    line: dict[str, Any]
    strength: str
    row: int


def _lines_of(run: list[_Candidate]) -> list[dict[str, Any]]:
    """One that is not sure counts beside another: where a list begins, or goes on."""
    if len(run) > 1 and run[0].strength == "perhaps" and run[1].strength == "sure" and run[0].row < run[1].row:
        run = run[1:]
    return [one.line for one in run if one.strength == "sure" or len(run) > 1]


def _segments(row: str) -> Iterator[str]:
    """The parts of one row of text that may each be an order line, with what belongs to it behind a comma."""
    row = _BULLET.sub("", row[:2000]).strip()
    for sentence in _sentences(row):
        for clause in sentence.split(";"):
            last = _QUANTITY_LAST.fullmatch(clause.strip())
            if last and last["unit"] and len(COUNTED.findall(clause)) == 1 and not _TIMES.search(clause):
                yield clause.strip()
                continue
            pending = ""
            for piece in _SEPARATOR.split(clause):
                if pending and (_PRICE.fullmatch(piece) or _COUNTS.fullmatch(piece.strip())):
                    pending = f"{pending}, {piece.strip()}"
                    continue
                if pending:
                    yield pending
                pending = piece.strip()
            if pending:
                yield pending


def _sentences(row: str) -> Iterator[str]:
    """ "Нужно 20 шт. КШ-150" is one, though its unit ends with a stop; in "КШ-150, 20 шт. Спасибо" the stop ends it."""
    start = 0
    for end in _SENTENCE_END.finditer(row):
        sentence = row[start : end.start()]
        counts = list(COUNTED.finditer(sentence))
        if counts and counts[-1].end() == len(sentence) and _names_nothing(sentence[: counts[0].start()]):
            continue
        yield sentence
        start = end.end()
    yield row[start:]


def _names_nothing(lead: str) -> bool:
    """Whether the words before a quantity are a lead-in alone, so that what is counted follows it."""
    lead = lead[lead.rfind(": ") + 1 :].strip()
    return not lead or bool(_VERB.search(lead))


def _line(segment: str, part: Part) -> tuple[dict[str, Any] | None, str]:
    """An order line, and how sure it is one: "sure" by a unit, a price or a multiplication sign; else "perhaps".

    "in a list": a bare number begins the segment, or what is asked for, as it does in a list; behind a sure one it is
    sure. "follows": "soap — 12", which counts only there.
    """
    price = _PRICE.search(segment[:400]) or _PRICE.search(_DELIVERY.split(segment[:400], maxsplit=1)[0])
    said = segment[: price.start()].rstrip() if price else segment
    match = None if _TIMES.search(said) else _QUANTITY_LAST.fullmatch(_without_delivery(said))
    if _NO_LINE.match(said) or (match and is_year(said, match.start("quantity"))):
        return None, ""
    is_named = (
        match and not _VERB.search(match["item"]) and (match["between"].strip() or len(match["item"].split()) <= 4)
    )
    if match and (match["unit"] or match["count"]) and is_named:
        return _as_line(match, price, segment, part), "sure"
    if match and match["between"].strip() and not any(c.isdecimal() for c in match["item"]):
        return _as_line(match, price, segment, part), "follows"
    said = said[said.rfind(": ") + 1 :].strip()[:400]  # behind a lead-in such as "please send us:"
    for start in list(_NUMBER_START.finditer(said))[:5]:
        tail = _without_delivery(_ITEM_END.split(said[start.start() :], maxsplit=1)[0])
        match = _QUANTITY_FIRST.fullmatch(tail)
        if not match or len(match["item"]) > 150 or NO_ITEM.match(match["item"]) or _in_address(match, tail):
            continue
        if match["item"][0] in "–—-:":  # "25 kg – 200"
            continue
        is_sure = bool(match["unit"] or match["times"] or price)
        if not any(c.isalpha() for c in match["item"][: 8 if is_sure else 3]):
            continue
        if not is_sure and (PART_OF.match(match["item"]) or NO_COUNT.search(said[: start.start()])):
            continue
        line = _as_line(match, price, f"{tail}{price[0]}" if price else tail, part)
        lead = said[: start.start()].strip()
        return line, "sure" if is_sure else "in a list" if _names_nothing(lead) or _ALSO.search(lead) else "perhaps"
    return None, ""


def is_year(text: str, position: int) -> bool:
    """Whether the number there is the year of "23 ноября 2026 г."."""
    before = max(0, position - 20)
    return any(date.start() < position < date.end() for date in _DATE.finditer(text, before, position + 10))


def _in_address(match: re.Match[str], tail: str) -> bool:
    if OF_ADDRESS.match(tail[match.end("quantity") :].lstrip()):
        return True
    return not match["unit"] and not match["times"] and bool(_POSTCODE.match(tail))


def _without_delivery(said: str) -> str:
    """Up to "for delivery on Friday", unless only a quantity stands before it: a wrong name is better than no line."""
    before = _DELIVERY.split(said, maxsplit=1)[0]
    return said if COUNTED.fullmatch(before) else before


def _as_line(match: re.Match[str], price: re.Match[str] | None, span: str, part: Part) -> dict[str, Any]:
    each, code = _sum((price["led"] or price["each"]) if price else None)
    amount, amount_code = _sum(price["amount"] if price else None)
    return {
        "item": _item(match["item"]),
        "article": None,
        "quantity": plain(quantity(match["quantity"])),
        "unit": (match["unit"] or "").lower() or None,
        "price": each,
        "amount": amount,
        "currency": code or amount_code,
        **found(part.source, span),
    }


def _item(text: str) -> str:
    """Without a lead-in, the word that joins it to the item before, and the rest of a bracket that began before it."""
    text = " ".join(text.split())
    text = text[text.rfind(": ") + 1 :].strip()
    joined = _CONJUNCTION.match(text)
    text = text[joined.end() :] if joined else text
    if ")" in text and "(" not in text[: text.index(")")]:
        text = text[: text.index(")")]
    return text.strip(" .:;,")


def _sum(text: str | None) -> tuple[str | None, str | None]:
    """(value, currency) of a sum as it stands in the text."""
    digits = re.search(MONEY, text or "")
    if text is None or digits is None:
        return None, None
    code = currency(text[: digits.start()]) or currency(text[digits.end() :])
    return plain(money(digits[0])), code
