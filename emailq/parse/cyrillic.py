"""Russian and Ukrainian in legacy encodings: tells one from another by letters, repairs what was read wrongly."""

import codecs
import re

CODECS = ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic", "koi8_u")

_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюяіїє"
_SAME = {"ё": "е", "ґ": "г"}
_WIDTH = len(_LETTERS) + 1
# 9 + 0.9·log2 P(second letter | first letter), 0 to 9, counted over two million letters of Russian and Ukrainian
# text. Row and column 0 are the edge of a word, the others the letters in the order of _LETTERS.
_PAIRS = bytes(int(digit) for digit in (
    "044635215505346565655422321000303301704534435054656045462134421000034002460002600505624606306033004460002400"
    "770304610604525624434020010050001500662234500501535806116000000000000400571314740504615644435010010031001400"
    "712445243245557336560013323000000000463006800703417300104000100000000300673515300403266623215000010041004300"
    "734533515455565245660344431000035000800104100003734301560000110000000000670200510600503705555004002000000400"
    "562010640604204700204000300037056400763500700603244640205000000050005500560034701703006600454201010053015400"
    "605655444245655255550012430000012010460000600602402837125002000020001400570431740603044712445030030041003400"
    "542301510606533652475021220035006300660500600604215616504000100036001300734536543035555055650310424000050003"
    "380000500600410705136300000000000500850300500500124705224000000000100500560300700803000320014000000055034700"
    "570000810704206300053000010001000400560300700806405404245000000001100300160000800700001600004000000004000000"
    "000000900000000000000000000000006000703613603074551044360060330000000000801000206006036400540001040000033001"
    "400222001026744024480400050000000000803502030002122013260000706000030004901414404004144002250022102000032001"
    "743636024055546225541022441000034052901312002003324003230040000000000030800325000005264003370000000000040030"
))  # fmt: skip

_OTHER, _LATIN, _ODD = 0, _WIDTH, _WIDTH + 1  # classes of a byte beside the letters' 1 … 35
_USUAL = "\xa0«»№—–“”„‘’…•©®°§·"
_CAPITALS_ELSEWHERE = "—–“”‘’"  # in Mac Cyrillic; where the others have their capitals
_SAMPLE_BYTES = 1200
_CONVINCING = 4.2  # points a pair: Russian has 5 to 6, Hebrew and Greek read as Cyrillic mostly below 4
_FEWEST_LETTERS, _FEW_LETTERS = 4, 16
_RARE = {"mac_cyrillic": 0.3, "koi8_u": 0.1}  # less likely than those that share most of their letters


def _tables(codec: str) -> tuple[bytes, bytes]:
    """Byte → class, and byte → case (l, u or -)."""
    classes, cases = bytearray(256), bytearray(b"-" * 256)
    for code in range(256):
        char = bytes([code]).decode(codec, "replace")
        lower = char.lower()
        letter = _LETTERS.find(_SAME.get(lower, lower)) + 1
        if letter:
            classes[code] = letter
            cases[code] = ord("l" if lower == char else "u")
        elif code < 0x80:
            classes[code] = _LATIN if char.isalpha() else _OTHER
        else:
            is_doubtful = codec == "mac_cyrillic" and char in _CAPITALS_ELSEWHERE
            classes[code] = _OTHER if char in _USUAL and not is_doubtful else _ODD
    return bytes(classes), bytes(cases)


_TABLES = {codec: _tables(codec) for codec in CODECS}
_INSIDE_OTHERS = re.compile(rb"(?<=[\0%c])[\0%c]+(?=[\0%c])" % (_LATIN, _LATIN, _LATIN))  # that no pair counts
_NO_LETTERS = bytes(set(range(256)) - set(range(1, _WIDTH)))


def detect(data: bytes, *, declared: str | None = None) -> str | None:
    """The Cyrillic codec that turns `data` into words, or None. A `declared` one stays unless it is clearly worse."""
    data = data[:_SAMPLE_BYTES]
    scores = {codec: _score(data, codec) for codec in CODECS}
    best = max(CODECS, key=lambda codec: scores[codec])
    if scores[best] < _CONVINCING:
        return None
    if declared in scores and scores[declared] > scores[best] - 0.5:
        return declared
    return mac_or_windows(data, best) if best in TWINS and not declared else best


