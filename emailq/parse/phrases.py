"""What mail programs and people write around quoted text, by language: the data of `replies`.

Each table is a list of phrases in lower case, divided by "|" or a new line.
"""

# Words of header lines that Outlook and others put above the quoted message, by what they say.
HEADER_LABELS = {
    "from": """
        from|von|de|da|van|från|fra|od|от|від|от кого|від кого|отправитель|відправник|kimden|gönderen|feladó
        lähettäjä|de la|expeditor|expeditorul|šalje|mittente|nadawca|remitente|remetente|expéditeur|absender
        afzender|avsändare|odosielateľ|odesílatel|подател|发件人|寄件者|寄件人|差出人|送信元|送信者|보낸 사람
        보낸사람|από|saatja|nuo|шаље|од|מאת|من|từ|dari
    """,
    "date": """
        sent|date|sent on|sent at|datum|gesendet|gesendet am|envoyé|envoyé le|date d'envoi|message du|enviado
        enviado el|enviada em|enviado em|enviada|fecha|data|inviato|inviato il|verzonden|verzonden op|skickat|sendt
        dato|wysłano|wysłane|odesláno|odoslané|отправлено|отправлен|дата|дата и время|надіслано|дата та час|tarih
        gönderildi|gönderme tarihi|elküldve|dátum|päivämäärä|päiväys|lähetetty|dată|trimis|poslano|изпратено
        发送时间|发送日期|日期|寄件日期|日時|送信日時|日付|보낸 날짜|날짜|αποστολή|ημερομηνία|στάλθηκε|saadetud
    kuupäev
        išsiųsta|nosūtīts|послато|poslato|enviat|נשלח|תאריך|تم الإرسال|التاريخ|đã gửi|dikirim|tanggal
    """,
    "to": """
        to|an|à|a|para|pour|per|aan|till|til|do|komu|кому|получатель|kime|címzett|vastaanottaja|către|destinatarul
        destinatario|destinataire|prima|pre|adresat|alıcı|empfänger|收件人|收件者|宛先|送信先|받는 사람|받는사람|προς
    до
        adressaat|saaja|kam|за|прима|za|per a|אל|إلى|đến|tới|kepada
    """,
    "copy": """
        cc|bcc|copie à|copie|kopie|kopie (cc)|kopi|kopia|kopio|kopija|kópia|копия|копії|копія|bilgi|dw|udw|másolat
        másolatot kap|cópia|con copia|抄送|副本|참조|κοιν|κοινοποίηση|копие|עותק|نسخة
    """,
    "subject": """
        subject|betreff|thema|objet|sujet|asunto|oggetto|ogg|assunto|onderwerp|ämne|emne|temat|předmět|predmet|naslov
    тема
        konu|tárgy|aihe|subiect|subiectul|teema|主题|主旨|主題|件名|제목|θέμα|относно|zadeva|наслов|temats|tēma
    assumpte
        נושא|الموضوع|chủ đề|perihal|subjek
    """,
    "other": """
        importance|priority|attachments|attachment|reply-to|reply to|organization|sensitivity|wichtigkeit|priorität
        anlagen|anhänge|antwort an|важность|приоритет|вложения|pièces jointes|répondre à|importancia|adjuntos
        datos adjuntos|bijlagen|załączniki|附件|添付ファイル
    """,
}

# "-----Original Message-----" and its translations: a line of dashes around one of these. The end of a word is left
# out where it is declined.
ORIGINAL_MESSAGE = """
    original message|original mail|original e-mail|original text|original appointment|reply message|replied message
    replied mail|ursprüngliche nachricht|ursprüngliche mail|originalnachricht|original-nachricht|originalmail
    original nachricht|исходное сообщение|исходное письмо|оригинальное сообщение|первоначальное сообщение
    вихідне повідомлення|початкове повідомлення|оригінальне повідомлення|message d'origine|message original
    message initial|mail original|courriel original|e-mail d'origine|mensaje original|correo original
    messaggio original|mensagem original|oorspronkelijk bericht|origineel bericht|oprindelig meddelelse
    oprindelig besked|original besked|ursprungligt meddelande|originalmeddelande|opprinnelig melding|original melding
    alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość|původní zpráva|původní e-mail|pôvodná správa
    eredeti üzenet|orijinal mesaj|özgün mesaj|özgün ileti|orijinal ileti|mesaj original|mesajul original
    izvorna poruka|原始邮件|原始郵件|原邮件|邮件原件|元のメッセージ|元のメール|원본 메시지|원본 메일
"""

FORWARDED_MESSAGE = """
    forwarded message|forwarded mail|forwarded e-mail|forwarded by|weitergeleitete nachricht|weitergeleitete mail
    weitergeleitet von|пересылаемое сообщение|пересылаемое письмо|пересланное сообщение|пересланное письмо
    перенаправленное сообщение|переадресованное сообщение|переслане повідомлення|перенаправлене повідомлення
    пересланий лист|пересилане повідомлення|message transféré|message transmis|message réexpédié|courriel transféré
    mensaje reenviado|correo reenviado|messaggio inoltrato|mensagem encaminhada|mensagem reencaminhada
    doorgestuurd bericht|videresendt meddelelse|videresendt besked|videresendt melding|vidarebefordrat meddelande
    vidarebefordrat mejl|edelleenlähetetty viesti|välitetty viesti|przekazana wiadomość|wiadomość przesłana dalej
    treść przekazanej wiadomości|wiadomość przekazana|přeposlaná zpráva|preposlaná správa|továbbított üzenet
    továbbított levél|iletilen ileti|iletilmiş mesaj|iletilen mesaj|yönlendirilen mesaj|mesaj redirecționat
    proslijeđena poruka|edastatud kiri|转发邮件|转发的邮件|轉寄郵件|転送メッセージ|メッセージを転送|転送されたメール
    전달된 메시지|전달된 메일
"""

# The same without dashes, as a whole line: Apple Mail, MailMate.
FORWARD_LINES = """
    begin forwarded message|forwarded message|anfang der weitergeleiteten nachricht|weitergeleitete nachricht
    anfang der weitergeleiteten e-mail|начало переадресованного сообщения|начало пересылаемого сообщения
    пересылаемое сообщение|пересланное сообщение|початок листа, що пересилається|початок переадресованого листа
    переслане повідомлення|début du message réexpédié|début du message transféré|message transféré
    inicio del mensaje reenviado|mensaje reenviado|inizio messaggio inoltrato|messaggio inoltrato
    início da mensagem reencaminhada|início da mensagem encaminhada|begin doorgestuurd bericht
    start på videresendt besked|videresendt melding|vidarebefordrat mejl|vidarebefordrat brev|välitetty viesti alkaa
    początek przekazywanej wiadomości|začátek přeposílané zprávy|začiatok preposlanej správy
    továbbított levél kezdete|ileti başlangıcı|iletilen ileti|începe mesajul redirecționat
    započni proslijeđenu poruku|転送されたメッセージ|開始轉寄郵件|下面是被转发的邮件
"""

