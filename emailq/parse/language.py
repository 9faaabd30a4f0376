"""A guess at the language of a text: the script first, then its commonest words and its own letters."""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from functools import lru_cache

_READ = 1500  # characters
_LETTERS_NEEDED = 20  # of a script that several languages share

# Where the blocks of Unicode begin, and the script of each.
_BLOCKS = [
    (0x0041, "latin"), (0x005B, ""), (0x0061, "latin"), (0x007B, ""), (0x00C0, "latin"), (0x0250, ""),
    (0x0370, "greek"), (0x0400, "cyrillic"), (0x0530, "armenian"), (0x0590, "hebrew"), (0x0600, "arabic"),
    (0x0780, ""), (0x0900, "devanagari"), (0x0980, ""), (0x0E00, "thai"), (0x0E80, ""), (0x10A0, "georgian"),
    (0x1100, "hangul"), (0x1200, ""), (0x1E00, "latin"), (0x1F00, "greek"), (0x2000, ""), (0x3041, "kana"),
    (0x3100, ""), (0x3130, "hangul"), (0x3190, ""), (0x31F0, "kana"), (0x3200, ""), (0x3400, "han"), (0xA000, ""),
    (0xAC00, "hangul"), (0xD7B0, ""), (0xF900, "han"), (0xFB00, ""), (0xFF66, "kana"), (0xFFA0, ""),
    (0x20000, "han"), (0x30000, ""),
]  # fmt: skip
_STARTS = [start for start, _ in _BLOCKS]
_ONE_LANGUAGE = {
    "greek": "el", "armenian": "hy", "hebrew": "he", "arabic": "ar", "devanagari": "hi", "thai": "th",
    "georgian": "ka", "hangul": "ko", "kana": "ja", "han": "zh",
}  # fmt: skip

