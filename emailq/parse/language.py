"""A guess at the language of a text: the script first, then the commonest words."""

import re
from collections import Counter

_WORD = re.compile(r"[^\W\d_]+")
_LETTERS_NEEDED = 20
_READ = 4000  # characters

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_COMMON = {
    "en": "the and to of you for is in that we your have this our with are be on it please not as will can from at or",
    "de": "und die der das ist nicht ich sie wir bitte mit für den ein eine auf zu haben von dem im wie uns ihr werden",
    "fr": "le la les et de des un une vous nous est pour que dans pas avec votre ce sur je en au bonjour merci du",
    "es": "el la los las de que y en un una por para con no se su es lo usted gracias como más pero nos del buenos",
    "it": "il di che e la un per non con sono una le del si da grazie ma questo vi della gli ci nel anche",
    "pt": "o a de que e do da em um para com não uma os no se na por mais as dos como mas obrigado você seu",
    "nl": "de het een en van ik dat is niet op te met voor wij u zijn aan bij om als graag onze maar ook",
    "pl": "i w na nie z do się jest to że o jak za po dla od prosimy czy przez dziękuję ale są tym",
    "tr": "ve bir bu için ile olarak da de çok ne kadar mı lütfen siz teşekkürler olan var gibi daha ama ederim",
    "sv": "och att det som en på är av för med den till inte har jag vi ni ett om hej tack kan från",
    "da": "og at det er en til på for af ikke med som har den jeg vi kan til os hej tak skal",
    "cs": "a se na je že v s z o do pro jsem by jak ale prosím děkuji jsme není za tak bude",
    "fi": "ja on ei se että hän ovat olla kun mutta kiitos myös tämä voi jos sekä ole terveisin",
    "hu": "a az és nem hogy egy is van meg ez köszönöm kérem vagy de csak mint volt",
    "ro": "și de la în nu cu pe o un este să pentru din care mulțumesc mai sunt vă",
}
_CYRILLIC_LETTERS = (("uk", "іїєґ"), ("be", "ўі"), ("kk", "әғқңөұүһ"), ("sr", "ђјљњћџ"), ("mk", "ѓѕќ"))
_BULGARIAN = frozenset(
    ["ще", "съм", "вие", "моля", "благодаря", "това", "което", "като", "или", "със", "както", "може"]
)
_RUSSIAN = frozenset(
    [
        "и",
        "не",
        "что",
        "вы",
        "мы",
        "на",
        "это",
        "как",
        "для",
        "по",
        "с",
        "здравствуйте",
        "пожалуйста",
        "спасибо",
        "нам",
        "вам",
        "есть",
    ]
)
_TABLE = {language: frozenset(words.split()) for language, words in _COMMON.items()}


def guess_language(text: str) -> str | None:
    """ISO 639-1 code, or None when the text is too short or fits nothing."""
    text = text[:_READ]
    letters = sum(map(str.isalpha, text))
    for language, pattern in _SCRIPTS:
        if (found := len(pattern.findall(text))) > 3 and found * 5 > letters:
            return language
    if letters < _LETTERS_NEEDED:
        return None
    words = [word.lower() for word in _WORD.findall(text)]
    if len(_CYRILLIC.findall(text)) * 2 > letters:
        return _cyrillic(words)
    scores = Counter({language: sum(word in table for word in words) for language, table in _TABLE.items()})
    (best, score), (_, second) = scores.most_common(2)
    return best if score > second and score * 12 >= len(words) else None


def _cyrillic(words: list[str]) -> str:
    joined = "".join(words)
    counts = {language: sum(joined.count(letter) for letter in letters) for language, letters in _CYRILLIC_LETTERS}
    language, count = max(counts.items(), key=lambda item: item[1])
    if count * 60 > len(joined) and joined.count("ы") < count:
        return "be" if language == "uk" and "ў" in joined else language
    bulgarian, russian = (sum(map(words.count, common.split())) for common in (_BULGARIAN, _RUSSIAN))
    return "bg" if bulgarian > russian and "ы" not in joined else "ru"