# Above what a help desk quotes: "##- Please type your reply above this line -##".
REPLY_ABOVE = """
    reply above this line|type your reply above|reply above the line|write above this line|oberhalb dieser zeile
    über dieser zeile|au-dessus de cette ligne|encima de esta línea|arriba de esta línea|над этой строкой
    do not edit below this line|do not write below this line|do not type below this line|nicht unterhalb dieser zeile
    выше этой линии|над этой линией|выше этой строки|над цим рядком|sopra questa riga|acima desta linha
    boven deze regel
"""

# What is in each of those.
REPLY_LINES = """
    this line|the line|dieser zeile|cette ligne|esta línea|этой строк|этой лини|цим рядком|questa riga|desta linha
    deze regel
"""

# What such a line asks for, where no dashes mark it.
TO_REPLY = """
    reply|respond|write|type|antwort|schreib|répon|écri|respuesta|escrib|rispost|scriv|respost|antwoord|ответ|напиши
    пишите|відпов
"""

# "Ann commented:", as help desks write it.
COMMENTED = """
    commented|added a comment|replied|responded|kommentierte|hat kommentiert|hat einen kommentar hinzugefügt
    hat geantwortet|antwortete|прокомментировал|прокомментировала|добавил комментарий|добавила комментарий|ответил
    ответила|a commenté|a répondu|comentó|ha comentado|respondió|comentou|respondeu|ha commentato|ha risposto
    heeft gereageerd|skomentował|skomentowała
"""

# "… wrote:". A form in Cyrillic covers its feminine and its "(а)" too.
WROTE = """
    wrote|writes|said|schrieb|schreibt|geschrieben|a écrit|écrit|écrivait|escribió|escribio|escribe|escreveu
    ha scritto|scrisse|scrive|schreef|schreef op|geschreven|skrev|skrev følgende|skrev följande|skriver|kirjoitti
    napisał|napisała|napisał(a)|napisał/a|pisze|napsal|napsal(a)|napsala|píše|napísal|napísal(a)|napísala|ezt írta
    írta
    a scris|yazdı|şunları yazdı|şunu yazdı|napisao je|je napisao|пишет|писал|писала|писал(а)|писали|написал|написала
    написал(а)|написали|пише|написав|написав(ла)|написав(-ла)|писав|напісаў|написа|写道|寫道|のメール|님이 작성
    님이 씀|έγραψε|va escriure|escribiu|đã viết|menulis|เขียนว่า|نوشت|كتب|כתב/ה|כתב|כתבה|skrifaði|је написао/ла|rašė
    rakstīja|napisal(a)|napisao/la|kirjutas|쓴 글|작성
"""

# How the line "On Monday, 9 November 2026 … wrote:" begins, besides a number or the name of a day.
DATE_INTRODUCTIONS = """
    on|at|am|dem|le|el|il giorno|il|in data|op|den|d.|dne|dňa|em|no dia|w dniu|dnia|a|pe|в|у|во|на|în data|în
    pe data de|tarihinde|在|于|於
"""

# Lines that name nothing but the author of the quote.
QUOTING = """
    quoting|zitat von|zitiere|selon|citando|citando a|quoth|citat|цитирую|цитата|вы писали|ты писал|you wrote
    вы написали|in reply to|in response to|quoted from|в сообщении от|в письме от|wiadomość napisana przez|posted by
    excerpts from|thus spake|thus spoke|mensaje citado por|cytowanie|cytuję|cituji|cituje|citerar|citerer|citez|idézet
"""
# What somebody's own sentence has instead of a name: "On 2 May 2026 our driver wrote:", "am 2.5. schrieb die Bank:".
NO_NAMES = """
    the|our|your|my|his|her|their|this|that|some|we|he|she|they|i|it|us|me|someone|somebody
    der|die|das|dem|ein|eine|einer|ihre|unser|unsere|mein|meine|sein|seine|dein|deine|ich|wir|er|sie|uns|mir|ihnen|man
    le|la|les|un|une|mon|ma|notre|votre|vos|nos|son|sa|il|elle|on|je|nous|se|el|los|una|mi|su|sus|nuestro
    nuestra|yo|te|lo|gli|mio|mia|nostro|nostra|vostro|vostra|suo|ci|o|a|os|as|um|uma|meu|minha|nosso|nossa|seu|sua
    het|een|onze|uw|mijn|ik|wij|zij|ons|наш|наша|наши|ваш|ваша|ваши|мой|моя|я|мы|он|она|они|мне|нам|вам|нас|этот
    mój|moja|nasz|nasza|pan|pani|mi|nam|bizim|sizin|bir
"""