_COMMON = {
    "en": "the and to of you for is in that we your have this our with are be on it please not as will can from at "
    "or was has been would but if any all could they their there what when who which do does did no an my me "
    "us by so hello dear regards thanks thank order need get i'm don't just about how invoice payment delivery "
    "price quote items pieces friday monday today tomorrow send sent received still out up then than were "
    "should want like know after before where why many new see one two here now these those again back very "
    "much more am",
    "de": "und die der das ist nicht ich sie wir bitte mit für den ein eine auf zu haben von dem im wie uns ihr "
    "werden wird sind bei zum zur auch aber noch nach einen einem unsere unser ihre ihren hat kann können es "
    "vom am um guten hallo sehr geehrte danke grüße möchten wurde bestellung rechnung leider wann kein keine "
    "wenn dann oder nur schon meine mein meiner ihnen kommt komme kommen endlich lieferung angebot stück preis "
    "zahlung montag freitag heute morgen herr frau anbei gern gerne brauchen benötigen über unter bis seit "
    "mehr wieder diese dieser dieses dass damit bin",
    "fr": "le la les et de des un une vous nous est pour que dans pas avec votre ce sur je en au bonjour merci du ne "
    "se qui par plus cette vos nos notre mais ou sont avons avez être suis ai mon ma il elle aux d'une c'est "
    "j'ai cordialement madame monsieur commande facture très toujours tu quand livraison prix devis colis reçu "
    "envoyer lundi vendredi aujourd'hui demain encore bien tout tous fait deux trois puis aussi sans depuis "
    "chez leur",
    "es": "el la los las de que y en un una por para con no se su es lo usted gracias como más pero nos del buenos "
    "al le les me mi hola ustedes este esta estamos está son ha han hemos días pedido factura saludos si sobre "
    "desde cuando también muy todavía cuándo dónde envío precio pago llegó quiero necesitamos necesito podría "
    "pueden cajas lunes viernes hoy mañana todo todos otra vez ya tiene hasta porque ser fue solo",
    "it": "il di che e la un per non con sono una le del si da grazie ma questo vi della gli ci nel anche i lo alla "
    "dei delle al ho abbiamo buongiorno ordine fattura come più vostro nostra nostro vostra è in ha mi se "
    "saluti ancora sul quando dove vorremmo vorrei pacco arriva spedizione prezzo pagamento merce pezzi lunedì "
    "venerdì oggi domani già tutto solo dopo fino perché essere stato stata mio mia quanto",
    "pt": "o a de que e do da em um para com não uma os no se na por mais as dos como mas obrigado você seu ao foi "
    "nos é são está estamos nossa nosso sua olá bom dia pedido fatura ainda também pelo pela já até temos "
    "quando onde gostaríamos gostaria encomenda entrega preço pagamento caixas chegou vai chegar meu minha "
    "segunda sexta hoje amanhã tudo só depois porque ser podem poderia preciso muito tem uns",
    "nl": "de het een en van ik dat is niet op te met voor wij u zijn aan bij om als graag onze maar ook er we uw "
    "nog heb hebben wordt kunnen kunt dit geachte beste bestelling factuur naar door over deze wat wel geen "
    "wanneer waar pakket levering prijs betaling stuks maandag vrijdag vandaag morgen nogmaals wil willen mijn "
    "jullie nu dan alle meer tot sinds omdat worden werd",
    "pl": "i w na nie z do się jest to że o jak za po dla od prosimy czy przez dziękuję ale są tym proszę mamy "
    "państwa dzień dobry pan pani oraz już tylko zamówienie faktura faktury pozdrawiam było został nas mi ze "
    "kiedy gdzie paczka moja mój dostawa cena płatność sztuk poniedziałek piątek dziś jutro chcielibyśmy może "
    "wszystko więc który która które jestem będzie być jeszcze raz",
    "tr": "ve bir bu için ile olarak da de çok ne kadar mı lütfen siz teşekkürler olan var gibi daha ama ederim "
    "sayın merhaba ederiz iyi günler sipariş fatura değil henüz mi olduğu bize size rica zaman nerede kargo "
    "teslimat fiyat ödeme adet pazartesi cuma bugün yarın istiyorum istiyoruz tekrar geldi hasarlı benim bizim "
    "en şu ben biz yok evet hayır tamam",
    "sv": "och att det som en är på av för med den till inte har jag vi ni ett om hej tack kan från er vår men vill "
    "ska skulle så här eller mvh hälsningar beställning faktura också när var leverans pris betalning stycken "
    "måndag fredag idag imorgon igen kom fram skadad mig min mitt alla bara mer efter eftersom blir blev detta",
    "da": "og at det er en til på for af ikke med som har den jeg vi kan om et hej tak skal fra men vil jeres vores "
    "kunne være også eller hilsen bestilling faktura ikke der så hvornår hvor levering pris betaling stykker "
    "mandag fredag igen ankommet min mit alle kun mere efter fordi bliver blev dette i nu gerne",
    "no": "og å det er en til på for av ikke med som har den jeg vi kan om et hei takk skal fra men vil deres vår "
    "kunne være også eller hilsen bestilling faktura dere noe hva når hvor levering pris betaling stykker "
    "mandag fredag igjen kommet min mitt alle bare mer etter fordi blir ble dette i nå gjerne",
    "fi": "ja on ei se että hän ovat olla kun mutta kiitos myös tämä voi jos sekä ole terveisin hei olen olemme "
    "meidän teidän tilaus lasku voisitteko vielä kuin joka mitä milloin missä toimitus hinta maksu kappaletta "
    "maanantai perjantai tänään huomenna uudelleen saapui haluaisimme minun kaikki vain lisää jälkeen koska",
    "cs": "a se na je že v s z o do pro jsem by jak ale prosím děkuji jsme není za tak bude dobrý den objednávka "
    "faktura od které který jste už ještě nebo k ve nám vám kdy kde zásilka dodávka cena platba kusů pondělí "
    "pátek dnes zítra znovu chtěli bychom můžete poslat moje můj všechno jen více po protože být byl byla to "
    "tento",
    "sk": "a sa na je že v s z o do pre som by ako ale prosím ďakujem sme nie za tak bude dobrý deň objednávka faktúra "
    "od ktoré ktorý ste už ešte alebo k vo nám vám",
    "hu": "a az és nem hogy egy is van meg ez köszönöm kérem vagy de csak mint volt tisztelt üdvözlettel rendelés "
    "számla még kérjük jó napot önök ha el lesz mikor hol csomag szállítás ár fizetés darab hétfő péntek ma "
    "holnap újra érkezett szeretnénk küldjék én minden mert lenne itt ezt azt",
    "ro": "de la în nu cu pe o un este să pentru din care mulțumesc mai sunt vă bună ziua comandă factura ne am și "
    "dumneavoastră sau al ale fost dar când unde coletul colet livrare preț plată bucăți luni vineri azi mâine "
    "nou puteți trimiteți dorim aș vreau ajuns a toate doar după",
    "hr": "i u je na se da za od su s ne koji što sa nije molimo hvala kao bi smo poštovani narudžba račun ali ili "
    "vam nam lijep pozdrav",
    "et": "ja on ei see et kui ka oma tere palun tänan meie teie tellimus arve mis oli kas aga või",
    "lt": "ir yra kad su iš į ne tai kaip už prašome ačiū laba diena užsakymas sąskaita mes jūsų bet ar",
    "lv": "un ir ka ar no uz nav par lūdzu paldies labdien pasūtījums rēķins mēs jūsu bet vai kas",
    "vi": "và của là có không cho được trong các một người với này tôi chúng xin cảm ơn đơn hàng hóa",
    "id": "yang dan di untuk dengan tidak ini dari pada kami anda terima kasih adalah akan saya mohon bisa sudah",
}
_LATIN_LETTERS = {
    "ß": "de", "ä": "de sv fi et sk", "ö": "de sv fi tr hu et", "ü": "de tr hu et", "ñ": "es", "¿": "es", "¡": "es",
    "ã": "pt", "õ": "pt et", "ç": "fr pt tr", "ê": "fr pt vi", "è": "fr it", "ù": "fr it", "œ": "fr", "ì": "it",
    "ò": "it", "ł": "pl", "ę": "pl lt", "ą": "pl lt", "ś": "pl", "ż": "pl", "ź": "pl", "ć": "pl hr", "ń": "pl",
    "ğ": "tr", "ş": "tr", "ı": "tr", "å": "sv da no", "ø": "da no", "æ": "da no", "ř": "cs", "ě": "cs", "ů": "cs",
    "š": "cs sk hr lt lv et", "č": "cs sk hr lt lv", "ž": "cs sk hr lt lv et", "ľ": "sk", "ĺ": "sk", "ŕ": "sk",
    "ô": "fr sk pt vi", "ő": "hu", "ű": "hu", "ă": "ro vi", "ș": "ro", "ț": "ro", "ţ": "ro", "î": "ro fr", "đ": "hr vi",
    "ė": "lt", "ų": "lt", "ū": "lt lv", "ā": "lv", "ē": "lv", "ķ": "lv", "ņ": "lv", "ơ": "vi", "ư": "vi", "ế": "vi",
}  # fmt: skip
_CYRILLIC = {
    "ru": "и не что вы мы на это как для по с здравствуйте пожалуйста спасибо нам вам есть из от до или если но вас "
    "нас добрый день прошу уважением просим был была были когда только ещё еще уже так же который",
    "uk": "і та не що ви ми на це як для по з зі до від або якщо але вас нас добрий день прошу дякую повагою вітаю "
    "будь ласка був була було коли тільки ще вже так який щодо про у",
    "be": "і не што вы мы на гэта як для па з да ад або калі але вас нас добры дзень прашу дзякуй калі ласка быў была "
    "таксама ужо яшчэ які",
    "bg": "и не че ви ние на това как за по с от до или ако но вас нас добър ден моля благодаря поздрави беше са съм "
    "сме ще като още вече който със във да е се",
    "sr": "и не да ви ми на то како за по са од до или ако али вас нас добар дан молимо хвала поздрав био је су смо "
    "ће још већ који у се",
    "mk": "и не да вие ние на тоа како за по со од до или ако но вас нас добар ден ве молиме благодарам поздрав беше "
    "е се сме ќе уште веќе кој",
    "kk": "және бұл үшін мен бар емес сіз біз деп рахмет сәлеметсіз бе қалай бойынша туралы болды бір сізге өтінеміз "
    "тапсырыс құрметпен",
}
_CYRILLIC_LETTERS = {
    "ы": "ru be kk", "э": "ru be kk", "ё": "ru be", "і": "uk be kk", "ї": "uk", "є": "uk", "ґ": "uk", "ў": "be",
    "ә": "kk", "ғ": "kk", "қ": "kk", "ң": "kk", "ө": "kk", "ұ": "kk", "ү": "kk", "һ": "kk", "ђ": "sr", "ћ": "sr",
    "џ": "sr mk", "љ": "sr mk", "њ": "sr mk", "ј": "sr mk", "ѓ": "mk", "ќ": "mk", "ѕ": "mk", "ъ": "bg",
    "и": "ru uk bg kk sr mk",
    "щ": "ru uk bg kk", "й": "ru uk be bg kk", "ь": "ru uk be kk", "я": "ru uk be bg kk", "ю": "ru uk be bg kk",
}  # fmt: skip

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_LETTERS_AND_BLANKS = bytes(code if chr(code) in "abcdefghijklmnopqrstuvwxyz'" else ord(" ") for code in range(256))
_NO_ASCII_LETTERS = bytes(set(range(0x80)) - set(range(ord("a"), ord("z") + 1)))


