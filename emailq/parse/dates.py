"""Dates as they stand in mail headers: RFC 5322 §3.3 and §4.3, asctime, ISO 8601, and what real programs write."""

import re
from datetime import UTC, datetime, timedelta, timezone

from emailq.parse.comments import COMMENT

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199  # outside of these a Date is a mistake or a trick, and overflows elsewhere

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio янв января ene gen januari janeiro sty stycznia ocak січ "
            "січня oca ian яну јан sij ιαν leden ledna siječnja tammi tammikuu tammikuuta január jaan jaanuar "
            "sausio ינו يناير led gener xaneiro студзеня",
            "feb february februar fev févr février febrero febbraio фев февраля lut lutego şub лют лютого úno φεβ "
            "únor února febr veljače helmi helmikuu helmikuuta február veebr veebruar vasario פבר فبراير феб "
            "фебруар veljača",
            "mar march märz mär mrz mars marzo мар марта mrt maart março marca бер березня márc μαρ μάρ bře "
            "březen března ožujka maalis maaliskuu maaliskuuta március märts kovo מרץ مارس сакавіка ožujak",
            "apr april avr avril abril aprile abr апр апреля kwi kwietnia nis кві квітня ápr απρ dub duben dubna "
            "travnja huhti huhtikuu huhtikuuta április balandžio אפר أبريل nisan красавіка travanj",
            "may mai mayo maggio mag мая май mei maj maio maja травня тра máj maí μαι μαΐ μαϊ мај kvě květen "
            "května svibnja touko toukokuu toukokuuta május gegužės מאי مايو μάι μάιος μαΐου svibanj",
            "jun june juni juin junio giugno giu июн июня cze czerwca haz чер червня jún jūn iun юни јун čvn ιουν "
            "červen června lipnja kesä kesäkuu kesäkuuta június juuni birželio יונ يونيو haziran ιούν ιούνιος "
            "ιουνίου чэрвеня lipanj xuño",
            "jul july juli juil juillet julio luglio lug июл июля lip lipca tem лип липня júl jūl iul юли јул čvc "
            "ιουλ červenec července srpnja heinä heinäkuu heinäkuuta július juuli liepos יול يوليو temmuz ιούλ "
            "ιούλιος ιουλίου ліпеня srpanj xullo",
            "aug august août aout agosto ago авг августа sie sierpnia ağu сер серпня agu avg agt ágú srp αυγ αύγ "
            "srpen srpna kolovoza elo elokuu elokuuta augusztus rugpjūčio אוג أغسطس avgust жніўня kolovoz",
            "sep sept september septembre septiembre settembre set сен сентября wrz września eyl вер вересня zář "
            "σεπ září rujna syys syyskuu syyskuuta szept szeptember rugsėjo ספט سبتمبر setembro setembre "
            "септември септембар сеп верасня rujan",
            "oct october oktober okt ottobre ott окт октября out outubro paź października eki жов жовтня οκτ říj "
            "říjen října loka lokakuu lokakuuta október spalio אוק أكتوبر ekim кастрычніка",
            "nov november novembre noviembre ноя ноября listopada kas листопада лис noi nóv νοε νοέ listopadu "
            "studenoga studenog marras marraskuu marraskuuta lapkričio נוב نوفمبر lis listopad noiembrie kasım "
            "ноември новембар нов ное лістапада",
            "dec december dezember dez déc décembre diciembre dicembre dic дек декабря gru grudnia ara des гру "
            "грудня дец δεκ prosinec prosince prosinca joulu joulukuu joulukuuta dets detsember gruodžio דצמ "
            "ديسمبر pro aralık desember desembre снежня prosinac",
        ),
        start=1,
    )
    for name in names.split()
}
_ENGLISH = {number: name for name, number in reversed(_MONTHS.items()) if name.isascii()}  # the first name of each
# What a longer word may begin with, but for those with which other words begin too ("outlook", "settings").
_STEMS = {name: number for name, number in _MONTHS.items() if len(name) == 3} | dict.fromkeys(
    (
        "out",
        "set",
        "ara",
        "tem",
        "kas",
        "haz",
        "nis",
        "mag",
        "des",
        "gen",
        "dub",
        "elo",
        "noi",
        "eki",
        "oca",
        "led",
        "lis",
        "pro",
    ),
    0,
)
_ZONES_H = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AST": -4, "ADT": -3, "NST": -3.5, "NDT": -2.5, "AKST": -9, "AKDT": -8, "HST": -10,
    "BRT": -3, "ART": -3, "CLT": -4, "CLST": -3, "COT": -5, "PET": -5, "VET": -4, "UYT": -3,
    "BST": 1, "WEST": 1, "CET": 1, "MET": 1, "MEZ": 1, "WAT": 1, "CEST": 2, "MEST": 2, "MESZ": 2, "EET": 2, "CAT": 2,
    "SAST": 2, "EEST": 3, "EAT": 3, "TRT": 3, "IDT": 3, "MSK": 3, "MSD": 4, "SAMT": 4, "YEKT": 5, "OMST": 6, "NOVT": 7,
    "KRAT": 7, "IRKT": 8, "YAKT": 9, "VLAT": 10, "MAGT": 11, "PETT": 12, "GST": 4, "PKT": 5, "IST": 5.5, "NPT": 5.75,
    "ICT": 7, "WIB": 7, "HKT": 8, "SGT": 8, "PHT": 8, "MYT": 8, "WITA": 8, "AWST": 8, "JST": 9, "KST": 9, "WIT": 9,
    "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip

