"""UTF-8 that some program on the way took for another set and encoded once more ("Ã¼", "РїСЂРё"), put right."""

import re
import unicodedata
from functools import cache
from itertools import islice
from typing import NamedTuple

from emailq.parse.letters import charmap

_SAMPLE_CHARS, _PROBED_RUNS = 4000, 8
_RUN = re.compile("[^\0-\x7f]{1,60}")
_USUAL = frozenset("\xa0«»“”„‘’–—…•№°")  # which stand in any text
_LETTERS_ELSEWHERE = frozenset("ЂЃѓЉЊЌЋЏђљњќћџЎўЈјЅѕҐ")  # that Russian has not, nor UTF-8 of it for long without
_CAPITAL = re.compile("[а-яё][А-ЯЁ]")  # inside of a word
# What UTF-8 is mostly used for: a wrong guess yields letters of Samaritans and Mongols.
_LIKELY = re.compile(
    "[\x80-\u024f\u02b0-\u036f\u0370-\u052f\u0531-\u06ff\u0900-\u0dff\u0e01-\u0e5b\u10a0-\u11ff\u1e00-\u206f\u20a0-\u20bf"
    "\u2100-\u22ff\u2500-\u27bf\u3000-\u30ff\u3130-\u318f\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe0f\ufeff\uff00-\uffef"
    "\U0001f000-\U0001faff]*"
)


class _Wrong(NamedTuple):
    """A set that UTF-8 was read in: what its characters look like there, and the way back to bytes."""

    sequences: re.Pattern[str]
    certain: re.Pattern[str]  # those of which one is enough
    to_byte: dict[str, int]


@cache
def _wrong(codec: str) -> _Wrong:
    to_byte = {char: code for code, char in enumerate(charmap(codec)) if code >= 0x80}
    to_byte = {chr(code): code for code in range(0x80, 0x100 if codec == "cp1252" else 0xA0)} | to_byte

    def one_of(first: int, last: int) -> str:
        return f"[{re.escape(''.join([char for char, code in to_byte.items() if first <= code <= last]))}]"

    tail = one_of(0x80, 0xBF)
    of_three = f"{one_of(0xE0, 0xEF)}{tail}{{2}}|{one_of(0xF0, 0xF4)}{tail}{{3}}"
    sequences = f"(?:{one_of(0xC2, 0xDF)}{tail}|{of_three})+"
    sure_tail = tail.replace("\xa0", "")  # a blank alone is not worth a change
    of_latin = f"{one_of(0xC2, 0xC3)}{sure_tail}|{one_of(0xE2, 0xE2)}{tail}{{2}}"
    certain = "(?!)" if codec in ("cp1251", "koi8_r", "cp866") else of_latin
    return _Wrong(re.compile(sequences), re.compile(certain), to_byte)


# Each set with the first characters of what UTF-8 looks like in it.
_LEADS = {
    codec: frozenset(charmap(codec)[0xC2:0xF5])
    for codec in ("cp1252", "cp1251", "koi8_r", "cp866", "cp1250", "cp850", "cp437", "mac_roman")
}


def repair(text: str) -> str:
    """`text` as it was before it was encoded a second (third, fourth) time; nearly all texts come back as they are."""
    for _ in range(3):
        runs = [match[0] for match in islice(_RUN.finditer(text, 0, _SAMPLE_CHARS), _PROBED_RUNS)]
        if not runs:
            return text
        firsts, probe = {run[0] for run in runs}, "".join(runs)
        for codec, leads in _LEADS.items():
            if firsts.isdisjoint(leads) or _covered(_wrong(codec).sequences, probe) * 4 < len(probe) * 3:
                continue
            repaired = _repair(text, _wrong(codec))
            if repaired is not None:
                text = repaired
                break
        else:
            return text
    return text


def _repair(text: str, wrong: _Wrong) -> str | None:
    sample = text[:_SAMPLE_CHARS]
    strange = len(sample) - len(sample.encode("ascii", "ignore"))
    found = "".join(wrong.sequences.findall(sample))
    if len(found) * 10 < strange * 9 or (len(found) < 4 and not wrong.certain.search(sample)):
        return None
    telling = sum([_is_telling(char) * found.count(char) for char in frozenset(found)]) + len(_CAPITAL.findall(found))
    if telling * 8 < len(found) and not wrong.certain.search(sample):
        return None
    repaired = "".join([_reread(run, wrong.to_byte) for run in wrong.sequences.findall(sample)])
    if not _LIKELY.fullmatch(repaired):
        return None
    return wrong.sequences.sub(lambda match: _reread(match[0], wrong.to_byte), text)


def _is_telling(char: str) -> bool:
    """Whether a character is not what words are made of."""
    return char in _LETTERS_ELSEWHERE or not (char in _USUAL or unicodedata.category(char).startswith("L"))


def _covered(pattern: re.Pattern[str], text: str) -> int:
    """How many characters of a text match."""
    return sum(map(len, pattern.findall(text)))


def _reread(run: str, to_byte: dict[str, int]) -> str:
    try:
        return bytes([to_byte[char] for char in run]).decode()
    except UnicodeDecodeError:
        return run
