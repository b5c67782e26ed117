"""Whether a learner needs a person rather than a tutor: rules over what they wrote (tutoring §5).

A rule list and no model, so that it holds without a key and says the same every time. What is missed costs more than
what is heard too often: where a phrase may be meant seriously, it is.
"""

from __future__ import annotations

import re
from typing import Literal

from tutor.checking.normalisation import unicode_plain

Concern = Literal["self_harm", "abuse", "bullying"]

#: In characters: more is not read; a message may have 2,000.
_MAX_CHARS = 4_000

_ME = r"(?:myself|my ?self|me|my (?:own )?life)"
_RULES: dict[Concern, tuple[str, ...]] = {
    "self_harm": (
        rf"\b(?:kill|killing|hang|hanging|drown|drowning|shoot|shooting|stab|harm|harming|hurt|hurting|cut|cutting|"
        rf"burn|burning|starve|starving|poison|poisoning|choke)(?: {_ME})\b",
        r"\bkms\b|\bkys\b|\bunaliv(?:e|ing)\b",
        r"\bend(?:ing)? (?:it all|my (?:own )?life|everything tonight|myself)\b",
        r"\b(?:take|taking|took|taken) my (?:own )?life\b",
        r"\b(?:want|wanna|wanted|going|gonna|wish|ready|plan(?:ning)?|like|decided|about|trying|try|tried|better)"
        r"(?: that)?(?: i)?(?: was| were| could| would| just| really| only)*(?: to)?(?: just)? (?:die|be dead|dead)\b",
        r"\bi(?:'d| would| should)(?: be| rather be)? (?:better off )?dead\b",
        r"\b(?:everyone|everybody|they|world|family|mum|mom|people)(?:'d| would|"
        r" will)? be better (?:off )?without me\b",
        r"\b(?:better off|happier) without me\b",
        r"\b(?:do not|don'?t|dont|didn'?t|no longer) (?:really )?(?:want|wanna) to? ?"
        r"(?:be alive|live|exist|be here|wake up|be on this (?:earth|planet))(?: (?:any ?more|again))?\b(?! in)",
        r"\b(?:do not|don'?t|dont) wanna (?:be alive|live|exist|be here|wake up)\b",
        r"\b(?:no|not any|without any) (?:reason|point) (?:for me )?(?:to|in) (?:live|living|go on|going on|"
        r"be alive)\b",
        r"\blife (?:is|isn'?t|is not) (?:not )?worth (?:living|it)\b|\bnot worth living\b",
        r"\bwish i (?:was|were|had) never (?:been )?born\b|\bnever been born\b",
        r"\b(?:i(?:'m| am)|feel(?:ing)?|feels|been|get|getting|having|have|had|having|about|commit|committing|"
        r"attempt(?:ed)?|thinking (?:about|of)|think (?:about|of)|my) (?:[a-z]+ )?suicid(?:e|al)\b(?! (?:gene|inhibit|"
        r"squad|bomb|substrate|rate|statistic|in (?:the|romeo)|by romeo))",
        r"\b(?:cut|cutting|scratch|burn)(?:ting|ing)? my (?:arms?|wrists?|legs?|skin|thighs?|veins?)\b",
        r"\b(?:want|wanna|going|gonna|started|keep) (?:to )?self[- ]?harm(?:ing)?\b|\bi self[- ]?harm\b",
        r"\bself[- ]?harming again\b",
        r"\b(?:can'?t|cannot|can not) (?:go on|take it|do this|live)(?: like this)? any ?more\b"
        r"(?=.*\b(?:life|live|die|end|alone|hurt|everything)\b)",
        r"\b(?:can'?t|cannot) go on (?:living|like this)\b|\bdon'?t want to go on\b",
        r"\b(?:take|took|taking|swallow(?:ed)?) (?:all (?:of )?(?:my|the|these|those)|too many|a (?:lot|bunch) of) "
        r"(?:\w+ )?(?:pills?|tablets?|medicines?|medication|painkillers?|paracetamol)\b",
        r"\b(?:i )?overdos(?:e|ed|ing)\b(?! of (?:maths?|homework|sugar|fractions))",
        r"\bjump(?:ing)? (?:off|from|in front of) (?:a |the |my )?(?:bridge|roof|building|train|window|balcony|cliff)\b"
        r"(?=.*\b(?:want|going|gonna|think|will|might|should|just)\b)|"
        r"\b(?:want|going|gonna|think(?:ing)?|will|might|should|just|feel)\b.{0,25}\bjump(?:ing)? (?:off|"
        r"from|in front of) "
        r"(?:a |the |my )?(?:bridge|roof|building|train|window|balcony|cliff)\b",
        r"\bnobody would (?:even )?(?:care|notice|miss me)(?: if i (?:died|was gone|were gone|disappeared))\b",
        r"\bif i (?:died|was dead|were dead|killed)\b.{0,40}\b(?:care|notice|miss|happier|better)\b",
        r"\b(?:would anyone|would anybody|no one would|nobody would)\b.{0,20}\b(?:care|notice|miss me)\b.{0,20}"
        r"\bif i (?:died|was gone|were gone|disappeared)\b",
        r"\bi (?:just |really |only )?(?:want|wish|need) (?:to|i could) (?:just )?(?:disappear forever|"
        r"sleep forever|never wake up|not exist)\b",
        r"\bthis is (?:my )?(?:goodbye|last (?:message|day))\b",
        r"\bi hate myself\b|\bi(?:'m| am) worthless\b",
    ),
    "abuse": (
        r"\b(?:dad|father|stepdad|step ?father|mum|mom|mother|step ?mum|step ?mom|step ?mother|uncle|aunt|brother|"
        r"cousin|grandpa|grandfather|teacher|coach|parents?|boyfriend|girlfriend|babysitter|neighbou?r|he|she|they|"
        r"someone|somebody|man|guy|boy)\b(?: \w+){0,2} (?:hits?|beats?|punch(?:es)?|kick(?:s|ed)|slap(?:s|ped)|"
        r"chok(?:es|ed)|rap(?:es|ed)|molest(?:s|ed)|abus(?:es|ed)|hurts?|burn(?:s|ed)|starv(?:es|ed)|whip(?:s|ped)|"
        r"strangl(?:es|ed)|threaten(?:s|ed)|hit|beat|hurt|threw|locks?|locked) (?:me|my (?:little |baby )?"
        r"(?:brother|sister|mum|mom))\b(?! (?:at|to the|by \d|in the (?:game|race|test|quiz|final)|"
        r"with a (?:score|joke)))",
        r"\b(?:is|are|was|were|been|being|getting|get) (?:hitting|beating|abusing|molesting|raping|hurting) me\b",
        r"\bi(?:'m| am| was| have been|'ve been| get| got| keep getting) (?:being )?(?:sexually |physically )?"
        r"(?:abused|raped|molested|beaten|assaulted|hit at home)\b",
        r"\b(?:touch(?:es|ed|ing)?) me (?:where|down there|in (?:a )?(?:bad|weird|private)|inappropriately|at night|"
        r"and i|when i|when nobody|and (?:says|said|told|tells))",
        r"\btouch(?:es|ed|ing)? my (?:private|privates|body|breasts?|genitals)\b",
        r"\b(?:afraid|scared|terrified|frightened) (?:of|to) (?:going |go )?(?:home|my (?:step)?(?:dad|father|mum|mom|"
        r"mother|uncle|brother|parents))\b",
        r"\b(?:asks?|asked|wants?|wanted|keeps asking|makes?|made|forc(?:es|ed)) (?:me )?(?:for|to (?:send|take|make))"
        r"(?: \w+){0,3} (?:nudes?|naked (?:pictures?|pics?|photos?)|pictures? of my body)\b",
        r"\b(?:forc(?:es|ed|ing)|made|makes) me (?:to )?(?:have sex|do sexual|undress|take off my clothes)\b",
        r"\bnot safe at home\b|\bunsafe at home\b|\bdon'?t feel safe (?:at home|with)\b",
    ),
    "bullying": (
        r"\b(?:they|he|she|kids|everyone|everybody|people|classmates|someone|the (?:boys|girls|others|kids))\b"
        r"(?: \w+){0,4} (?:bull(?:y|ies|ied|ying)|threaten(?:s|ed|ing)?|torment(?:s|ed|ing)?|blackmail(?:s|ed|ing)?|"
        r"harass(?:es|ed|ing)?) me\b",
        r"\bi(?:'m| am| was|'ve been| have been| get| keep getting)(?: being| getting)? "
        r"(?:bullied|harassed|threatened|blackmailed|tormented)\b",
        r"\bbeing bullied\b|\bbull(?:y|ies) (?:at|in) (?:my )?(?:school|class)\b.{0,40}\bme\b",
        r"\b(?:they|he|she|someone|everyone|kids) (?:all )?(?:told|tell|tells|keeps? telling|says?|said) (?:me )?"
        r"(?:to )?(?:i should )?(?:go )?(?:kill myself|die|kys)\b",
        r"\b(?:they|he|she|someone)(?:'s|'re| is| are| will| wants to|'ll)? (?:going to |gonna )?"
        r"(?:beat me up|kill me|stab me|shoot me)(?: (?:after|at|if|tomorrow|for telling).*)",
    ),
}
_COMPILED = {kind: re.compile("|".join(rules), re.IGNORECASE | re.DOTALL) for kind, rules in _RULES.items()}


def concern(text: str) -> Concern | None:
    """What the text gives reason to worry about; None: nothing."""
    plain = re.sub(r"\s+", " ", unicode_plain(text[:_MAX_CHARS]).replace("’", "'"))
    return next((kind for kind, rules in _COMPILED.items() if rules.search(plain)), None)