TWINS = ("cp1251", "mac_cyrillic")
_ONLY_MAC = re.compile(  # small letters before some capitals in Windows, quotes right before them, lone Serbian letters
    rb"(?<=[\xe0-\xfe])[\xc8-\xca\xd3\xdd-\xdf]"
    rb"|(?<![\x80-\x9f\xdd-\xff])[\x80-\x9f](?=[\xde-\xfe]|[\x80-\x9f\xdd]{1,9}(?:[ ,.:;!?]|$))"
    rb"|(?<![\x80-\xff])[\x80\x81\x8a\x8c-\x8f](?![\x80-\xff])"
)
_ONLY_WINDOWS = re.compile(  # and what in Mac is a sign right before a small letter, or a capital behind one
    rb"\xff|(?<![\xc0-\xff])[\xc0-\xdc](?=[\xe0-\xff])|(?<![\xc0-\xff])[\xc0-\xdf]{2,}|(?<=[\xe0-\xfe])[\x80-\x9f]"
)


def mac_or_windows(data: bytes, best: str) -> str:
    """These two share all small letters but "я" and "ё": the capitals tell them apart."""
    mac, windows = len(_ONLY_MAC.findall(data)), len(_ONLY_WINDOWS.findall(data))
    return best if mac == windows else "mac_cyrillic" if mac > windows else "cp1251"


def _score(data: bytes, codec: str) -> float:
    """Points a pair of letters in the words of `data` read as `codec`; 0 with too few letters.

    Few letters, and capitals only (as lower-case Hebrew looks in KOI8-R), take some away, as they prove less.
    """
    classes_of, cases_of = _TABLES[codec]
    classes = data.translate(classes_of)
    if len(classes.translate(None, _NO_LETTERS)) < _FEWEST_LETTERS:
        return 0.0
    points = pairs = letters = 0
    before = _OTHER
    for now in _INSIDE_OTHERS.sub(b"", classes):
        if now < _WIDTH and before < _WIDTH:
            if now or before:
                points += _PAIRS[before * _WIDTH + now]
                pairs += 1
                letters += now > 0
        elif now == _ODD or (now != before and (now if before == _LATIN else before)):  # or beside a Latin letter
            points -= 6
            pairs += 1
        before = now
    if letters < _FEWEST_LETTERS:
        return 0.0
    cases = data.translate(cases_of)
    points -= 8 * cases.count(b"lu")
    doubt = _RARE.get(codec, 0.0) + (0.3 if letters < _FEW_LETTERS else 0.0) + (0.0 if b"l" in cases else 0.5)
    return points / pairs - doubt


def _charmap(codec: str) -> str:
    """The 256 characters of `codec`; undefined bytes are C1 controls, as browsers and most mail programs read them."""
    return "".join(bytes([code]).decode(codec, "ignore") or chr(code) for code in range(256))


_LATIN_1_HIGH = re.compile("[\xc0-\xff]+")
_CYRILLIC_LETTERS = re.compile("[\u0401-\u0491]+")
_REPAIR_SAMPLE_CHARS = 4000


def repair(text: str) -> str:
    """`text` with Cyrillic that was read as Latin-1 or as another Cyrillic set put right; most is returned as is."""
    sample = text[:_REPAIR_SAMPLE_CHARS]
    strange = len(sample) - len(sample.encode("ascii", "ignore"))
    if strange < 8:
        return text
    if _covered(_LATIN_1_HIGH, sample) * 4 >= strange * 3:
        return _reread_as(text, "cp1252")
    if _covered(_CYRILLIC_LETTERS, sample) * 10 >= strange * 9:
        return _reread_cyrillic(text)
    return text


def _covered(pattern: re.Pattern[str], text: str) -> int:
    """How many characters of a text match."""
    return sum(map(len, pattern.findall(text)))


def _reread_as(text: str, codec: str) -> str:
    """Cyrillic bytes that somebody read as `codec` on the way ("Ïðèâåò")."""
    encoding = _ENCODINGS[codec]
    try:
        sample = codecs.charmap_encode(text[: 4 * _SAMPLE_BYTES], "strict", encoding)[0]
        found = detect(b" ".join(word for word in sample.split() if not word.isascii()))
        if found in (None, codec):
            return text
        return codecs.charmap_encode(text, "strict", encoding)[0].decode(found, "replace")
    except UnicodeEncodeError:
        return text


def _reread_cyrillic(text: str) -> str:
    """One Cyrillic set read as another ("рПЛСРЮЕМН"): put right only if `text` is no words and the other reading is."""
    sample = text[:_SAMPLE_BYTES].encode("cp1251", "replace")
    if _score(sample, "cp1251") > _CONVINCING - 0.5 or len(sample) < _FEW_LETTERS:
        return text
    for codec in ("koi8_r", "cp1251", "cp866", "iso8859_5"):
        repaired = _reread_as(text, codec)
        if repaired != text:
            return repaired
    return text


_ENCODINGS = {
    codec: {ord(char): code for code, char in [*((c, chr(c)) for c in range(0x80, 0xA0)), *enumerate(_charmap(codec))]}
    for codec in ("cp1252", "koi8_r", "cp1251", "cp866", "iso8859_5")
}