_ZONE = r"(?:(?:GMT|UTC?|Z)?\s?([+-])\s?(\d{1,2}):?(\d{2})?(?!\d)|(?<![A-Za-z])([A-Z]{1,5}|[a-z]{1,5})(?![A-Za-z]))"
_RFC5322 = re.compile(
    r"\s*(?:[^\W\d]{2,12}\.?\s?,?\s*)?(\d{1,2})[\s-]?([A-Za-z]{3})[\s-]?(\d{4}|\d{2,3})\s(\d{1,2}):(\d\d)(?::(\d\d))?\s?"
    r"(?:([+-])(\d\d)(\d\d)(?!\d)|(GMT|UTC?|Z)(?![\w+-]))\s*(?:$|\()"
)
_BASIC_ISO8601 = re.compile(r"^\s*(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)?(?!\d)")
_ISO8601 = re.compile(
    r"[^\d]{0,12}(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})[日.]?"
    r"(?:[T\s]\s?(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,]\d+)?(?:\s?([AaPp])\.?[Mm]\b)?)?\s*" + _ZONE + "?"
)
_NUMERIC = re.compile(r"\s*(?:[^\W\d]{2,12}\.?\s?,?\s*)?(\d{1,2})([./-])(\d{1,2})[./-](\d{4}|\d{2})(?!\d)")
_TIME = re.compile(
    r"(?<!\d)(\d{1,2})\s{0,3}:\s{0,3}(\d{1,2})(?!\d)(?:\s{0,3}:\s{0,3}(\d{1,2})(?:[.,]\d+)?)?\s*([AaPp]\.?[Mm]\b)?"
)
_DOTTED_TIME = re.compile(r"(?<![\d.])(\d{1,2})[.h](\d\d)(?:\.(\d\d)(?:\.\d+)?)?(?![\d.])\s*([AaPp]\.?[Mm]\b)?")
_BARE_TIME = re.compile(  # behind a year: "26 Aug 76 1429 EDT" (RFC 822 A.3.1)
    r"(?:\d[\s/-]?[^\W\d_]{3,12}[\s/-]?\d\d|(?<![+\-\d])\d{4})\s([01]\d|2[0-3])([0-5]\d)([0-5]\d)?(?![\d:])()"
)
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"(?<![\d+-])\d+|(?<=\d-)\d+|(?<=[^\W\d_]-)\d+")
_TRAILING_ZONE = re.compile(_ZONE)
_WINDOWS_ZONE = re.compile(r"\b([A-Z])[a-z]+ ([SD])(?:tandard|aylight) T(?:ime)\b")  # "Pacific Daylight Time" is PDT
_SUMMER = re.compile(r"\b([CEMW])ET DST\b")
_NUMBERED_MONTH = re.compile(r"\b(\d{1,2})\s?(?:月|월)")
_EPOCH = re.compile(r"\s*([1-6]\d{9})(?:\d{3})?\s*")  # seconds or milliseconds since 1970
_HALF_BEFORE = re.compile(r"(?:(上午|午前|오전)|下午|午後|오후)\s*(\d{1,2}:\d\d(?::\d\d)?)")
_ZONE_ONLY = re.compile(r":\d\d\s*\(((?:GMT|UTC)?\s?[+-]\d{1,2}(?::?\d\d)?|[A-Z]{3,4})\)")  # and none before
_UNSIGNED_ZONE = re.compile(r"^\s*(0\d|1[0-4])(00|30|45)(?!\d)")


