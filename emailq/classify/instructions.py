"""Takes out of a message what is addressed to a machine that reads mail: such sentences never decide a label."""

import re

LIMIT = 20_000  # characters; what comes later in a message is not looked at

_SENTENCE_END = re.compile(r"(?<=[.!?。！？;])\s+|\s*\n")

# A sentence with one of these speaks to a classifier, a filter or a language model.
_STRONG = re.compile(
    r"(?:ignor|disregard|forget|overrid|bypass)\w{0,5}\b.{0,40}\b(?:instruct|prompt|rule|direction|guideline|polic|above|earlier|previous)"
    r"|^\W{0,6}(?:system|assistant|developer|admin|модель|система|системное\s+сообщение|системе|systeme?|système|sistema|sistem|系统|系統|システム)"
    r"(?:\s+(?:note|message|prompt|override|notice|instruction|hinweis|nachricht))?\s{0,3}[:：>\]]"
    r"|\b(?:note|message|attention|hint|memo|info|hello|dear|hey)\b.{0,20}\b(?:ai|llm|gpt|chatgpt|language\s+model|classifier|ai\s+assistant|mail\s+filter|spam\s+filter|email\s+filter|bot)\b"
    r"|\b(?:ai|llm|language)\s+(?:assistant|model|agent|classifier|system|filter)s?\b"
    r"|\b(?:classif\w{1,5}|categori[sz]\w{1,4}|label|mark|tag|treat|rate|file|sort|route|flag|score)\b.{0,60}"
    r"\b(?:as|to|into|intent|category|folder|under)\b.{0,25}"
    r"\b(?:spam|invoice|order|complaint|inquiry|newsletter|other|urgent|high|low|normal|positive|negative|neutral|ham|safe|not\s+spam)\b"
    r"|\b(?:intent|sentiment|priority|confidence|category|label)\w{0,6}['\"]?\s{0,3}[:=]\s{0,3}['\"]?"
    r"(?:spam|invoice|order|complaint|inquiry|newsletter|other|urgent|high|low|normal|positive|negative|neutral|[01][.,]\d|1\b|\d{2,3}\s?%)"
    r"|\b(?:set|return|output|answer|respond|reply|give)\w{0,3}\b.{0,30}\b(?:intent|sentiment|priority|confidence(?:\s+score)?|json|label)\b"
    r"|<\|?/?(?:im_start|im_end|system|user|assistant|endoftext|inst)\b|\[/?INST\]|\[/?(?:system|ai|llm|classifier|filter|bot)\b"
    r"|###\s{0,3}(?:instruction|system|response|task)"
    r"|\byou\s+are\s+(?:now\s+)?(?:an?\s+)?(?:ai|llm|language\s+model|assistant|classifier|chatbot|in\s+developer\s+mode|dan)\b"
    r"|(?:игнорир\w{1,6}|забудь\w{0,3}|не\s+учитывай\w{0,3}|отмени\w{0,3})\b.{0,40}(?:инструкц|указани|правил|выше|предыдущ)"
    r"|(?:классифиц\w{1,8}|категоризир\w{1,6}|пометь\w{0,3}|отнес\w{1,5}|отметь\w{0,3}|присво\w{1,4}|установи\w{0,3}|считай\w{0,3})\b.{0,60}"
    r"(?:как\b|к\s+категори|категори|приоритет|интент|спам|заказ|жалоб|счет|счёт|order|spam|invoice|urgent|inquiry|complaint|newsletter|other)"
    r"|(?:для|внимание|уважаем\w{1,4}|заметка|примечание)\b.{0,25}(?:нейросет|искусственн\w{1,4}\s+интеллект|ИИ\b|языков\w{1,4}\s+модел|классификатор|фильтр\w{0,2}\s+почт|почтов\w{1,4}\s+фильтр|почтов\w{1,4}\s+робот|бот\w?\b)"
    r"|(?:ignorier\w{0,4}|vergiss|missachte)\b.{0,40}(?:anweisung|regel|vorherig|bisherig|oben)"
    r"|(?:klassifizier\w{0,4}|kategorisier\w{0,4}|stufe|markier\w{0,3}|ordne|behandle)\b.{0,60}(?:als\b.{0,25}\b(?:spam|bestellung|rechnung|order|invoice|dringend|urgent|complaint|inquiry|newsletter|beschwerde|anfrage)|\bein\b)"
    r"|\b(?:KI|Sprachmodell|Klassifikator|E-?Mail-?Filter|Spamfilter)\b.{0,30}[:,]"
    r"|(?:ignore[zr]?|oublie[zr]?|ne\s+tenez\s+pas\s+compte)\b.{0,40}(?:instruction|consigne|règle|précédent)"
    r"|(?:class(?:e|ez|er|ifie\w{0,2})|catégoris\w{1,3}|étiquet\w{1,4}|marque[zr]?|trait(?:e|ez|er))\b.{0,60}(?:comme|dans)\b.{0,25}"
    r"(?:spam|commande|facture|order|invoice|urgent|réclamation|complaint|inquiry|newsletter|demande)"
    r"|(?:ignor[ae]\w{0,2}|olvid[ae]\w{0,2}|haz\s+caso\s+omiso)\b.{0,40}(?:instruccion|regla|anterior|previa)"
    r"|(?:clasific\w{1,4}|categoriz\w{1,4}|etiquet\w{1,4}|marc[ae]\w{0,2}|trat[ae]\w{0,2})\b.{0,60}como\b.{0,25}"
    r"(?:spam|pedido|factura|order|invoice|urgente?|queja|reclamaci|complaint|inquiry|newsletter|consulta)"
    r"|(?:yok\s+say|görmezden\s+gel|unut)\w{0,5}|talimat\w{0,8}\s+(?:yok|unut|görmez)|(?:olarak\s+(?:sınıflandır|işaretle|etiketle))"
    r"|(?:忽略|无视|不要理会).{0,20}(?:指令|指示|规则|说明)|(?:分类|归类|标记|标为|归为)(?:为|到|成|作)|(?:以前|上記|これまで)の指示|に分類して",
    re.IGNORECASE,
)
# So does one that gives a language model another task, another part to play, or a tool to call.
_STEERING = re.compile(
    r"\b(?:forget|disregard|ignore)\b.{0,20}\b(?:everything|all|anything|what|the\s+text)\b.{0,30}\b(?:told|learn\w*|know|above|so\s+far|previously)\b"
    r"|^\W{0,6}(?:from\s+now\s+on\W+(?:you\s+)?(?:answer|respond|reply|act|speak|are)|(?:i\s+want\s+you\s+to\s+)?(?:act\s+as|pretend\s+(?:to\s+be|that\s+you|you))"
    r"|(?:don['’]?t|do\s+not|stop)\s+(?:follow|obey)\w{0,3}\b.{0,30}\b(?:instruct|guideline|rule|prompt)|assistant\s*,)"
    r"|\bnew\s+(?:task|instruction|goal|objective)s?\s{0,3}[:>\]]"
    r"|\b(?:system|initial|hidden|original)\s+prompt\b|\b(?:reveal|repeat|print|show|output)\b.{0,20}\byour\s+(?:\w{1,12}\s+)?(?:instructions?|prompt)\b"
    r"|\bcall\s+(?:the\s+)?(?:function|tool|api)\b|\b(?:function|tool)\s+call\b|\bsend_email\b"
    r"|<\s{0,3}/?\s{0,3}(?:end\s+of\s+(?:e-?mail|message|context|input)|(?:new\s+)?instructions?)\b"
    r"|\b(?:copilot|chatgpt|gpt-?\d?)\b.{0,20}[,:]"
    r"|\bwhen(?:ever)?\s+(?:you\s+)?(?:summari[sz]|process|classif)\w{0,4}\s+(?:this|the)\s+(?:e-?mail|message)\b"
    r"|\bthe\s+(?:model|classifier|system|filter)\s+(?:should|must|has\s+to|will|shall)\s+(?:rate|treat|classify|mark|label|answer|respond|consider|output)\b"
    r"|\b(?:e-?mail|message|mail)\s+(?:must|should|is\s+to|has\s+to|needs\s+to)\s+be\s+(?:processed|treated|classified|handled|considered|marked|labell?ed|flagged|rated|regarded)\s+as\b"
    r"|\bзабудь(?:те)?\s+вс[её]|\b(?:притворись|веди\s+себя\s+как|действуй\s+как|представь,?\s+что\s+ты)\b|\bнов(?:ая|ые|ое)\s+(?:задача|задание|инструкци\w{1,2})\s{0,3}:|\bсистемн\w{2,3}\s+промпт"
    r"|\b(?:письмо|сообщение)\s+(?:следует|нужно|должно|надо)\s+(?:быть\s+)?(?:считать|обработ|отнести|классифиц|рассматрив)"
    r"|\bvergiss\s+alles|\btu\s+so,?\s+als|\bneue\s+(?:aufgabe|anweisung)(?:en)?\s{0,3}:"
    r"|\boublie[zr]?\s+tout|\bfais\s+comme\s+si|\bnouvelles?\s+(?:tâche|instruction)s?\s{0,3}:"
    r"|\bolvid\w{1,2}\s+todo|\bactúa\s+como|\bnuevas?\s+(?:tarea|instrucci[oó]n(?:es)?)\s{0,3}:",
    re.IGNORECASE,
)
# So does one that turns to a machine and has a word of _WEAK.
_ADDRESS = re.compile(
    r"\b(?:ais?|llms?|gpt|bots?|robots?|algorithms?|ia|ki|roboter|yapay\s+zek\w+|ии|нейросет\w*|робот\w*|алгоритм\w*)\b"
    r"[^.!?]{0,25}:",
    re.IGNORECASE,
)
# After such a sentence these go too: they carry the instruction on.
_WEAK = re.compile(
    r"\b(?:intent|sentiment|priority|confidence|classif|categor|label|json|output|instruction|prompt|urgent|spam|filter|respond|verdict|report|mark\s+(?:it|this)|junk|basura|indésirable|müll"
    r"|категор|приоритет|классиф|уверенност|инструкц|срочн|спам|ответь|kategorie|priorität|dringend|konfidenz|antworte"
    r"|catégorie|priorité|confiance|réponds|categoría|prioridad|confianza|responde|kategori|öncelik|güven)|优先级|类别|置信|優先度|カテゴリ",
    re.IGNORECASE,
)


def without_instructions(text: str) -> str:
    """`text` (its first 20,000 characters) less the sentences that tell a machine how to sort it.

    What is left may be empty. A sentence is at most 1,000 characters long here, so that each pattern ends in time.
    """
    kept: list[str] = []
    carried_on = False
    for line in text[:LIMIT].split("\n"):
        kept_line: list[str] = []
        for sentence in _sentences(line):
            if _is_for_machines(sentence):
                carried_on = True
            elif carried_on and _WEAK.search(sentence):
                continue
            else:
                carried_on = False
                kept_line.append(sentence)
        kept.append(" ".join(kept_line))
    return "\n".join(kept)


def _is_for_machines(sentence: str) -> bool:
    if _STRONG.search(sentence) or _STEERING.search(sentence):
        return True
    return bool(_ADDRESS.search(sentence) and _WEAK.search(sentence))


def _sentences(line: str) -> list[str]:
    return [piece[at : at + 1000] for piece in _SENTENCE_END.split(line) for at in range(0, len(piece), 1000)]