def _by_word(tables: dict[str, str]) -> dict[str, tuple[float, list[str]]]:
    """Word → what it says for each of its languages, and these."""
    found: dict[str, list[str]] = defaultdict(list)
    for language, words in tables.items():
        for word in dict.fromkeys(words.split()):
            found[word].append(language)
    return {
        word: ((1.0 if len(word) > 1 else 0.5) / len(languages) ** 0.5, languages) for word, languages in found.items()
    }


_WORDS = {"latin": _by_word(_COMMON), "cyrillic": _by_word(_CYRILLIC)}
_LETTERS = {
    script: {letter: languages.split() for letter, languages in table.items()}
    for script, table in (("latin", _LATIN_LETTERS), ("cyrillic", _CYRILLIC_LETTERS))
}
# Without one of these in twenty letters it is another language.
_NEEDED = {"uk": "іїєґ", "be": "іў", "kk": "әғқңөұүһі", "sr": "јљњђћџ", "mk": "јљњѓќѕ"}


def guess_language(text: str) -> str | None:
    """ISO 639-1 code, or None when the text is too short or fits nothing."""
    text = text[:_READ]
    if "@" in text or "://" in text or "www." in text:
        text = " ".join([word for word in text.split() if not ("@" in word or "://" in word or "www." in word)])
    lower = text.lower()
    if lower.isascii():  # most texts: one script, and no letter that only some languages have
        count = len(lower.encode().translate(None, _NO_ASCII_LETTERS))
        return _by_words(lower, {}, "latin") if count >= _LETTERS_NEEDED else None
    letters = Counter(lower)
    scripts: dict[str, int] = {}
    for letter, count in letters.items():
        script = _script(letter)
        scripts[script] = scripts.get(script, 0) + count
    scripts.pop("", None)
    if scripts.get("kana", 0) * 10 > scripts.get("han", 0) > 0:
        scripts["kana"] += scripts.pop("han")
    for script in ("han", "kana", "hangul"):  # one sign says as much as several letters
        if script in scripts:
            scripts[script] *= 3
    script, count = max(scripts.items(), key=lambda item: item[1], default=("", 0))
    if script in _ONE_LANGUAGE:
        return _ONE_LANGUAGE[script] if count >= 4 else None
    if count < _LETTERS_NEEDED:
        return None
    return _by_words(lower, letters, script)