def parse_date(value: str) -> datetime | None:
    """An aware datetime with the offset as written (`-0000` and unknown zones are UTC), or None. Never raises."""
    value = value[:200].replace("\t", " ")
    match = _RFC5322.match(value)
    if match:
        day, month_name, year, hour, minute, second, sign, zone_h, zone_min, _ = match.groups()
        month = _MONTHS.get(month_name.lower())
        if month:
            offset_min = (int(zone_h) * 60 + int(zone_min)) * (-1 if sign == "-" else 1) if sign else 0
            return _build(_year(year), month, int(day), int(hour), int(minute), int(second or 0), offset_min)
    if epoch := _EPOCH.fullmatch(value):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    value = value.replace("\u2212", "-")  # a minus in the shape that typographers give it
    value = _HALF_BEFORE.sub(lambda half: f"{half[2]} {'am' if half[1] else 'pm'}", value)
    zone_only = _ZONE_ONLY.search(value)
    value = _BASIC_ISO8601.sub(r"\1-\2-\3T\4:\5:\6", " ".join(COMMENT.sub(" ", value).split()))
    if zone_only:
        value += f" {zone_only[1]}"
    value = _SUMMER.sub(r"\1EST", _WINDOWS_ZONE.sub(r"\1\2T", value)).replace("GMT Daylight Time", "BST")
    match = _ISO8601.match(value)
    if match:
        year, month_no, day, hour, minute, second, half = match.groups()[:7]
        offset = _offset_min(*match.groups()[7:])
        hours = _hour(hour or "0", half)
        return _build(int(year), int(month_no), int(day), hours, int(minute or 0), int(second or 0), offset)
    return _parse_in_any_order(value)


def _parse_in_any_order(value: str) -> datetime | None:
    """Pick time, zone, month, day and year out of `value` wherever they stand (asctime, obsolete and local forms)."""
    value = _NUMBERED_MONTH.sub(lambda month: _ENGLISH.get(int(month[1]), ""), value)
    hour = minute = second = 0
    before, after = value, ""
    time = _TIME.search(value) or _DOTTED_TIME.search(value) or _BARE_TIME.search(value)
    if time:
        hour, minute, second = _hour(time[1], time[4]), int(time[2]), int(time[3] or 0)
        before, after = value[: time.start(1)], value[time.end() :]
    if len(_NUMBER.findall(before)) > 1:  # so what follows is no year
        after = _UNSIGNED_ZONE.sub(r" +\1\2", after, count=1)
    zone = _TRAILING_ZONE.search(after)
    offset = _offset_min(*zone.groups()) if zone else 0
    if zone and zone[1]:
        after = after[: zone.start()] + " " + after[zone.end() :]
    rest = before + " " + after
    numeric = _NUMERIC.match(rest)
    if numeric:
        first, last = int(numeric[1]), int(numeric[3])
        day, month = (last, first) if numeric[2] == "/" and first <= 12 else (first, last)
        return _build(_year(numeric[4]), month, day, hour, minute, second, offset)
    named = _month(rest)
    numbers = _NUMBER.findall(rest)[:4]
    if named is None or len(numbers) < 2:
        return None
    day_text, year_text = numbers[:2]
    day_text = day_text[1:] if len(day_text) == 3 and day_text[0] == "0" else day_text
    if len(day_text) > 2:
        day_text, year_text = year_text, day_text
    if len(day_text) > 2 or len(year_text) > 4:
        return None
    return _build(_year(year_text), named, int(day_text), hour, minute, second, offset)


def _month(text: str) -> int | None:
    """The month that a word of `text` names; of several, not the first one, a day of the week ("mar., 4 juin 2026")."""
    months = [_MONTHS.get(word) or _STEMS.get(word[:3]) for word in map(str.lower, _WORD.findall(text))]
    named = [month for month in months if month]
    if len(named) > 1 and months[0] and text.lstrip()[:1].isalpha():
        return named[1]
    return named[0] if named else None


def _hour(text: str, half: str | None) -> int:
    """`half` begins with a or p where hours are counted to twelve."""
    hour = int(text)
    return hour % 12 + (12 if half[0] in "pP" else 0) if half else hour


def _year(text: str) -> int:
    """RFC 5322 §4.3: two digits are 1950–2049, three digits count from 1900."""
    year = int(text)
    if len(text) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(text) == 3 else year


def _offset_min(sign: str | None, hours: str | None, minutes: str | None, name: str | None) -> int:
    if sign and hours:
        return (int(hours) * 60 + int(minutes or 0)) * (-1 if sign == "-" else 1)
    return int(_ZONES_H.get((name or "").upper(), 0) * 60)


def _build(year: int, month: int, day: int, hour: int, minute: int, second: int, offset_min: int) -> datetime | None:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR or abs(offset_min) >= 24 * 60:
        return None
    zone = timezone(timedelta(minutes=offset_min)) if offset_min else UTC
    is_midnight = hour == 24 and minute == second == 0  # at the end of the day (ISO 8601)
    try:
        moment = datetime(year, month, day, 0 if is_midnight else hour, minute, min(second, 59), tzinfo=zone)
        return moment + timedelta(days=1) if is_midnight else moment
    except ValueError:
        return None