# The last line before the name: ends the text. The weak ones count only with a short line (the name) below.
CLOSINGS = """
    best|xo|xx|yours truly|very truly yours|yours|cheers|rgds|regds|rgrds|br|brgds|kr|all the best|take care|с ув
    всего доброго|всего хорошего|всего наилучшего|с почтением|искренне ваш|искренне ваша|ваш|ваша|удачного дня
    хорошего дня|усього найкращого|всього найкращого|гарного дня|hochachtungsvoll|mfg|vg|lg|mit freundlichen
    bien à vous|cdt|cdlt|amicalement|respectueusement|atentamente|atte|atenciosamente|att|mvg|hoogachtend|mvh|kh
    z poważaniem|s úctou|hezký den|tisztelettel|üdvözlettel|iyi çalışmalar|cu stimă|cu respect|einen schönen tag
    schönen tag noch|schönes wochenende|bon week-end|excellente journée|bonne réception|buona giornata|buona serata
    buon lavoro|buen día|feliz día|bom dia e bom trabalho|fijne dag|fijne dag verder|prettige dag|ha en bra dag
    trevlig helg|god weekend|god helg|miłego dnia|liefs|bisous|bises|besos|un beso|baci|обнимаю|целую|с теплом
    с благодарностью|с признательностью|с приветом|успехов|с добром|хороших выходных|all the very best|have a good one
    warmly|warmest|god bless|much appreciated|bless you|v/r
    love|much love|herzlich|herzlichst|servus|tschüss|glück auf|alles gute|alles liebe
    mit besten empfehlungen|au plaisir|amitiés|con cariño|sinceramente|quedo a la espera|quedo atento
    quedo atenta|buen fin de semana|que tenga buen día|que tenga un buen día|kram|kramar|knus|uściski|sevgiler
    sevgilerimle|kindly|all my best|приятного дня|добра|have a nice day|have a great day|have a good day
    have a nice weekend|have a great weekend|as ever|mit freundl. grüßen|此致|敬上|谨上|祝好|敬具
    草々|顺祝商祺|祝商祺|谢谢祝好|此致敬礼|此致敬禮
    με εκτίμηση|φιλικά|pagarbiai|su pagarba|ar cieņu|lugupidamisega|parimate soovidega|с поштовањем|敬祝 商祺|敬祝商祺
    хорошего вечера|приятного вечера|приятных выходных|доброго вечора|гарного вечора|гарних вихідних|schönen abend
    schönen abend noch|schönen feierabend|schönen tag|have a good evening|have a great evening|have a nice evening
    enjoy your weekend|buenas noches|buon weekend|bom fim de semana|fijne avond|fijn weekend|prettig weekend
    trevlig kväll|ha det fint|ha det bra|miłego wieczoru|miłego weekendu|kind rgds
    have a great week|have a good week|have a nice week|have a lovely day|have a lovely weekend|have a lovely week
    have a wonderful day|have a wonderful weekend|have a good rest of the week|enjoy the weekend|happy friday
    einen schönen abend|ein schönes wochenende|einen guten start in die woche|guten start in die woche
    eine schöne woche|schönen resttag|bonne fin de semaine|un excellent week-end|très bonne soirée|feliz semana
    buena semana|boa semana|buona settimana|продуктивной недели|хорошей недели|гарного тижня|miłego tygodnia
    lots of love|all my love|with love|love and hugs|big hug|big hugs|fondly|yours ever|ever yours|blessings
    con affetto|affettuosamente|con stima|in fede|un bacione|un bacio|ti abbraccio|vi abbraccio|buona domenica
    buon pomeriggio|buone feste|muchos besos|un besote|besitos|con afecto|afectuosamente|respetuosamente|cuídate
    cuídense|cuidaos|sin otro particular|quedo a su disposición|que tengas buen día|que tengas un buen día|beijo
    um beijo|beijos|bjs|bjo|abs|abç|abçs|saudações|com carinho|respeitosamente|tenha um bom dia|fico no aguardo
    sincèrement|bien à toi|gros bisous|grosses bises|la bise|je t'embrasse|je vous embrasse|affectueusement
    avec mes remerciements|bonne semaine|bon courage|mes amitiés|tendrement|bon dimanche|bonnes vacances
    schönen sonntag|schöne woche|bleib gesund|bleiben sie gesund|gute besserung|in liebe|beste wünsche|drück dich
    fühl dich gedrückt|с любовью|жму руку|искренне|крепко обнимаю|мира и добра
    храни вас бог|с надеждой на сотрудничество|надеюсь на сотрудничество|обіймаю|щиро ваш|щиро ваша|з любов'ю
    з вдячністю|з теплом|на все добре|бережіть себе|мирного неба|gr|grt|kus|kusjes|dikke kus|veel liefs|fijne week
    prettige dag verder|fijne dag nog|vänligen|hälsn|ha det gott|allt gott|puss|puss och kram|vh|kys|klem|klemmer
    hav en god dag|ha' en god dag|ha en fin dag|ha en god helg|ściskam|buziaki|całuję|pzdr|ukłony|dobrego dnia
    trzymaj się|hezký víkend|pěkný den|pekný deň|přeji hezký den|mějte se|srdečně|srdečne|s láskou|üdv|puszi
    köszönettel|szép napot|további szép napot|minden jót|kolay gelsin|kendine iyi bak|hoşça kal|hürmetlerimle|öptüm
    terv|yst. terv|terkuin|ystävällisesti|halauksin|rakkaudella|kiittäen|hyvää viikonloppua|cu drag|cu prietenie
    o zi bună|toate cele bune|numai bine|te pup|s poštovanjem|srdačno|lp|с уважение|приятен ден|καλή συνέχεια|φιλιά
    parimat|tervitades|sveikinimai|kveðja|bestu kveðjur|atentament|una abraçada|unha aperta|trân trọng|thân mến
    thân ái|salam hormat|hormat kami|مع خالص التحية|مع تحياتي|בברכה|בכבוד רב|ขอแสดงความนับถือ|lots of hugs
    sending love|warm thoughts|bjos|bjinhos|beijinhos|bss|bisou|glg|bussi|busserl|küsschen|hugs and kisses|kisses
    boa semana|passez une bonne journée|順頌 商祺|順頌商祺|顺颂商祺|敬祝|順頌|此致 敬禮|謹啟|祝 商祺|feliz tarde
    feliz noche|feliz semana|feliz fin de semana|buena semana|تحياتي|مع أطيب التحيات|hormat saya|salam
    с ув-м|muy atentamente|muy atte|slds|sldos|sin más|confraternellement|sportivement|einen schönen tag noch
"""

# What may go on behind such words: "have a nice day in Ulm".
BEHIND_CLOSINGS = """
    from|in|and|everyone|everybody|all|both|you|ahead|aus|vom|von|und|ihnen|euch|dir|de|du|depuis|à|a|et|vôtre|y|e|из
    и|вам|всем|тебе|i|og|och|en|uit
"""

# Whole answers, so that nothing is closed by "Sure," above a name.
SHORT_ANSWERS = """
    yes|no|ok|okay|sure|sorry|fine|agreed|correct|right|done|yes please|no thanks|perfect|great|да|нет|хорошо|ладно
    готово|согласна|согласен|конечно|ja|nein|gern|gerne|klar|passt|genau|ja bitte|oui|non|d'accord|parfait|sí|si|vale
    claro|perfecto|nee|tak|nie|sim|não|va bene|certo
"""

# How a word begins that makes a closing of few words ("viele Grüße aus Kiel", "with warm regards").
GREETING_STEMS = """
    regards|kind regard|best regard|warm regard|greetings|best wishes|warm wishes|kind wishes|good wishes|sincerely
    respectfully|faithfully|уважением|наилучшими|пожеланиями|повагою|побажаннями|grüß|gruß|grues|salutations|cordial
    saludo|abrazo|abraço|saluti|saluto|cumprimentos|groet|hälsning|hilsen|hilsner|pozdr|saygı|üdvözlet|terveis|поздрав
    abbracc|salutăr|salutacion|saudaç|χαιρετισμ|приветом
    szacun|poštovan|bonne journ|bonne soir|belle journ|belle soir|bonne fin de|bonne continuation|xoxo|hugs
"""

# What stands before the author's own name ("Ihre Inge Paul").
YOURS = """
    ihr|ihre|dein|deine|euer|eure|your|votre|твой|твоя|ваш|ваша|su|tu
"""

# What somebody of the family signs with.
FAMILY = """
    mum|mom|mommy|mummy|ma|dad|daddy|pa|granny|grandma|grandpa|gran|nana|mama|mamma|papa|mutti|vati|oma|opa|maman
    mamie|papi|mamá|papá|abuela|abuelo|mãe|pai|nonna|nonno|mam|мама|папа|бабушка|дедушка|баба|дед|тётя|дядя
"""

