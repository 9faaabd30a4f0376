"""Combines pieces into messages as varied as real mail, each with its labels and source; a seed fixes them."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pieces import CORPUS, Core, Language, Section, read_slots

from emailq.models import MailText

_FILES = read_slots(CORPUS.with_name("files.txt"))  # names of files by intent; "plain" ones say nothing, # is a number
PLAIN = 3  # each third time a core is a message almost as it stands: dressed pieces alone teach too little of the bare
GENUINE = ("invoice", "order", "complaint", "inquiry", "other")
WIDE = ("zh", "ja")  # written without spaces


@dataclass(frozen=True, slots=True)
class Sample:
    """`source` is the section and core that the message was made from; a split by source keeps siblings together."""

    mail: MailText
    language: str
    intent: str
    sentiment: str
    priority: str
    kind: str
    source: str


def compose(language: Language, per_intent: int, seed: int) -> Iterator[Sample]:
    """`per_intent` messages for each intent, a quarter more of `other`, which holds all sorts of things.

    Each core of an intent occurs equally often. The order is fixed by `seed`.
    """
    rng = random.Random(f"{seed}-{language.code}")
    for intent in sorted({section.intent for section in language.sections}):
        cores = [(section, core) for section in language.sections if section.intent == intent for core in section.cores]
        for turn in range(per_intent * 5 // 4 if intent == "other" else per_intent):
            section, core = cores[turn % len(cores)]
            writer = _Writer(language, rng)
            yield writer.plain(section, core) if turn // len(cores) % PLAIN == 0 else writer.message(section, core)


class _Writer:
    """One message in the making: the names and numbers drawn for it stay the same throughout."""

    def __init__(self, language: Language, rng: random.Random) -> None:
        self.language, self.rng, self.frame = language, rng, language.frame
        self.known: dict[str, str] = {}
        self.domain = f"{rng.choice(_WORDS)}{rng.choice(_WORDS)}.{rng.choice(_ENDINGS)}"

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def line(self, name: str) -> str:
        return self.fill(self.rng.choice(self.frame[name]))

    def message(self, section: Section, core: Core) -> Sample:
        self.traits = section.traits
        sentiment, priority = core.sentiment, core.priority
        said = [self.fill(core.text)]
        details = self.language.details(section.intent)
        for _ in range(self.rng.choice((0, 0, 0, 1, 1, 2)) if details else 0):
            said.insert(self.rng.choice((len(said), len(said), 0)), self.fill(self.rng.choice(details)))
        alike = [one for one in section.cores if one.sentiment == sentiment and one.priority == priority]
        for _ in range(self.rng.choice((0, 0, 0, 0, 1, 2)) if len(alike) > 3 else 0):
            said.append(self.fill(self.rng.choice(alike).text))
        person = "nogreet" not in section.traits and not section.traits & {"auto", "bounce", "machine", "list"}
        if section.intent in GENUINE and person and priority in ("normal", "low"):
            sentiment, priority = self._stress(section, said, sentiment, priority)
        if section.intent in ("order", "inquiry", "other") and person and sentiment == "neutral" and self.chance(0.1):
            said.insert(self.rng.choice((0, len(said))), self.line("praise"))
            sentiment = "positive"
        elif (
            "grumble" in self.frame
            and section.intent in ("order", "inquiry", "invoice")
            and person
            and self.chance(0.06)
        ):
            said.insert(self.rng.choice((0, len(said))), self.line("grumble"))
            sentiment = "negative"
        for _ in range(self.rng.choice((0, 0, 0, 0, 0, 0, 1, 1, 2))):
            said.insert(self.rng.randrange(len(said) + 1), self.line("distractor"))
        if person and "filler" in self.frame:
            for _ in range(self.rng.choice((0, 0, 0, 1, 1, 2, 3))):
                said.insert(self.rng.randrange(len(said) + 1), self.line("filler"))
        if self.chance(0.25 if section.intent == "spam" or "forum" in section.traits else 0.08):
            link = self._url() if section.intent == "spam" else self._reference()
            said.insert(self.rng.choice((len(said), self.rng.randrange(len(said) + 1))), link)
        quoted = ""
        subject = self._subject(section, said)
        self.is_reply = "re:" in subject.lower()
        if section.intent in ("invoice", "order", "complaint", "inquiry") and self.chance(0.04):
            quoted, said, subject = self._text(section, said), [self.line("forward")], f"Fwd: {subject}"
        text = self._text(section, said)
        if self.chance(0.04):
            text = f"{text}\n\n{self._forwarded()}"
        if not quoted and (subject[:3].lower() == "re:" or self.chance(0.08)):
            other = self.rng.choice([one for one in self.language.sections if one.cores])
            quoted = self.fill(self.rng.choice(other.cores).text)
        mail = MailText(subject=subject, text=text, quoted=quoted, **self._envelope(section))
        return self._sample(section, core, mail, sentiment=sentiment, priority=priority)

    def plain(self, section: Section, core: Core) -> Sample:
        """The core alone, at most with a subject of its own and between courtesies."""
        self.traits, self.is_reply = section.traits, False
        subject = self.fill(self.rng.choice(section.subjects)) if section.subjects and self.chance(0.6) else ""
        text = self.fill(core.text)
        if section.traits.isdisjoint({"nogreet", "machine", "bounce"}) and self.chance(0.5):
            text = f"{self.line('greeting')}\n{text}\n{self.line('closing')}"
        mail = MailText(subject=subject, text=text, **self._envelope(section))
        return self._sample(section, core, mail, sentiment=core.sentiment, priority=core.priority)

    def _sample(self, section: Section, core: Core, mail: MailText, *, sentiment: str, priority: str) -> Sample:
        source = f"{self.language.code}/{section.intent}/{section.kind}/{core.text}"
        return Sample(mail, self.language.code, section.intent, sentiment, priority, section.kind, source)

    def _forwarded(self) -> str:
        """An earlier message below the text, as some programs put it there: what stands above it decides."""
        other = self.rng.choice([one for one in self.language.sections if one.cores and one.subjects])
        head = self.fill(f"{self.rng.choice(other.subjects)}\n{{fullname}} <{{mail}}> {{date}}")
        return f"{'-' * self.rng.randint(3, 20)}\n{head}\n\n{self.fill(self.rng.choice(other.cores).text)}"

    def _stress(self, section: Section, said: list[str], sentiment: str, priority: str) -> tuple[str, str]:
        """Deadlines and threats raise the priority; shouting alone doesn't."""
        draw = self.rng.random()
        if draw < 0.08 and priority == "normal":
            said.append(self.line("deadline-high"))
            return sentiment, "high"
        if draw < 0.12 and priority == "normal":
            said.insert(self.rng.choice((0, len(said))), self.line("deadline-urgent"))
            return sentiment, "urgent"
        if draw < 0.18 and section.intent == "complaint":
            said.append(self.line("escalate"))
            return "negative", "high"
        if draw < 0.23:
            said.insert(0, self.line("shout"))
        return sentiment, priority

    def _subject(self, section: Section, said: list[str]) -> str:
        draw = self.rng.random()
        if draw < 0.08:
            subject = self.line("subject")
        elif draw < 0.17 or not section.subjects:
            subject = " ".join(re.sub(r"\s+", " ", said[0]).split()[: self.rng.randint(2, 7)])[:60].rstrip(".,!?")
        elif draw < 0.26:
            strangers = [one for one in self.language.sections if one.subjects]
            subject = self.fill(self.rng.choice(self.rng.choice(strangers).subjects))
        elif draw < 0.29:
            subject = ""
        else:
            subject = self.fill(self.rng.choice(section.subjects))
        if "forum" in section.traits and self.chance(0.3):
            subject = f"[{self.rng.choice(_WORDS)}] {subject}"
        elif self.chance(0.12) and "list" not in section.traits:
            subject = f"{self.rng.choice(('Re: ', 'Re: ', 'RE: ', 'AW: ', 'Fwd: '))}{subject}"
        if section.intent in ("spam", "newsletter") and self.chance(0.2):
            subject = self.rng.choice(
                (f"{subject}!!", subject.upper(), f"{self.line('shout')} {subject}", f"{subject} ✔")
            )
        elif self.chance(0.03):
            subject = f"{self.line('shout')} {subject}"
        return subject

    def _text(self, section: Section, said: list[str]) -> str:
        joint = self.rng.choice((" ", " ", "\n", "\n\n"))
        if self.language.code in WIDE:
            joint = joint.strip(" ")
        body = joint.join(said)
        parts = [body]
        formal = section.traits.isdisjoint({"nogreet", "machine", "bounce"})
        if formal and self.chance(0.2):
            parts.insert(0, self.line("opening"))
        if formal and self.chance(0.72):
            parts.insert(0, self.line("greeting"))
        if formal and self.chance(0.65):
            parts.append(self.line("closing"))
        if formal and self.chance(0.5):
            parts.append(self.fill(self.rng.choice(("{fullname}", "{name}", "{fullname}\n{firm}"))))
        if self.chance(0.12):
            parts.append(self.line("disclaimer"))
        text = self.rng.choice(("\n", "\n\n", "\n\n")).join(parts)
        if self.chance(0.05):
            text = text.lower()
        elif self.chance(0.05):
            text = re.sub(r"[.,!]", "", text)
        elif self.chance(0.15):
            text = self._misspelt(text)
        return text

    def _misspelt(self, text: str) -> str:
        words = text.split(" ")
        for at, word in enumerate(words):
            if len(word) > 4 and self.chance(0.06):
                cut = self.rng.randrange(1, len(word) - 2)
                words[at] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
        return " ".join(words)

    def _envelope(self, section: Section) -> dict[str, object]:
        intent, traits, kind = section.intent, section.traits, section.kind
        headers: dict[str, str] = {}
        listed = 0.6 if traits & {"list", "forum"} else 0.1 if intent == "spam" else 0.02
        if self.chance(listed):
            headers["list-unsubscribe"] = f"<https://{self.domain}/u/1>"
        if self.chance(0.8 if "forum" in traits else 0.35 if "list" in traits and intent != "spam" else 0.02):
            headers["list-id"] = f"<news.{self.domain}>"
        if self.chance(0.7 if "forum" in traits else 0.03 if "list" in traits else 0.0):
            headers["list-post"] = f"<mailto:news@{self.domain}>"
        if self.chance(0.5 if "forum" in traits else 0.25 if "list" in traits and intent != "spam" else 0.01):
            headers["precedence"] = "bulk"
        if self.chance((0.15 if intent in ("spam", "newsletter") else 0.7) if self.is_reply else 0.03):
            headers["in-reply-to"] = f"<1@{self.domain}>"
        if "auto" in traits and self.chance(0.7):
            headers["auto-submitted"] = "auto-replied"
        if self.chance(
            0.4 if "machine" in traits else 0.12 if kind in ("confirm", "shipped", "settle", "webform") else 0.01
        ):
            headers["auto-submitted"] = "auto-generated"
        address = f"{self.rng.choice(_MAILBOXES)}@{self.domain}"
        if "bounce" in traits and self.chance(0.8):
            headers["content-type"] = "multipart/report; report-type=delivery-status"
            address = f"mailer-daemon@{self.domain}"
        elif traits & {"machine", "list"} or kind in ("confirm", "shipped", "settle", "webform"):
            address = f"{self.rng.choice(_MACHINES + _MAILBOXES)}@{self.domain}"
        name = self.fill("{fullname}") if self.chance(0.7) else self.fill("{firm}")
        if intent == "spam":
            if self.chance(0.25):
                address = f"{self.rng.choice(_MAILBOXES)}@{self.rng.choice(('gmail.com', 'outlook.com', 'mail.ru'))}"
            if self.chance(0.3):
                headers["reply-to"] = f"reply@{self.rng.choice(_WORDS)}.net"
                if self.chance(0.3):
                    headers["reply-to"] = f"{self.rng.choice(_MAILBOXES)}@gmail.com"
            if "phish" in traits and self.chance(0.35):
                name = self.rng.choice((f"service@{self.rng.choice(_WORDS)}bank.com", *_PRETENDED))
        elif traits & {"list", "machine"} and self.chance(0.06):
            name = brand = self.rng.choice(_BRANDS)
            address = f"{self.rng.choice(_MACHINES)}@{brand.lower()}.com"
        elif self.chance(0.1):
            address = (
                f"{self.rng.choice(_MAILBOXES)}@{self.rng.choice(('gmail.com', 'outlook.com', 'yahoo.com', 'gmx.de'))}"
            )
        if self.chance(0.3 if "forum" in traits else 0.1 if "list" in traits else 0.02):
            headers["reply-to"] = f"reply@{self.rng.choice(_WORDS)}.net"
        return {"from_address": address, "from_name": name, "headers": headers, "attachments": self._files(section)}

    def _files(self, section: Section) -> tuple[str, ...]:
        risky = self.rng.choice(("zip", "html", "exe", "iso", "docm", "rar"))
        match section.intent, section.kind:
            case "spam", "fake-business":
                odds = {risky: 0.4, "pdf": 0.15}
            case "spam", _:
                odds = {risky: 0.05, "pdf": 0.04}
            case _ if "attach" in section.traits:
                odds = {"pdf": 0.8, "xlsx": 0.12, "xml": 0.05}
            case "invoice", _:
                odds = {"pdf": 0.25}
            case "order", _:
                odds = {"pdf": 0.18, "xlsx": 0.06}
            case "complaint", _:
                odds = {"jpg": 0.15, "pdf": 0.07}
            case "inquiry", _:
                odds = {"pdf": 0.07, "xlsx": 0.04, "jpg": 0.03}
            case "newsletter", _:
                odds = {"pdf": 0.05, "jpg": 0.05}
            case _, "apply":
                odds = {"pdf": 0.75}
            case _, "schedule":
                odds = {"ics": 0.3, "pdf": 0.05}
            case _:
                odds = {"pdf": 0.12, "jpg": 0.03}
        found = (ending for ending, probability in odds.items() if self.chance(probability))
        return tuple(f"{self._file_name(section.intent, ending)}.{ending} (application/{ending})" for ending in found)

    def _file_name(self, intent: str, ending: str) -> str:
        """Mostly what the intent calls its files, often a name that says nothing, sometimes one that misleads."""
        draw = self.rng.random()
        if ending == "jpg" or draw < 0.35:
            names = _FILES["plain"]
        else:
            names = _FILES[self.rng.choice(list(_FILES)) if draw < 0.42 or intent not in _FILES else intent]
        number = self.rng.choice((str(self.rng.randint(10, 99999)), f"2026-{self.rng.randint(10, 999)}"))
        return self.rng.choice(names).replace("#", number)

    def fill(self, text: str) -> str:
        """`text` with its slots filled; goods and quantities are drawn anew, everything else once a message."""
        return re.sub(r"\{([a-z]+)\}", lambda match: self._value(match.group(1)), text)

    def _value(self, slot: str) -> str:
        if slot in ("ngoods", "goods", "unit", "day", "date", "n"):
            return self._draw(slot)
        if slot not in self.known:
            self.known[slot] = self._draw(slot)
        return self.known[slot]

    def _draw(self, slot: str) -> str:
        rng, slots = self.rng, self.language.slots
        if slot in slots:
            return self.fill(rng.choice(slots[slot]))
        match slot:
            case "ngoods":
                gap = "" if self.language.code in WIDE else " "
                return f"{rng.choice((2, 5, 10, 12, 20, 40, 60, 120, 250, 1000))}{gap}{self._value('unit')}"
            case "n":
                return str(rng.randint(2, 60))
            case "fullname":
                return f"{self._value('name')} {self._value('surname')}"
            case "amt":
                return self.fill(rng.choice(slots["cur"]).replace("{a}", self._number()))
            case "inv":
                return rng.choice(("INV-{}", "RE{}", "No. {}", "{}", "F-2026-{}")).format(rng.randint(1000, 99999))
            case "ord":
                return rng.choice(("PO-{}", "{}", "#{}", "SO{}", "45000{}")).format(rng.randint(1000, 99999))
            case "quo":
                return rng.choice(("Q-{}", "AN{}", "{}")).format(rng.randint(100, 9999))
            case "art":
                return rng.choice(("AX-{}", "{}", "HK{}B")).format(rng.randint(100, 99999))
            case "track":
                return f"{rng.choice(('1Z', 'RR', 'CX'))}{rng.randint(10**9, 10**10)}"
            case "iban":
                return f"{rng.choice(('DE', 'GB', 'FR', 'LT'))}{rng.randint(10, 99)}{rng.randint(10**15, 10**16)}"
            case "date":
                return rng.choice(("{d}.{m}.2026", "2026-{m}-{d}", "{d}/{m}/2026")).format(
                    d=rng.randint(10, 28), m=rng.randint(10, 12)
                )
            case "time":
                return f"{rng.randint(8, 17)}:{rng.choice(('00', '15', '30'))}"
            case "nothing":
                return ""
            case "pct":
                return f"{rng.choice((5, 10, 15, 20, 30, 50, 70))}{rng.choice(('%', ' %'))}"
            case "phone":
                return f"+{rng.randint(30, 49)} {rng.randint(100, 999)} {rng.randint(10000, 99999)}"
            case "mail":
                return f"{rng.choice(_MAILBOXES)}@{self.domain}"
            case "url":
                return self._url()
        raise KeyError(f"no slot named {slot} in {self.language.code}")

    def _reference(self) -> str:
        """A link, or two, to somebody else's page, as all sorts of harmless mail has it."""
        links = []
        for _ in range(self.rng.choice((1, 1, 2))):
            words = [self.rng.choice(_WORDS) for _ in range(5)]
            front = self.rng.choice(("www.", "www.", "", "docs.", "en."))
            host = f"{front}{words[0]}{words[1]}.{self.rng.choice(_ENDINGS)}"
            end = self.rng.choice(("", "/", f"/{words[2]}", f"/{words[2]}/{words[3]}.html", f"/{words[4]}.php?id=12"))
            url = f"http{self.rng.choice(('', 's'))}://{host}{end}"
            links.append(
                self.rng.choice((url, url, f"<{url}>", f"({url})", f"{words[2]} <{url}>", f"{host}{end} <{url}>"))
            )
        return self.rng.choice((" ", "\n")).join(links)

    def _url(self) -> str:
        if self.traits.isdisjoint({"phish", "cold"}) or ("cold" in self.traits and self.chance(0.5)):
            return f"http{self.rng.choice(('', 's'))}://{self.domain}/{self.rng.choice(_WORDS)}"
        host = f"{self.rng.choice(_WORDS)}-{self.rng.choice(_WORDS)}.{self.rng.choice(_ENDINGS)}"
        if self.chance(0.15):
            number = f"10.{self.rng.randint(1, 99)}.7.8"
            host = self.rng.choice((number, "bit.ly", f"{self.domain}.id.a.{host}", "tinyurl.com"))
        path = self.rng.choice((*_WORDS, "login", "verify", "wp-content/a.php", "account/update", "signin"))
        shown = f"www.{self.rng.choice(_BRANDS).lower()}.com " if self.chance(0.2) else ""
        url = f"http{self.rng.choice(('', 's'))}://{host}/{path}"
        return f"{shown}<{url}>" if shown else url

    def _number(self) -> str:
        value = self.rng.randint(15, 98000)
        return self.rng.choice((str(value), f"{value}.{self.rng.randint(10, 99)}", f"{value / 1000:.3f},00"))


_WORDS = (
    "north",
    "line",
    "alba",
    "verde",
    "kost",
    "fern",
    "pico",
    "data",
    "secure",
    "login",
    "porto",
    "blue",
    "mira",
    "tech",
)
_ENDINGS = ("com", "net", "org", "example", "de", "ru")
_MAILBOXES = (
    "info",
    "office",
    "a.miller",
    "sales",
    "accounts",
    "j.kim",
    "team",
    "purchasing",
    "support",
    "petrov",
    "maria",
)
_BRANDS = ("Amazon", "Microsoft", "PayPal", "DHL", "Netflix", "Google", "LinkedIn", "Apple")
_PRETENDED = (
    *(f"{brand} {office}" for brand in _BRANDS for office in ("Support", "Security", "Service")),
    *("Helpdesk", "Mail Admin", "Payroll", "Служба поддержки", "Служба безопасности", "Сбербанк"),
)
_MACHINES = ("no-reply", "noreply", "newsletter", "news", "notifications", "alerts")
