"""Reply splitting on texts of own making: each line of a file says whose it is (n new, q quoted, s signature)."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailq.parse.replies import SplitText, is_hand_over, split_reply
from emailq.parse.text import html_to_text

FILES = sorted((Path(__file__).parent / "replies").glob("*.txt"))


def read(path: Path) -> tuple[str, SplitText]:
    """The text, and how it should be split."""
    lines = path.read_text("utf-8").rstrip("\n").split("\n")
    is_forwarded = lines[0] == "forwarded"
    marked = [(line[:1], line[2:]) for line in lines[is_forwarded:]]
    new, quoted, signature = ("\n".join(text for mark, text in marked if mark == wanted) for wanted in "nqs")
    return "\n".join(text for _, text in marked), SplitText(new, quoted, signature, is_forwarded)


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_line_goes_where_its_mark_says(path: Path) -> None:
    text, expected = read(path)

    found = split_reply(text)

    assert words(found.new) == words(expected.new)
    assert words(found.signature) == words(expected.signature)
    assert words(found.quoted) == words(expected.quoted)
    assert found.forwarded == expected.forwarded


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_windows_line_ends_change_nothing(path: Path) -> None:
    text, _ = read(path)

    plain, windows = split_reply(text), split_reply(text.replace("\n", "\r\n"))

    assert words(windows.new) == words(plain.new)
    assert words(windows.quoted) == words(plain.quoted)


@pytest.mark.parametrize(
    "html",
    [
        "<div dir=ltr>Twenty.</div><br><div class=gmail_quote><div dir=ltr class=gmail_attr>On Mon, 9 Nov 2026 "
        "at 17:31, Jonas &lt;<a href='mailto:j@berg.example'>j@berg.example</a>&gt; wrote:<br></div>"
        "<blockquote class=gmail_quote>Ten or twenty?</blockquote></div>",
        "<div>Twenty.</div><div><div style='border-top:solid #E1E1E1 1pt'><p><b>From:</b> Jonas "
        "&lt;j@berg.example&gt;<br><b>Sent:</b> Monday, November 9, 2026 5:31 PM<br><b>To:</b> Ann<br>"
        "<b>Subject:</b> pumps</p></div></div>"
        "<p>Ten or twenty?</p>",
        "<p>Twenty.</p><hr tabindex=-1><div id=divRplyFwdMsg><b>От:</b> Вера &lt;v@ilina.example&gt;<br>"
        "<b>Отправлено:</b> 9 ноября 2026 г. 17:31<br><b>Кому:</b> Ann<br><b>Тема:</b> pumps</div>"
        "<div>Ten or twenty?</div>",
        "<p>Twenty.</p>Понедельник, 9 ноября 2026, 17:31 +03:00 от Вера &lt;v@ilina.example&gt;:<br>"
        "<blockquote>Ten or twenty?</blockquote>",
        "<div>Twenty.</div><div>09.11.2026, 17:31, \"Вера\" &lt;<a href='mailto:v@ilina.example'>v@ilina.example</a>"
        "&gt;:</div>"
        "<blockquote><p>Ten or twenty?</p></blockquote>",
        "Twenty.<br><br><blockquote type=cite>On 9 Nov 2026, at 17:31, Jonas &lt;j@berg.example&gt; wrote:<br><br>"
        "Ten or twenty?</blockquote>",
    ],
    ids=["gmail", "outlook", "outlook-web-ru", "mail-ru", "yandex", "apple"],
)
def test_an_answer_in_html_is_split_as_its_text_is(html: str) -> None:
    split = split_reply(html_to_text(html))

    assert split.new == "Twenty."
    assert "Ten or twenty?" in split.quoted


def test_a_message_that_only_hands_over_is_about_what_it_forwards() -> None:
    split = split_reply("FYI\n\n---------- Forwarded message ---------\nFrom: a@b.example\n\nPlease send 20 pumps.")

    assert split.forwarded
    assert split.current.startswith("FYI")
    assert "20 pumps" in split.current


def test_an_answer_is_about_its_new_text_alone() -> None:
    split = split_reply("Thanks!\n\nFrom: A <a@b.example>\nSent: Monday\nTo: C\nSubject: x\n\nPlease send 20 pumps.")

    assert not split.forwarded
    assert split.current == "Thanks!"


OUTLOOK = "From: Ann <a@b.example>\nSent: Monday, 9 November 2026 17:31\nTo: Bob\nSubject: pumps\n\nHow many? Twenty."


@pytest.mark.parametrize(
    "new", ["Hi Ann, see my answers in red below.", "Antworten im Text, in rot.", "Ответила ниже красным", "See inline"]
)
def test_answers_that_only_their_colour_tells_from_the_question_are_not_lost(new: str) -> None:
    assert "Twenty" in split_reply(f"{new}\n\n{OUTLOOK}").current


@pytest.mark.parametrize(
    "new", ["We take the sofa in red.", "Please answer. We want it in red.", "You see the sofa in red."]
)
def test_a_colour_alone_tells_of_no_answers_in_the_quoted_text(new: str) -> None:
    assert split_reply(f"{new}\n\n{OUTLOOK}").current == new


def test_an_empty_answer_is_about_what_it_quotes() -> None:
    assert "pumps" in split_reply("On 9 Nov 2026 at 17:31 Ann <a@b.example> wrote:\n> 20 pumps?").current


@pytest.mark.parametrize(
    "text",
    [
        *("", "FYI", "fyi.", "see below", "Hi Tom, please see below. Thanks", "Пересылаю.", "Коллеги, см. ниже"),
        *("Zur Info!", "Pour info", "Te reenvío", "Пересилаю до відома", "Siehe unten. Danke", "FW"),
        *(
            "Hallo Team,\n\nbitte erfassen.\n\nGruß\nPetra",
            "Коллеги, прошу оформить.",
            "Por favor, tramitad este pedido.",
        ),
        *("Please enter this order, thanks", "Merci de saisir cette commande."),
    ],
)
def test_a_hand_over_says_nothing_of_its_own(text: str) -> None:
    assert is_hand_over(text)


@pytest.mark.parametrize(
    "text",
    ["Thanks!", "Twenty.", "See below and please cancel the second order too", "нет", "Спасибо, берём", "Ja", "FYI 20"],
)
def test_an_answer_is_no_hand_over(text: str) -> None:
    assert not is_hand_over(text)


@pytest.mark.parametrize(
    "closing",
    [
        *(
            "Lots of love",
            "Un abbraccio forte",
            "Buone feste",
            "Con afecto",
            "Um beijo",
            "Saudações",
            "Bien à toi",
            "Terv.",
        ),
        *(
            "Je t'embrasse",
            "Bleiben Sie gesund",
            "С любовью",
            "Мирного неба",
            "Dikke kus",
            "Puss och kram",
            "Klem",
            "Pzdr",
        ),
        *("Hezký víkend", "További szép napot!", "Kolay gelsin", "Cu drag", "LP", "Με φιλικούς χαιρετισμούς", "Gr."),
        *(
            "では、よろしくお願いいたします。",
            "宜しくお願い致します",
            "祝工作顺利",
            "مع خالص التحية",
            "Thân mến",
            "Bis morgen",
        ),
        *("Kind regards and a happy new year", "Happy holidays", "In haste", "С ув-м", "С Новым годом", "Slds"),
        *(
            "Dans l'attente de votre retour",
            "Sin más, reciba un cordial saludo",
            "Vielen Dank vorab",
            "Frohe Weihnachten",
        ),
        *("Felices fiestas", "Fico à disposição", "Děkuji předem", "Wesołych Świąt", "İyi bayramlar"),
    ],
)
def test_words_that_close_a_letter_go_with_the_name_below_them(closing: str) -> None:
    split = split_reply(f"Twenty, please, and two more.\n\n{closing}\nAnn")

    assert split.signature == f"{closing}\nAnn"


@pytest.mark.parametrize(
    "line",
    [
        *(
            "Vom Handy gesendet",
            "Von Samsung Mobile gesendet",
            "Gesendet vom iPhone",
            "Mobil gesendet",
            "Sent on the go",
        ),
        *("Envoyé à partir d’Outlook pour iOS", "Enviado pelo Outlook", "Verzonden vanuit Mail voor Windows"),
        *("Pobierz program Outlook dla systemu iOS", "Odoslané z iPhonu", "Відправлено з iPhone", "发自iPhone"),
        *(
            "Galaxy akıllı telefonumdan gönderildi.",
            "נשלח מה-iPhone שלי",
            "iOS 版 Outlook を入手",
            "iOS용 Outlook 다운로드",
        ),
        "Sent from Mailspring (https://getmailspring.com/), the best free email app for work",
        "Sent with Tutanota, the secure & ad-free mailbox: https://tutanota.com",
        *("\u2063Get BlueMail for Android \u200b", "Téléchargez BlueMail pour Android", "Obțineți Outlook pentru iOS"),
        *(
            "Envoyé via Free Mail",
            "Отправлено мобильным приложением Outlook",
            "发送自 Windows 版邮件",
            "从我的iPhone发送",
        ),
    ],
)
def test_what_phones_add_is_no_text(line: str) -> None:
    assert split_reply(f"Twenty, please.\n\n{line}").new == "Twenty, please."


@pytest.mark.parametrize(
    "line",
    [
        *("Von Samsung haben wir noch nichts gehört", "发自内心的感谢", "Kargo ile gönderildi", "从我的账户扣款即可"),
        *("Sent via DHL this morning", "Sent from our Leeds depot on Monday", "Gesendet von der Buchhaltung am 3.3."),
        *(
            "Отправлено с водителем Сергеем",
            "Enviado con SEUR ayer",
            "Wysłano z Warszawy wczoraj",
            "Inviato da Ulm ieri",
        ),
    ],
)
def test_what_begins_or_ends_like_that_is_text(line: str) -> None:
    assert split_reply(f"Twenty, please.\n\n{line}").signature == ""


@pytest.mark.parametrize(
    ("begin", "name"),
    [("P.D.:", "Elena"), ("PD:", "Elena"), ("P. S.", "Ann"), ("追伸：", "佐藤"), ("又及：", "王芳"), ("Ui.:", "Anna")],
)
def test_a_postscript_below_the_name_is_text(begin: str, name: str) -> None:
    text = f"Twenty.\n\nBest regards,\n{name}\n\n{begin} The bus leaves at 7:45."

    assert words(split_reply(text, name).new) == words(f"Twenty. {begin} The bus leaves at 7:45.")


def test_initials_are_no_postscript() -> None:
    assert split_reply("Twenty.\n\nBest regards,\nP. S. Raman\nBuyer", "P. S. Raman").new == "Twenty."


@pytest.mark.parametrize(
    "lead",
    [
        *("In reply to your letter of 2 March 2026:", "In response to your mail from bob@stone.example:"),
        *("Selon votre devis du 2 mars 2026 :", "Zitat von der Webseite, Stand 2. März 2026:"),
        *("В письме от 2 марта 2026 г. мы сообщали следующее:", "Citando a vuestro correo del 2 de marzo de 2026:"),
        *("On 2 March 2026 at 9:12 the driver said:", "Am 2.3.2026 um 9:12 schrieb ich Ihnen:"),
        *("Le 2 mars 2026 à 9:12, Bob m'a écrit :", "El 2 de marzo de 2026 a las 9:12 me escribió Bob:"),
        *("Em 2/3/2026 às 9:12, o motorista escreveu:", "2 марта 2026 г. в 9:12 наш водитель написал:"),
    ],
)
def test_a_sentence_with_a_date_leads_to_the_authors_own_words(lead: str) -> None:
    text = f"Hello Bob,\n\n{lead}\n\n10 pumps\n4 seals"

    assert split_reply(f"{text}\n\nBest regards,\nAnn Hill", "Ann Hill").new == text


@pytest.mark.parametrize(
    "above",
    [
        "Bob Stone <bob@stone.example> a écrit le 02/03/2026 à 09:12 :",
        "Bob Stone <bob@stone.example> escribió el lunes, 2 de marzo de 2026 a las 9:12:",
    ],
)
def test_an_article_before_the_date_is_none_of_a_sentence(above: str) -> None:
    assert split_reply(f"Twenty.\n\n{above}\nTen?").new == "Twenty."


@pytest.mark.parametrize(
    "above",
    [
        *("Bob Stone (2026-03-02):", "[Bob Stone], 2 Mar 2026 09:12:", "Quoting Bob Stone (2026-03-02 09:12:33)"),
        *("Bob Stone píše v Po 02. 03. 2026 v 09:12 +0100:", "Cytowanie Bob Stone <bob@stone.example>:"),
        "Excerpts from Bob Stone's message of March 2, 2026 9:12 am:",
        "In message <abc@stone.example> Bob Stone\n<bob@stone.example> wrote:",
        "Bob Stone <bob@stone.example> escreveu (segunda,\n2/03/2026 à(s) 09:12):",
        "Bob Stone <bob@stone.example> ezt írta (időpont: 2026.\nmárc. 2., H, 9:12):",
    ],
)
def test_who_wrote_stands_right_above_the_quoted_lines(above: str) -> None:
    assert split_reply(f"Twenty.\n\n{above}\n> Ten?\n> Or more?").new == "Twenty."
    assert split_reply(f"{above}\n> Ten?\n> Or more?\n\nTwenty.").new == "Twenty."


@pytest.mark.parametrize(
    "small_print",
    [
        "If you have received this email by mistake, please notify the sender and do not disclose what it says.",
        "Der Inhalt dieser E-Mail ist vertraulich und ausschließlich für den bezeichneten Adressaten bestimmt.",
        "Le informazioni contenute in questa comunicazione e gli allegati hanno carattere riservato.",
        "De informatie verzonden met dit e-mailbericht is uitsluitend bestemd voor de geadresseerde(n).",
        "Tämä sähköposti ja sen liitteet ovat luottamuksellisia ja tarkoitettu vain vastaanottajalle.",
        "Acest mesaj este confidențial și este destinat exclusiv persoanei căreia îi este adresat.",
        "本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人或群组。",
        "このメールには機密情報が含まれている場合があります。誤って受信された場合は削除してください。",
        "Bitte prüfen Sie, ob diese E-Mail wirklich ausgedruckt werden muss!",
        "Prima di stampare questa mail pensa all'ambiente.",
        "🌱 Please think before you print.",
        "Перед тем как распечатать это письмо, подумайте об экологии.",
        "Questa email è stata esaminata alla ricerca di virus da AVG.",
        "Sie erhalten diese Nachricht, weil Sie in Google Groups E-Mails von der Gruppe abonniert haben.",
        "En cumplimiento del Reglamento General de Protección de Datos, le informamos de que tratamos sus datos.",
    ],
)
def test_small_print_is_no_text_below_a_name_or_without_one(small_print: str) -> None:
    assert split_reply(f"Twenty, please.\n\n{small_print}").new == "Twenty, please."
    assert split_reply(f"Twenty, please.\n\nAnn Hill\n\n{small_print}", "Ann Hill").new == "Twenty, please."


@pytest.mark.parametrize(
    "text",
    [
        "Die in dieser E-Mail genannten Preise gelten bis Freitag, danach müssen wir neu rechnen.",
        "Paczka jest przeznaczona dla magazynu w Łodzi, proszę nie wysyłać jej do Warszawy przed piątkiem.",
        "Please notify the sender of the parcel that nobody was at home and that it went back to the depot.",
        "Le destinataire du colis n'était pas là, le transporteur repasse demain entre neuf et onze heures.",
        "この資料は機密扱いでお願いします。社外には出さないでください。",
    ],
)
def test_what_has_a_word_of_small_print_is_text(text: str) -> None:
    assert split_reply(f"Hello,\n\n{text}").new.endswith(text)


@pytest.mark.parametrize(
    "banner",
    [
        *(
            "This message is from an external sender.",
            "Diese Nachricht stammt von einem externen Absender.",
            "[EXTERNO]",
        ),
        *("LET OP: deze e-mail komt van buiten de organisatie.", "UWAGA: wiadomość pochodzi spoza organizacji."),
        *("OBS! Detta mejl kommer från en extern avsändare.", "Denne e-mail kommer fra en ekstern afsender."),
        *(
            "Questo messaggio proviene da un mittente esterno",
            "ATENCIÓN: Este correo proviene de fuera de la organización.",
        ),
        *("DİKKAT: Bu e-posta kurum dışından gelmiştir.", "【社外メール】添付ファイルやリンクにご注意ください。"),
        *("Classification: Internal", "Klassifizierung: Intern", "Sensitivity: TLP:AMBER"),
        "Sie erhalten nicht häufig E-Mails von ann@hill.example. Erfahren Sie, warum dies wichtig ist",
        "Você não costuma receber emails de ann@hill.example. Saiba por que isso é importante",
        "No suele recibir correo electrónico de ann@hill.example. Por qué es esto importante",
        "AVISO: Este correo procede de un remitente externo. No abra enlaces ni adjuntos.",
        *("警告：此邮件来自组织外部。", "POZOR: Tato zpráva pochází z externího zdroje."),
    ],
)
def test_a_gateway_warns_above_the_text_in_many_languages(banner: str) -> None:
    assert split_reply(f"{banner}\n\nthe pumps will do.\n\nAnn", "Ann Hill").new == "the pumps will do."


@pytest.mark.parametrize(
    "text",
    [
        "Obs! Vi har en extern konsult på plats på fredag.\n\nHan heter Ola.",
        "Pozor, v pátek přijede externí firma.\n\nPusťte ji prosím do sklepa.",
        "Cuidado: la puerta externa no cierra.\n\nPor favor, arréglenla.",
        "Aviso: el técnico externo viene el viernes.\n\nDejadlo entrar.",
        "Classification: which one do we take?\n\nI'd say internal.",
    ],
)
def test_people_warn_too(text: str) -> None:
    assert split_reply(text).new == text


@pytest.mark.parametrize(
    ("author", "called"),
    [("John Stone", "Jack"), ("Francisco Ruiz", "Paco"), ("Игорь Белов", "Гоша"), ("Jan Novák", "Honza")],
)
def test_what_somebody_is_called_is_a_name(author: str, called: str) -> None:
    assert split_reply(f"Twenty, please.\n\n{called}", author).signature == called
    assert split_reply(f"Twenty, please.\n\n{called}", "Ann Hill").signature == ""


def test_a_comma_before_a_name_breaks_nothing() -> None:
    assert split_reply("Thanks for all.\n\n, Ann Hill", "Ann Hill").new.startswith("Thanks for all.")


@given(st.text())
def test_no_line_of_any_text_is_lost(text: str) -> None:
    split = split_reply(text)

    parts = f"{split.new}\n{split.quoted}\n{split.signature}"
    assert sorted(words(parts)) == sorted(words(text))


_LINES = st.sampled_from(
    [
        *("On Mon, 9 Nov 2026 at 17:31, J <j@b.example> wrote:", "> quoted", "From: a <a@b.example>", "Sent: Monday"),
        *(
            "To: b",
            "Subject: c",
            "-----Original Message-----",
            "--",
            "Best regards,",
            "Ann",
            "Begin forwarded message:",
        ),
        *("", "new", "Sent from my iPhone", "________________", "Thanks", "PS more"),
        "This message is confidential" + " and long" * 9,
    ]
)


@given(st.lists(_LINES, max_size=30))
def test_marks_in_any_order_lose_no_line(lines: list[str]) -> None:
    split = split_reply("\n".join(lines))

    parts = f"{split.new}\n{split.quoted}\n{split.signature}".split("\n")
    assert sorted(line for line in parts if line) == sorted(line for line in lines if line)


@pytest.mark.parametrize(
    "text",
    [
        "On " + "a " * 20_500,
        "On " + "1 " * 20_500 + ":",
        "On Mon, 9 Nov 2026 at 17:31, J <j@b.example> wrote:\n" * 10_000,
        "On Mon, 9 Nov 2026 at 17:31, J <j@b.example> wrote:\n> x\n" * 10_000,
        "On 9 Nov 2026\n" * 40_000,
        "From: a@b.example\n" * 40_000,
        "From: a@b.example To: Sent: Subject:\n" * 20_000,
        "Label: a <a@b.example>\n" * 20_000,
        "-" * 1_000_000,
        "--\n" * 200_000,
        "---------- a" * 80_000,
        ">" * 1_000_000,
        ("wrote " * 60 + ":\n") * 2_000,
        ("On 9 Nov 2026 wrote " + "A" * 100 + " a:\n") * 5_000,
        "Best regards\n" * 50_000,
        "Sent from my iPhone\n" * 40_000,
        "> a\nBest regards\nx\n" * 30_000,
        "confidential message " * 50_000,
        " " * 1_000_000,
        "\n" * 1_000_000,
    ],
    ids=range(20),
)
def test_hostile_text_takes_about_a_second_at_most(text: str) -> None:
    start = time.process_time()
    split_reply(text)
    took_s = time.process_time() - start

    assert took_s < 2  # seen: 0.5