# What some are called, before the name that it is short for: where hardly a letter tells.
NICKNAMES = """
    jack john|harry henry|hank henry|peggy margaret|daisy margaret|polly mary|molly mary|nell helen|sally sarah
    pepe josé|chema josé|paco francisco|pancho francisco|chico francisco|kike enrique|bia beatriz|duda eduarda
    uschi ursula|heiner heinrich|asia joanna|staś stanisław|honza jan|pepa josef|kuba jakub|гоша георгий|гоша игорь
    шура александр|шура александра|нюра анна|нюша анна|лека алексей|coco nicolas|mimi marie|gigi luigi|pippo filippo
"""

# Words of senders that are no persons.
DEPARTMENTS = """
    team|sales|support|service|services|info|office|orders|desk|accounts|accounting|purchasing|department|dept|ltd
    gmbh|vertrieb|einkauf|kundenservice|buchhaltung|отдел|служба|бухгалтерия|группа|компания|ооо|ип|ао|équipe|équipo
    ventas|compras|achats|comptabilité|ufficio|dział
"""

# How a long last line begins.
CLOSING_STARTS = """
    je vous prie d'agréer|je vous prie de recevoir|je vous prie de croire|veuillez agréer|veuillez recevoir
    in attesa di un|in attesa di riscontro|colgo l'occasione|nous vous prions d'agréer|veuillez croire|recevez, madame
    recevez, monsieur
"""

WEAK_CLOSINGS = """
    im auftrag|in vertretung|per pro|im namen des teams|on behalf of the team|namaste|iyi günler
    selamlar|until then|until tomorrow|till then|talk later|speak later|take it easy|stay well|keep well|onwards
    ttyl|looking forward|looking forward to it|looking forward to hearing from you|mil gracias|hasta mañana
    hasta entonces|grato|grata|até logo|até já|até amanhã|à plus tard|à demain|à lundi|à très vite
    à la semaine prochaine|au revoir|bis morgen|bis montag|bis später|bis nächste woche|tschüs|frohes schaffen
    man sieht sich|до свидания|до завтра|до понедельника|до скорого|удачи|всем добра|держись|заранее благодарен
    заранее благодарна|благодарю за понимание|спасибо за понимание|будьте здоровы|спокойной ночи|бувайте
    до побачення|tot morgen|tot snel|tot dan|dank je wel|dankjewel|hej då|vi hörs|på gensyn|vi snakkes|do zobaczenia
    na shledanou|díky|díky moc|viszlát|teşekkür ederim|görüşmek üzere|kiitos|nähdään|pe curând|a domani|a lunedì
    ci sentiamo|ci vediamo|terima kasih|gràcies|תודה|תודה רבה|شكرا|talk soon|speak soon|see you|see you soon
    all best|stay safe|good luck|ciao|tschau|à plus|hasta luego|nos vemos|doei|до встречи|щиро|with thanks
    with gratitude|mit bestem dank|всех благ|peace|à bientôt|a bientôt|à très bientôt|bis dann|bis bald|hasta pronto
    a presto|até breve|tot ziens|vi ses|до связи|на связи|до зустрічі|do usłyszenia|se på gensyn
    many thanks in advance|thanks so much|thank you very much|thank you so much|thanks a million|спасибо заранее
    большое спасибо|vielen dank im voraus|besten dank im voraus|herzlichen dank|danke schön|grazie in anticipo
    gracias de antemano|muchas gracias de antemano|tack på förhand|hartelijk dank|bedankt alvast|thanks|thank you
    many thanks|thanks again|thanks a lot|thanks in advance|thank you in advance|ta|thx|спасибо|заранее спасибо
    благодарю|заранее благодарю|дякую|danke|vielen dank|danke im voraus|besten dank|merci|merci d'avance
    merci beaucoup|gracias|muchas gracias|grazie|grazie mille|obrigado|obrigada|bedankt|alvast bedankt|감사합니다
    고맙습니다|수고하세요|谢谢|謝謝|多谢|tack|tak|på forhånd tak|dziękuję|z góry dziękuję|děkuji|köszönöm
    teşekkürler|mulțumesc|in haste|looking forward to your reply|look forward to hearing from you|with appreciation
    thanks a bunch|cheers mate|cheers all|stay safe and well|be well
    stay healthy|happy holidays|happy new year|a happy new year|merry christmas|season's greetings|happy easter
    с новым годом|с рождеством|с наступающим|с праздником|доброго дня|благодарю за внимание|спасибо за внимание
    ein schönes wochenende wünscht
    schönes wochenende wünscht|einen schönen tag wünscht|vielen dank vorab|danke vorab|besten dank vorab
    frohe weihnachten|ein frohes neues jahr|frohe ostern|frohe festtage|frohes fest|guten rutsch|einen guten rutsch
    bg|hg|ahoi|moin|merci par avance|dans l'attente de votre retour|dans l'attente de vous lire
    dans l'attente de votre réponse|restant à votre disposition|joyeuses fêtes|joyeux noël|bonne année
    quedamos a su disposición|quedamos a la espera|a la espera de sus noticias|a la espera de su respuesta
    felices fiestas|feliz navidad|feliz año nuevo|resto a disposizione|rimango a disposizione|buon natale|buon anno
    ringraziando anticipatamente|obrigado desde já|obrigada desde já|desde já agradeço|desde já obrigado
    fico à disposição|ficamos à disposição|feliz natal|boas festas|feliz ano novo|fijne feestdagen|prettige feestdagen
    gelukkig nieuwjaar|wesołych świąt|veselé vánoce|děkuji předem|zdravím|дякую заздалегідь|дякую за увагу
    з новим роком|з різдвом|god jul|gott nytt år|godt nytår|godt nytt år|glædelig jul|hyvää joulua
    hyvää päivänjatkoa|mukavaa viikonloppua|hayırlı işler|iyi bayramlar|mutlu yıllar|mulțumesc anticipat
    vă mulțumesc anticipat|sărbători fericite|boldog karácsonyt|ευχαριστώ εκ των προτέρων|בתודה
"""