@lru_cache(maxsize=2000)
def _script(letter: str) -> str:
    return _BLOCKS[bisect_right(_STARTS, ord(letter)) - 1][1] if letter >= "A" else ""


def _by_words(lower: str, letters: dict[str, int], script: str) -> str | None:
    """The language whose common words and own letters a text has most of; None if it has few of any."""
    words = _words(lower)
    scores: dict[str, float] = defaultdict(float)
    for weight, languages in filter(None, map(_WORDS[script].get, words)):
        for language in languages:
            scores[language] += weight
    for letter, having in _LETTERS[script].items() if letters else ():
        if count := letters.get(letter):
            for language in having:
                scores[language] += min(count, 30) * 0.3 / len(having)
    if not scores:
        return None
    if script == "cyrillic":
        return max(_spelt_as(letters), key=lambda language: scores[language])
    best, score = max(scores.items(), key=lambda item: item[1])
    return best if score * 14 >= len(words) else None


def _words(lower: str) -> list[str]:
    if lower.isascii():  # most texts, in a fourth of the time
        words = lower.encode().translate(_LETTERS_AND_BLANKS).decode().split()
        if "'" not in lower:
            return words
        return [word for piece in words for word in (_WORD.findall(piece) if "'" in piece else (piece,))]
    return _WORD.findall(lower.replace("\u2019", "'"))


def _spelt_as(letters: dict[str, int]) -> list[str]:
    """Languages in Cyrillic whose alphabet a text keeps to, but for a word or two. Russian first: it wins a tie."""
    alphabet = _LETTERS["cyrillic"]
    total = sum(letters.values())
    strange = {
        language: sum(letters.get(x, 0) for x, having in alphabet.items() if language not in having)
        for language in _CYRILLIC
    }
    fit = [language for language, count in strange.items() if count * 100 <= total]
    return [language for language in fit if any(x in letters for x in _NEEDED.get(language, letters))] or ["ru"]
