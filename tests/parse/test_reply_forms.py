"""Replies as mail programs write them: each form of history with each kind of signature, and answers in between."""

import pytest

from emailq.parse.replies import split_reply

NEW = {
    "en": "Thank you, ten pallets will do.\nPlease ship on Friday.",
    "ru": "Спасибо, десяти паллет хватит.\nОтгрузите, пожалуйста, в пятницу.",
    "de": "Danke, zehn Paletten reichen.\nBitte am Freitag liefern.",
    "fr": "Merci, dix palettes suffiront.\nMerci de livrer vendredi.",
    "es": ("Gracias, diez palets son suficientes.\nPor favor, envíelos el viernes."),
}
OLD = {
    "en": "How many pallets do you need?\nBest, Bob",
    "ru": "Сколько паллет вам нужно?\nБорис",
    "de": "Wie viele Paletten brauchen Sie?\nGruß, Bob",
    "fr": "Combien de palettes vous faut-il ?\nBob",
    "es": "¿Cuántos palets necesita?\nBob",
}
SIGNATURES = {
    "en": [
        "-- \nAnn Hill\nHill Ltd\n+44 20 7946 0000",
        ("Best regards,\nAnn Hill\nPurchasing, Hill Ltd\nTel: +44 20 7946 0000"),
        "Sent from my iPhone",
        "Kind regards\n\nAnn",
    ],
    "ru": [
        "--\nАнна Горина\nООО «Гора»\nтел. +7 495 000-00-00",
        "С уважением,\nАнна Горина\nотдел закупок\n+7 (495) 000-00-00",
        "Отправлено с iPhone",
        "С наилучшими пожеланиями,\nАнна",
    ],
    "de": [
        "-- \nAnna Berg",
        "Mit freundlichen Grüßen\n\nAnna Berg\nEinkauf\nTel. 030 000000",
        "Von meinem iPhone gesendet",
        "Viele Grüße\nAnna",
    ],
    "fr": [
        "-- \nAnne Mont",
        "Cordialement,\n\nAnne Mont\nService achats\nTél. 01 00 00 00 00",
        "Envoyé de mon iPhone",
        "Bien à vous,\nAnne",
    ],
    "es": [
        "-- \nAna Monte",
        "Saludos cordiales,\n\nAna Monte\nCompras\nTel. 91 000 00 00",
        "Enviado desde mi iPhone",
        "Un saludo,\nAna",
    ],
}
QUOTED = {  # (program, language): the line above history that is marked with ">"
    ("gmail", "en"): "On Tue, Nov 3, 2026 at 9:15 AM Bob Stone <bob@stone.example> wrote:",
    ("gmail-24h", "en"): "On Tue, 3 Nov 2026 at 09:15, Bob Stone <bob@stone.example> wrote:",
    ("gmail-wrapped", "en"): (
        "On Tue, Nov 3, 2026 at 9:15 AM Robert Alexander Stone\n<robert.alexander.stone@stone.example> wrote:"
    ),
    ("gmail", "ru"): "вт, 3 нояб. 2026 г. в 09:15, Борис Камнев <boris@kamnev.example>:",
    ("gmail", "de"): "Am Di., 3. Nov. 2026 um 09:15 Uhr schrieb Bob Stein <bob@stein.example>:",
    ("gmail", "fr"): "Le mar. 3 nov. 2026 à 09:15, Bob Pierre <bob@pierre.example> a écrit :",
    ("gmail", "es"): "El mar, 3 nov 2026 a las 9:15, Bob Piedra (<bob@piedra.example>) escribió:",
    ("gmail-noangle", "es"): "El mar, 3 nov 2026 a las 9:15, Bob Piedra (bob@piedra.example) escribió:",
    ("apple", "en"): "On Nov 3, 2026, at 9:15 AM, Bob Stone <bob@stone.example> wrote:",
    ("apple-24h", "en"): "On 3 Nov 2026, at 09:15, Bob Stone <bob@stone.example> wrote:",
    ("apple-noaddr", "en"): "On Nov 3, 2026, at 9:15 AM, Bob Stone wrote:",
    ("apple", "ru"): "3 нояб. 2026 г., в 09:15, Борис Камнев <boris@kamnev.example> написал(а):",
    ("apple", "de"): "Am 03.11.2026 um 09:15 schrieb Bob Stein <bob@stein.example>:",
    ("apple", "fr"): "Le 3 nov. 2026 à 09:15, Bob Pierre <bob@pierre.example> a écrit :",
    ("apple", "es"): "El 3 nov 2026, a las 9:15, Bob Piedra <bob@piedra.example> escribió:",
    ("thunderbird", "en"): "On 11/3/26 09:15, Bob Stone wrote:",
    ("thunderbird-2", "en"): "On 03.11.2026 09:15, Bob Stone wrote:",
    ("thunderbird", "ru"): "03.11.2026 9:15, Борис Камнев пишет:",
    ("thunderbird-2", "ru"): "On 03.11.2026 9:15, Борис Камнев wrote:",
    ("thunderbird", "de"): "Am 03.11.26 um 09:15 schrieb Bob Stein:",
    ("thunderbird", "fr"): "Le 03/11/2026 à 09:15, Bob Pierre a écrit :",
    ("thunderbird", "es"): "El 3/11/26 a las 9:15, Bob Piedra escribió:",
    ("mailru", "ru"): "Вторник,  3 ноября 2026, 9:15 +03:00 от Борис Камнев <boris@kamnev.example>:",
    ("mailru-2", "ru"): "Вторник, 3 ноября 2026 г., 9:15 +03:00 от Борис Камнев boris@kamnev.example:",
    ("yandex", "ru"): '03.11.2026, 09:15, "Борис Камнев" <boris@kamnev.example>:',
    ("yandex-tz", "ru"): "03.11.2026, 09:15 (+03:00), Борис Камнев (boris@kamnev.example):",
    ("yandex-m", "ru"): "09:15, 3 ноября 2026 г., Борис Камнев <boris@kamnev.example>:",
    ("gmail-old", "ru"): "3 ноября 2026 г., 9:15 пользователь Борис Камнев <boris@kamnev.example> написал:",
    ("gmail-user", "ru"): "вт, 3 нояб. 2026 г., 9:15 Борис Камнев <boris@kamnev.example>:",
    ("android", "en"): "On November 3, 2026 9:15:00 AM GMT+01:00, Bob Stone <bob@stone.example> wrote:",
    ("bat", "ru"): "Вы писали 3 ноября 2026 г., 9:15:00:",
}
UNMARKED = {  # the same above history that is not marked
    ("outlook", "en"): (
        "From: Bob Stone <bob@stone.example>\n"
        "Sent: Tuesday, November 3, 2026 9:15 AM\n"
        "To: Ann Hill <ann@hill.example>\n"
        "Subject: Pallets\n"
    ),
    ("outlook-rule", "en"): (
        "________________________________\n"
        "From: Bob Stone <bob@stone.example>\n"
        "Sent: Tuesday, November 3, 2026 9:15 AM\n"
        "To: Ann Hill <ann@hill.example>\n"
        "Subject: Pallets\n"
    ),
    ("outlook-date", "en"): (
        "From: Bob Stone <bob@stone.example>\n"
        "Date: Tuesday, 3 November 2026 at 09:15\n"
        "To: Ann Hill <ann@hill.example>\n"
        "Cc: Carl <carl@hill.example>\n"
        "Subject: Re: Pallets\n"
    ),
    ("outlook-orig", "en"): (
        "-----Original Message-----\n"
        "From: Bob Stone\n"
        "Sent: Tuesday, November 03, 2026 9:15 AM\n"
        "To: Ann Hill\n"
        "Subject: Pallets\n"
    ),
    ("outlook-bold", "en"): (
        "*From:* Bob Stone <bob@stone.example>\n"
        "*Sent:* Tuesday, November 3, 2026 9:15 AM\n"
        "*To:* Ann Hill <ann@hill.example>\n"
        "*Subject:* Pallets\n"
    ),
    ("outlook", "ru"): (
        "От: Борис Камнев <boris@kamnev.example>\n"
        "Отправлено: вторник, 3 ноября 2026 г. 9:15\n"
        "Кому: Анна Горина <anna@gorina.example>\n"
        "Тема: Паллеты\n"
    ),
    ("outlook-from", "ru"): (
        "From: Борис Камнев [mailto:boris@kamnev.example]\n"
        "Sent: Tuesday, November 3, 2026 9:15 AM\n"
        "To: Анна Горина\n"
        "Subject: Паллеты\n"
    ),
    ("outlook", "de"): (
        "Von: Bob Stein <bob@stein.example>\n"
        "Gesendet: Dienstag, 3. November 2026 09:15\n"
        "An: Anna Berg <anna@berg.example>\n"
        "Betreff: Paletten\n"
    ),
    ("outlook-orig", "de"): (
        "-----Ursprüngliche Nachricht-----\n"
        "Von: Bob Stein <bob@stein.example>\n"
        "Gesendet: Dienstag, 3. November 2026 09:15\n"
        "An: Anna Berg\n"
        "Betreff: Paletten\n"
    ),
    ("outlook", "fr"): (
        "De : Bob Pierre <bob@pierre.example>\n"
        "Envoyé : mardi 3 novembre 2026 09:15\n"
        "À : Anne Mont <anne@mont.example>\n"
        "Objet : Palettes\n"
    ),
    ("outlook-orig", "fr"): (
        "-----Message d'origine-----\n"
        "De : Bob Pierre\n"
        "Envoyé : mardi 3 novembre 2026 09:15\n"
        "À : Anne Mont\n"
        "Objet : Palettes\n"
    ),
    ("outlook", "es"): (
        "De: Bob Piedra <bob@piedra.example>\n"
        "Enviado: martes, 3 de noviembre de 2026 9:15\n"
        "Para: Ana Monte <ana@monte.example>\n"
        "Asunto: Palets\n"
    ),
    ("outlook-el", "es"): (
        "De: Bob Piedra <bob@piedra.example>\n"
        "Enviado el: martes, 3 de noviembre de 2026 9:15\n"
        "Para: Ana Monte\n"
        "Asunto: Palets\n"
    ),
    ("yandex-form", "ru"): (
        "----------------\n"
        "Кому: Анна Горина (anna@gorina.example);\n"
        "Тема: Паллеты;\n"
        '03.11.2026, 09:15, "Борис Камнев" <boris@kamnev.example>:'
    ),
    ("samsung", "en"): (
        "-------- Original message --------\n"
        "From: Bob Stone <bob@stone.example>\n"
        "Date: 03/11/2026 09:15 (GMT+00:00)\n"
        "To: Ann Hill <ann@hill.example>\n"
        "Subject: Pallets\n"
    ),
    ("samsung", "de"): (
        "-------- Ursprüngliche Nachricht --------\n"
        "Von: Bob Stein <bob@stein.example>\n"
        "Datum: 03.11.26 09:15 (GMT+01:00)\n"
        "An: Anna Berg <anna@berg.example>\n"
        "Betreff: Paletten\n"
    ),
    ("yahoo", "en"): "On Tuesday, November 3, 2026 at 09:15:00 AM GMT+1, Bob Stone <bob@stone.example> wrote:\n",
    ("yahoo", "es"): "En martes, 3 de noviembre de 2026, 09:15:00 CET, Bob Piedra <bob@piedra.example> escribió:\n",
    ("yahoo", "fr"): "Le mardi 3 novembre 2026 à 09:15:00 UTC+1, Bob Pierre <bob@pierre.example> a écrit :\n",
    (
        "yahoo",
        "de",
    ): "Am Dienstag, 3. November 2026 um 09:15:00 MEZ hat Bob Stein <bob@stein.example> Folgendes geschrieben:\n",
    ("zimbra", "fr"): (
        "----- Mail original -----\n"
        'De: "Bob Pierre" <bob@pierre.example>\n'
        'À: "Anne Mont" <anne@mont.example>\n'
        "Envoyé: Mardi 3 Novembre 2026 09:15:00\n"
        "Objet: Palettes\n"
    ),
    ("gmx", "de"): (
        "Gesendet: Dienstag, 03. November 2026 um 09:15 Uhr\n"
        'Von: "Bob Stein" <bob@stein.example>\n'
        "An: anna@berg.example\n"
        "Betreff: Paletten\n"
    ),
    ("lotus", "en"): ("From:\tBob Stone/Stone\nTo:\tAnn Hill/Hill@Hill\nDate:\t03.11.2026 09:15\nSubject:\tPallets\n"),
}


def words(text: str) -> list[str]:
    return text.split()


def marked(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def replies() -> list[tuple[str, str]]:
    """(language, text) of each form with each signature."""
    forms = [(language, line, marked(OLD[language])) for (_, language), line in QUOTED.items()]
    forms += [(language, line, OLD[language]) for (_, language), line in UNMARKED.items()]
    return [
        (language, "\n\n".join(piece for piece in (NEW[language], signature, f"{line}\n{old}") if piece))
        for language, line, old in forms
        for signature in ("", *SIGNATURES[language])
    ]


def test_95_of_100_replies_are_split_into_what_is_new_and_the_rest() -> None:
    given = replies()

    wrong = [text for language, text in given if words(split_reply(text).new) != words(NEW[language])]

    assert len(given) > 250
    assert len(wrong) <= 0.05 * len(given), wrong[:3]


@pytest.mark.parametrize(("program", "language"), QUOTED)
def test_answers_between_quoted_lines_are_new(program: str, language: str) -> None:
    first, second = OLD[language].split("\n")
    text = f"{QUOTED[program, language]}\n> {first}\n\n{NEW[language]}\n\n> {second}\n\nOK.\n"

    found = split_reply(text)

    assert words(found.new) == [*words(NEW[language]), "OK."]