# "Sent from my iPhone".
SENT_FROM = """
    yahoo mail: search, organize, conquer|sent from|sent via|sent with|sent using|get outlook for|отправлено с
    отправлено из|отправлено через|отправлено от|надіслано з|надіслано із|von meinem|von meiner|von proton mail
    gesendet von|gesendet mit|diese nachricht wurde von|envoyé de|envoyé à partir de|envoyé avec|télécharger outlook
    obtenir outlook|obtenez outlook|enviado de|enviado do|enviado con|enviado mediante|obtener outlook|obter o outlook
    inviato da|scarica outlook|verzonden vanaf|verstuurd vanaf|verzonden met|skickat från|hämta outlook|sendt fra
    hent outlook|wysłane z|wysłano z|odesláno z|lähetetty|elküldve az|küldve|outlook für|outlook voor android
    outlook voor ios|pobierz outlook|získat outlook|hanki outlook|download outlook|holen sie sich outlook
    загрузить outlook|получить outlook|скачать outlook|iphone から送信|iphoneから送信|androidから送信|发自我的|从我的
    從我的|傳送自我的|来自我的|sent on the go|sent on the move|sent by phone|written on my phone|typed on my phone
    typed on a phone|secured with tuta|mobile - please excuse|please excuse typos, sent
    excuse typos, sent|apologies for typos, sent|please excuse brevity|mobil gesendet|unterwegs gesendet
    von unterwegs gesendet|vom handy gesendet|vom smartphone gesendet|vom iphone gesendet|vom ipad gesendet
    vom tablet gesendet|gesendet vom handy|gesendet vom iphone|gesendet vom ipad|gesendet vom smartphone
    gesendet aus der|von samsung|von huawei|von yahoo mail|von outlook für|mit der web.de mail app
    mit der gmx mail app|sicher versendet mit|diese e-mail wurde von meinem|diese e-mail wurde von unterwegs
    diese nachricht wurde mobil|послано с телефона|написано с телефона|пишу с телефона|отправлено при помощи
    с телефона, извините|отправлено mymail|отправлено мобильн|отправлено c|відправлено з iphone|відправлено з ipad
    відправлено з мого
    відправлено з телефон|надіслано через proton|envoyé d'un|envoyé à partir d'|envoyé par mon|envoyé via proton
    provenance : courrier|envoyé via|bluemail für|enviado vía móvil|inviata da iphone
    inviata dal mio|inviato con proton|enviado a partir do meu|enviado a partir do outlook
    enviado a partir do correio|enviado pelo outlook|enviado através do meu|enviado por celular|enviado via uol
    verzonden vanuit mail|verstuurd vanuit mail|verzonden vanuit outlook|verstuurd vanuit outlook|verstuurd met mijn
    verzonden van mijn|verstuurd van mijn|verzonden via kpn|skickades från|skickat med spark|sendt med proton
    sendt via mobil|pobierz program outlook|pobierz aplikację outlook|odesláno mobilem|poslané z iphon|poslané z mobil
    poslané z môjho|odoslané z iphon|odoslané z môjho|poslano z mojega|poslano s iphone|poslato sa mog
    az outlook beszerzése|elküldve iphone|trimis de pe iphone|trimis de pe telefon|trimis de pe android
    trimis din yahoo|descărcați outlook|изпратено от моя|στάλθηκε από το|εστάλη από|נשלח מה|أرسلت من|أُرسلت من
    مرسل من|được gửi từ|gửi từ iphone|dikirim dari iphone|dikirim dari yahoo|dikirim dari hp|dikirim dari ponsel
    enviat des del meu|ส่งจาก
    saadetud minu|nosūtīts no mana|išsiųsta iš mano|發自我的|來自我的|发自 outlook|发自iphone|发自网易|发自新浪
    发自qq|发自 qq|發自 qq|发送自|來自qq|来自qq|發自 yahoo|由我的iphone|从 windows 版|取得 ios 版 outlook
    获取 ios 版 outlook
    获取 android 版 outlook|取得 android 版 outlook
"""
# The same at the end of the line.
SENT_FROM_ENDS = """
    'dan gönderildi|'den gönderildi|mdan gönderildi|mden gönderildi|'tan gönderildi|'ten gönderildi
    outlook'u edinin|에서 보냄|에서 보냈습니다|에서 전송됨|から送信|から送信されました
    ról küldve|ről küldve|outlook uygulamasını edinin|için posta ile gönderildi|yahoo postadan gönderildi
    から送信しています|outlook for ios を入手|版 outlook を入手|outlook for androidを取得|용 outlook 다운로드
    용 outlook 받기
"""

# Beginnings of words that tell of parcels and papers, which are "sent from" and "sent with" too, and of days.
PARCELS = """
    yesterday|today|tonight|this morning|this afternoon|last night|last week|monday|tuesday|wednesday|thursday|friday
    courier|driver|depot|warehouse|factory|dhl|ups|fedex|dpd|gls|tnt|usps|hermes|royal mail|first class|registered
    gestern|heute|montag|dienstag|mittwoch|donnerstag|freitag|kurier|spedition|fahrer|lager|werk|buchhaltung|kollege
    вчера|сегодня|понедельник|вторник|среду|четверг|пятниц|курьер|водител|склад|завод|бухгалтер|сдэк|деловы|пэк|почтой
    почты росс|почту росс|вчора|сьогодні|кур'єр|новою пошт|hier|ce matin|ce soir|aujourd'hui|lundi|mardi|mercredi
    jeudi
    vendredi|coursier|chauffeur|entrepôt|usine|chronopost|colissimo|ayer|hoy|esta mañana|esta tarde|lunes|martes
    miércoles|jueves|viernes|mensajer|almacén|fábrica|seur|mrw|correos|ieri|oggi|stamattina|stasera|lunedì|martedì
    mercoledì|giovedì|venerdì|corriere|magazzino|fabbrica|brt|ontem|hoje|segunda|terça|quarta|quinta|sexta|armazém
    transportadora|gisteren|vandaag|vanochtend|maandag|dinsdag|woensdag|donderdag|vrijdag|koerier|magazijn|postnl
    wczoraj|dzisiaj|dziś|poniedział|wtorek|środę|czwartek|piątek|kurier|magazyn|inpost|včera|dnes|pondělí|úterý|středu
    čtvrtek|pátek|sklad|zásilkov|i går|i dag|måndag|tisdag|onsdag|torsdag|fredag|postnord|dün|bugün|kargo|depo
"""

# Words of somebody who speaks, where companies say "we".
FIRST_PERSON = """
    i|i'm|i'd|i'll|i've|my|ich|mir|mich|mein|meine|я|мне|меня|мой|моя|je|j'ai|mon|yo|necesito|quiero|mi|io|eu|ik|jag
    jeg|proszę|ben|мені
"""

# A postscript belongs to the text, though it stands below the name.
POSTSCRIPTS = """
    ps|p.s|p. s|p.p.s|pps|зы|з.ы|пс|п.с|nb|p.d|p. d|pd:|post scriptum|postscriptum|posdata|post data|ui.:|u.i|utóirat
    追伸
    又及|추신|υ.γ|υγ
"""

# How a paragraph begins that somebody adds below the name or the small print.
AFTERTHOUGHTS = """
    one more thing|one other thing|one last thing|also one thing|oh and|oh, and|i forgot|forgot to say|almost forgot
    by the way|btw|и ещё|и еще|ещё одно|еще одно|забыл|забыла|кстати|до речі|ach ja|ach so|übrigens|noch etwas
    noch was|nachtrag|noch ein nachtrag|just seen|just saw|just noticed|au fait|j'ai oublié|j'oubliais
    encore une chose|por cierto|se me olvidaba|olvidé|una cosa más|a proposito|dimenticavo
"""

# All that somebody says who only passes a message on.
HAND_OVERS = """
    fyi|f.y.i|fwd|fw|for your information|for info|for your info|see below|see attached|please see below
    please see attached|pls see below|pls see the below|please see the below|see the mail below|see the email below
    below|as below|forwarding|forwarding this|forwarded|passing this on|passing on|please handle|please advise
    pls advise|please process|please take care of this|can you handle this|can you take care of this
    can you help with this|over to you|this came in|this just came in|for you|yours i think|please find below
    please find the message below|пересылаю|пересылаю вам|пересылаю письмо|переслал|переслано|направляю
    направляю вам|к сведению|для сведения|для информации|см. ниже|смотри ниже|смотрите ниже|ниже|см ниже|во вложении
    в работу|прошу в работу|прошу обработать|на рассмотрение|посмотрите пожалуйста|посмотри пожалуйста|ваше|для вас
    пересилаю|пересилаю вам|до відома|для інформації|див. нижче|дивись нижче|прошу опрацювати|zur info|z.i|z. i
    zur information|zur kenntnis|zur kenntnisnahme|z.k|zk|zur weiteren bearbeitung|siehe unten|s.u|s. u
    weiterleitung|ich leite weiter|leite ich weiter|bitte bearbeiten|bitte um bearbeitung|für dich|für euch
    zur erledigung|bitte übernehmen|pour info|pour information|voir ci-dessous|ci-dessous|cf. ci-dessous
    cf ci-dessous|je vous transfère|je te transfère|transféré|à traiter|pour traitement|pour suite à donner
    para su información|para tu información|para información|ver abajo|véase abajo|reenvío|te reenvío|le reenvío
    os reenvío|reenviado|para gestionar|per conoscenza|vedi sotto|inoltro|ti inoltro|vi inoltro|para conhecimento
    encaminho|segue abaixo|segue|ter info|ter informatie|zie onder|zie onderstaand|zie hieronder|doorgestuurd
    för kännedom|se nedan|til orientering|se nedenfor|do wiadomości|przesyłam|przesyłam dalej|w załączeniu|bilginize
    bilgilerinize|aşağıda|请查收|请看下面|供参考|见下文|ご参考まで|下記ご確認ください
    please enter|please enter this|please key in|please log this|please action|for action
    for processing|for entry|from a customer|from our customer|bitte erfassen|bitte anlegen|bitte eingeben
    zur erfassung|bitte einbuchen|bitte erledigen|bitte eintragen|zur anlage|vom kunden|прошу оформить|прошу завести
    прошу внести|прошу принять|примите в работу|от клиента|merci de saisir|merci de traiter|à saisir|à enregistrer
    merci d'enregistrer|du client|tramitad|tramitar|para tramitar|tramítalo|dar de alta|regístralo|del cliente
"""

# "My answers below", "Antworten in rot": said by who answers inside of text that a program like Outlook does not mark.
ANSWERS = """
    contesto|contestamos|contestado|contestaciones|réponds|rispondiamo|respondemos
    answer|answers|answered|answering|отвечаю|отвечаем|відповідаю|antworte|respondo|rispondo|odpowiadam
    reply|replies|replied|comment|comments|commented|response|responses|antwort|antworten|beantwortet|anmerkungen
    kommentare|ответ|ответы|ответил|ответила|комментарии|відповіді|відповів|відповіла|коментарі|réponse|réponses
    répondu|commentaires|respuesta|respuestas|respondido|comentarios|risposte|commenti|respostas|comentários
    antwoorden|opmerkingen|odpowiedzi|uwagi|below|unten|ниже|нижче|ci-dessous|abajo|sotto|abaixo|hieronder|poniżej
"""
INSIDE = """
    inline|in line|in red|in blue|in green|in orange|in purple|in yellow|in colour|in color|highlighted
    in bold|in italics|in rot|in roter|in blau|in grün|in lila|in farbe|gelb markiert|fett|kursiv
    красным|красном|синим|зелёным|зеленым
    жёлтым|желтым|цветом|жирным|курсивом|выделил|выделила|выделено|червоним|синім|en rouge|en bleu|en vert|en orange
    en jaune|en gras|en italique|surligné|en rojo|en azul|en verde|en amarillo|en negrita|en cursiva|resaltado
    in rosso|in blu|in grassetto|in corsivo|em vermelho|em azul|em negrito|in het rood|in het blauw|vetgedrukt
    na czerwono|na niebiesko|pogrubione|within the text|im text|в тексте|dans le texte|en el texto
    dans le corps|в теле письма|по тексту|no corpo do|en el cuerpo|nel corpo|unter den fragen|below each question
    under each question|after each question|below your questions|under your questions|unter jeder frage
    unter jede frage|unter deinen fragen|unter ihren fragen|hinter jeder frage|под каждым вопросом|под вопросами
    під кожним питанням|sous chaque question|après chaque question|debajo de cada pregunta|sotto ogni domanda
    abaixo de cada pergunta|onder elke vraag|pod każdym pytaniem
"""
FURTHER_DOWN = """
    marked|below|unten|ниже|нижче|ci-dessous|abajo|sotto|abaixo|hieronder|poniżej
    point by point|по пунктам|по пунктах|punkt für punkt|point par point|punto por punto
"""
# The same where it is sure that they are the author's.
GIVEN_ANSWERS = """
    my answers|my replies|my comments|my responses|answers below|replies below|comments below|responses below
    answered below|replied below|commented below|meine antworten|meine kommentare|antworten unten
    antworten siehe unten|unten geantwortet|unten beantwortet|мои ответы|мои комментарии|ответы ниже
    комментарии ниже|ответил ниже|ответила ниже|ответили ниже|мої відповіді|відповіді нижче|відповіла нижче
    відповів нижче|mes réponses|mes commentaires|réponses ci-dessous|répondu ci-dessous|mis respuestas
    mis comentarios|respuestas abajo|contesto abajo|respondo abajo|le mie risposte|risposte sotto|rispondo sotto
    minhas respostas|respostas abaixo|respondo abaixo|mijn antwoorden|antwoorden hieronder|moje odpowiedzi
    odpowiedzi poniżej|moje uwagi
"""
# The same where nothing but capitals tells them.
CAPITALS = """
    in caps|in all caps|in capitals|in capital letters|in block letters|in block capitals|in upper case|in uppercase
    in großbuchstaben|in versalien|заглавными|большими буквами|прописными|капсом|великими літерами|en majuscules
    en capitales|en mayúsculas|in maiuscolo|em maiúsculas|in hoofdletters|wielkimi literami
"""

# The same where answers stand in brackets.
BRACKETS = """
    in brackets|in square brackets|in parentheses|in klammern|in eckigen klammern|в скобках|у дужках|entre crochets
    entre parenthèses|entre corchetes|entre paréntesis|tra parentesi|entre parênteses|tussen haakjes|w nawiasach
"""

# Words that may stand around a hand-over without adding anything.
FILLERS = """
    hi|hello|hey|dear|all|team|colleagues|folks|please|pls|thanks|thank|you|regards|best|and|the|this|it|to|sir
    madam|здравствуйте|добрый|день|доброе|утро|коллеги|пожалуйста|спасибо|привет|письмо|сообщение|hallo|guten|tag
    moin|zusammen|bitte|danke|kollegen|liebe|lieber|liebes|bonjour|merci|hola|buenos|días|gracias|ciao|grazie|olá
    obrigado|hej|beste|вітаю|добрий|колеги|дякую|будь|ласка|gruß|grüße|viele|mit|freundlichen|grüßen|por|favor|order|a
    bestellung|auftrag|rechnung|invoice|diese|diesen|die|den|das|заказ|заявку|этот|эту|счёт|pedido|este|esta|factura
    commande|cette|facture|as
"""

GREETINGS = """
    hi|hello|dear|hey|good morning|good afternoon|здравствуйте|добрый день|доброе утро|привет|уважаем|вітаю
    добрий день|шановн|hallo|guten tag|guten morgen|sehr geehrte|liebe|bonjour|bonsoir|madame|monsieur|cher
    chère|hola|buenos días|estimad|buongiorno|gentile|olá|prezad|hej|beste|geachte|witam|dzień dobry|szanown|merhaba
    sayın|dobrý den|tisztelt
"""

# The first three letters of the months, where a mail program writes them out.
MONTHS = """
    jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|jän|mär|mai|okt|dez|fév|fev|avr|jui|aoû|aou|déc|ene|abr|ago|dic
    gen|mag|giu|lug|set|ott|out|янв|фев|мар|апр|мая|май|июн|июл|авг|сен|окт|ноя|дек|січ|лют|бер|кві|тра|чер|лип|сер
    вер|жов|лис|гру|mrt|mei|maj|sty|lut|kwi|cze|lip|sie|wrz|paź|lis|gru|led|úno|bře|dub|kvě|čer|srp|zář|říj|pro
    oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara|tam|hel|maa|huh|tou|kes|hei|elo|syy|lok|márc|ápr|máj|jún|júl|szept
"""

# A line of small print: it speaks of itself, and says that it is confidential or meant for somebody.
THIS_MESSAGE = """
    this e-mail|this email|this mail|this message|this communication|this transmission|this electronic
    the information contained|the contents of this|information in this|diese e-mail|diese mail|diese nachricht
    ce message|cet e-mail|ce mail|ce courriel|ce courrier|este mensaje|este correo|este e-mail|este email
    esta mensagem|questo messaggio|questa e-mail|questa mail|presente messaggio|presente e-mail|настоящее сообщение
    настоящее письмо|настоящее электронное|данное сообщение|данное письмо|данное электронное|это сообщение
    это письмо|это электронное|цей лист|це повідомлення|дане повідомлення|dit bericht|deze e-mail
    niniejsza wiadomość|ta wiadomość|ten e-mail|denne e-mail|denne meddelelse|denne mail|detta mail|detta meddelande
    tato zpráva|tento e-mail|bu e-posta|bu mesaj
    der inhalt dieser e-mail|der inhalt dieser nachricht|die in dieser e-mail enthaltenen|le informazioni contenute
    il contenuto della presente|il contenuto di questa|de informatie verzonden|de informatie in deze
    de inhoud van dit|denne e-posten|innholdet i denne|indholdet af denne|innehållet i detta|tämä sähköposti
    tämä viesti|treść tej wiadomości|informacje zawarte|acest mesaj|acest e-mail|acest email|az e-mail|ez az e-mail
    ez az üzenet|jelen üzenet|ова порука|ova poruka|ovaj e-mail|το παρόν|to παρόν|αυτό το μήνυμα|本邮件|此邮件
    本郵件|このメール|本メール|이 메일|본 메일|이 이메일|if you have received this|това съобщение
    as informações contidas|la información contenida|les informations contenues|to sporočilo|הודעה זו|هذه الرسالة
    thư này|email này|pesan ini|surel ini
"""
CONFIDENTIAL = """
    the addressee
    confidential|intended solely|intended only|solely for the use|intended for the use|intended recipient|privileged
    vertraulich|bestimmungsgemäße|confidentiel|destinataire|confidencial|exclusivamente|destinatario|riservat
    конфиденциальн|предназначен|конфіденційн|призначен|vertrouwelijk|bestemd|poufn|fortrolig|konfidentiell|důvěrn
    gizli|yalnızca gönderildiği
    notify the sender|advise the sender|luottamuksel|tarkoitettu vain|przeznaczon|confidențial|este destinat
    bizalmas|címzettnek|поверљив|намењен|povjerljiv|poverljiv|namijenjen|namenjen|zaupn|εμπιστευτικ|προορίζεται|保密
    机密|機密|기밀|поверител|bảo mật|rahasia|סודי|חסוי|سرية
"""
# What companies must write below their letters; two of these make small print.
COMPANY_FACTS = """
    registered in|registered office|registered number|company number|amtsgericht|handelsregister
    sitz der gesellschaft|geschäftsführer|aufsichtsrat|siège social|au capital de|sede legale|registro mercantil
"""
# The same in a line below a name.
TERMS = """
    gdpr|rgpd|dsgvo|datenschutz|protección de datos|données personnelles|персональных данных|dati personali
    terms and conditions|terms of business|conditions of sale|regulated by|geschäftsbedingungen|agb
    conditions générales|términos y condiciones|condizioni generali|algemene voorwaarden|оферт
"""
SMALL_PRINT_TITLES = """
    disclaimer|legal disclaimer|confidentiality notice|confidentiality|haftungsausschluss|avis de confidentialité
    aviso legal|aviso de confidencialidad|avvertenza|отказ от ответственности|уведомление о конфиденциальности
"""

# What somebody says below the name of when one works, in sentences that speak of oneself.
WORKING_HOURS = """
    working days|working hours|working pattern|working week|office hours|part time|part-time|work flexibly
    flexible working|outside of your|outside your|outside of office|outside normal|outside of normal|bürozeiten
    arbeitszeiten|arbeitstage|sprechzeiten|in teilzeit|temps partiel|jours de travail|horaires de travail|mes horaires
    tiempo parcial|horario de|график работы|рабочие дни|часы работы|deeltijd|werkdagen
"""

# Last words of a sentence that goes on below.
LEADS_ON = """
    is|are|to|at|as|for|from|by|of|with|and|ist|sind|lautet|lauten|an|für|unter|und|est|sont|à|chez|es|son|en|y|è|sono
    são|para|naar|это|на|по|для|и
"""

# Footers that lists, services and virus scanners add.
FOOTERS = """
    you received this message because|you are receiving this|to unsubscribe|unsubscribe from this
    reply to this email directly|view this email in your browser|virus-free|this email has been checked for viruses
    this email has been scanned|this message has been scanned|this e-mail has been scanned|without viruses
    без вирусов|письмо проверено|diese e-mail wurde von|virenfrei|l'absence de virus|cet e-mail a été vérifié
    libre de virus|este correo electrónico ha sido|mail priva di virus|вы получили это письмо
    вы получили это сообщение|чтобы отписаться|отписаться|think before you print|please think before
    please consider the environment
    p please consider|save a tree|this email is a service from|this e-mail is a service from|delivered by zendesk
    powered by jira|turn off this request|this is shared with|view request ·|view request (|view request <
    diese e-mail ist ein service von|cet e-mail est un service de|este correo electrónico es un servicio de
    этот email отправлен вам|показать запрос ·|посмотреть запрос ·|anfrage anzeigen ·|afficher la demande ·
    ver solicitud ·|pensez à l'environnement|avant d'imprimer|antes de imprimir
    bitte denken sie an die umwelt|bitte prüfen sie, ob diese e-mail|bitte prüfen sie, ob diese mail
    prima di stampare questa|prima di stampare, pensa|denk aan het milieu|denkt u aan het milieu
    подумайте об окружающей среде|пожалуйста, подумайте об окружающей|перед тем как распечатать это
    tänk på miljön innan|tenk på miljøet før|tænk på miljøet, før|pomyśl o środowisku|zanim wydrukujesz
    lütfen çevreye|think of the environment|think about the environment|before printing this e
    before you print this e|sans virus. www|privo di virus. www|livre de vírus. www|virusvrij. www
    wolny od wirusów. www|bez virů. www|virusfri. www|vírusmentes. www|este email foi verificado
    este e-mail foi verificado|esta mensagem foi verificada|questa email è stata esaminata
    questa e-mail è stata esaminata|questa email è stata controllata|dieses e-mail wurde auf viren
    diese nachricht wurde auf viren|ten e-mail został sprawdzony|tento e-mail byl zkontrolován
    tato zpráva byla zkontrolována|deze e-mail is gecontroleerd op virussen|denna e-post har kontrollerats
    sie erhalten diese nachricht, weil|sie haben diese nachricht erhalten, weil|vous recevez ce message, car
    vous recevez ce message car|vous avez reçu ce message, car|has recibido este mensaje porque
    recibiste este mensaje porque|hai ricevuto questo messaggio perché|você está recebendo esta mensagem porque
    você recebeu esta mensagem porque|recebeu esta mensagem porque|u ontvangt dit bericht omdat
    je ontvangt dit bericht omdat|otrzymujesz tę wiadomość, ponieważ|otrzymałeś tę wiadomość, ponieważ
    wenn sie sich von dieser gruppe abmelden|pour vous désabonner de ce groupe
    para cancelar la suscripción a este grupo|per annullare l'iscrizione a questo gruppo
    para cancelar inscrição nesse grupo|we are an equal opportunity employer|follow us on linkedin
    follow us on facebook|follow us on instagram|follow us on social|follow us:|folgen sie uns auf linkedin
    folgen sie uns auf facebook|folgen sie uns auf instagram|suivez-nous sur|síguenos en|seguici su|siga-nos n
    volg ons op|śledź nas na|informationen zum datenschutz finden|hinweise zum datenschutz finden
    unsere datenschutzhinweise finden|unsere datenschutzerklärung finden|administratorem danych osobowych jest
    administratorem państwa danych|en cumplimiento del reglamento general|en cumplimiento de la ley orgánica
    de acuerdo con el reglamento general|en cumplimiento del rgpd|ai sensi del regolamento ue 2016
    ai sensi del regolamento (ue) 2016|ai sensi del gdpr
"""

# The banner that a mail gateway sets above mail from outside.
BANNER_STARTS = """
    this message was sent from outside|this email originated|this message came from outside
    this email came from outside|you don't often get email|some people who received this message don't often
    sie erhalten nicht oft e-mail|vous n'obtenez pas souvent|vous ne recevez pas souvent|no suele recibir correo
    non si ricevono spesso|вы нечасто получаете|diese e-mail stammt von|ce courriel provient|ce message provient
    внешнее письмо|внешняя почта|внешний отправитель|correo externo|e-mail externe|externe e-mail|email esterna
    caution|warning|external|attention|achtung|vorsicht|warnung|внимание|осторожно|увага|prudence|avertissement
    precaución|atención|advertencia|attenzione|atenção|let op|uwaga
    be careful with this message|this message is from an external|sie erhalten nicht oft eine e-mail
    diese nachricht stammt|diese nachricht kommt von|externe mail|extern|externe|externo|esterno
    este correo proviene|correo electrónico externo|mensaje externo|questo messaggio proviene
    este e-mail foi enviado|esta mensagem foi enviada|cuidado|mensagem externa|deze e-mail is afkomstig
    deze e-mail komt|dit bericht is afkomstig|u ontvangt niet vaak|obs|detta mejl kommer|detta meddelande kommer
    denne e-mail kommer|denne mail kommer|advarsel|denne e-posten|huom|tämä viesti on tullut|wiadomość od nadawcy
    wiadomość zewnętrzna|pozor|figyelem|dikkat|это письмо получено от внешнего|письмо от внешнего|atenție|警告
    外部邮件|外部郵件|社外メール|外部メール|외부메일|외부 메일
    aviso: este correo|aviso: este mensaje|sie erhalten nicht häufig|você não costuma receber|nie otrzymujesz często
    du får inte ofta|du får ikke ofte|no recibe con frecuencia|et saa usein
"""

BANNER_WORDS = """
    outside|external email|external e-mail|external mail|external sender|external source|external message
    external address|originat|externe|extérieur|externo|esterno|внешнего|внешней|внешнее|внешний отправитель|извне
    зовнішн|zewnętrz|unknown sender
    learn why this is important|do not click|klicken sie|van buiten|erfahren sie, warum dies wichtig
    pourquoi c'est important|découvrez pourquoi|por qué esto es importante|perché è importante|dit belangrijk is
    be careful with this message|mail esterna|mensagem externa|fuera de la organización|ekstern afsender
    ekstern avsender|ekstern mail|organisaation ulkopuol|spoza organizacji|externího|külső fel|kurum dışı
    внешняя почта|зовнішн|外部邮件|外部郵件|组织外部|組織外部|社外メール|外部メール|외부메일|외부 메일
    din afara organizației|почему это важно|por qué es esto importante|por que isso é importante|isto é importante
    dlaczego jest to ważne|varför det här är viktigt|hvorfor dette er vigtigt|hvorfor dette er viktig
    miksi tämä on tärkeää
"""
# What a firm's program sets above or below a text: "Classification: Internal".
CLASSIFICATIONS = """
    classification|sensitivity|klassifizierung|klassifikation|sensibilité|clasificación|classificazione|classificação
    classificatie|гриф|klasyfikacja
"""
CLASSES = """
    internal|confidential|public|restricted|general|intern|interne|vertraulich|öffentlich|confidentiel|interno|interna
    confidencial|pública|público|riservato|vertrouwelijk|wewnętrzna|дсп|для служебного пользования|tlp
"""
