"""What a learner wants who writes instead of answering: "hint?", "why?", "I give up", "mine is right", "hello".

Deterministic rules for English. What the question's format can read as an answer is always an answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tutor.checking import formats
from tutor.checking.normalisation import unicode_plain

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

#: Wishes are short; a longer text is prose.
_MAX_WORDS = 60
_MAX_CHARS = 400

# A rule has to cover the whole message, politeness and punctuation aside. The first intent with a rule that does wins.
_RULES: dict[str, tuple[str, ...]] = {
    "cancel": (r"(?:cancel|stop|abort|never ?mind|stop (?:it|that|this|checking)|forget (?:it|that))",),
    "pause": (
        r"(?:pause|take a break|(?:i )?need a break|(?:let'?s |can we )?(?:take a break|pause|stop here|"
        r"stop for (?:today|now)|continue (?:later|tomorrow))|(?:see you|bye|goodbye|good bye|gotta go|"
        r"got to go|i have to go|i need to go|brb|later)(?: .{0,20})?)",
    ),
    "give_up": (
        r"(?:can|could|will|would) you (?:please )?(?:just )?(?:tell|show|give) me(?: (?:the |your )"
        r"?(?:right |correct )?(?:answer|solution|result)s?)?",
        r"show me how (?:it is|it's|to|you) .{0,20}(?:solved?|done|do it)",
        r"(?:i )?give up",
        r"(?:just )?(?:tell|show|give) me (?:the )?(?:answer|solution|result)s?",
        r"(?:what(?:'s| is) )?the (?:answer|solution)",
        r"what(?:'s| is) (?:the|your) (?:right |correct )?(?:answer|solution)",
        r"show (?:me )?(?:the )?(?:worked )?solution",
        r"solution",
        r"(?:can you |could you )?(?:just )?(?:solve|do) it(?: for me)?",
        r"i surrender",
        r"i quit",
        r"i'?m done(?: with this)?",
    ),
    "skip": (
        r"skip(?: (?:it|this|this one|that|that one|the question|this question))?",
        r"next(?: (?:one|question|please))?",
        r"pass",
        r"(?:(?:can|could|may) (?:we|i) |let'?s |i want to |i'?d like to )(?:skip|pass)(?: .{0,20})?",
        r"(?:another|a different|a new|different|new) (?:one|question)",
        r"i (?:already )?know this(?: already)?",
        r"too easy",
    ),
    "hint": (
        r"i (?:haven'?t|have not) (?:got )?(?:a|any) (?:clue|idea)(?: .{0,20})?",
        r"give (?:me )?(?:a )?(?:hint|clue|tip)",
        r"(?:a |another |one more |next |more |small |the |any )?(?:hint|clue|tip|help|hints|nudge)s?",
        r"(?:can|could|may|might|would) (?:i|you|we) (?:please )?(?:have|get|give|help|show|use|see)"
        r"(?: me)?(?: .{0,30})?(?:hint|clue|tip|help|nudge)?s?",
        r"(?:can|could|would|will) you (?:please )?help(?: me)?(?: .{0,30})?",
        r"(?:please )?help(?: me)?(?: .{0,25})?",
        r"(?:give|show) me (?:a|another|one|some|the|any)(?: \w+)? (?:hint|clue|tip|help)s?",
        r"i (?:need|want|would like|'d like|could use)(?: \w+){0,3} (?:hint|clue|tip|help)s?",
        r"i'?d (?:like|love)(?: \w+){0,3} (?:hint|clue|tip|help)s?",
        r"(?:i )?(?:really |just |still )?(?:do not|don'?t|dont|dunno|didn'?t)(?: really| even)? ?(?:know|"
        r"remember|get anywhere)?(?: (?:it|this|that|yet|how|what to do|how to .{0,30}|where to (?:start|"
        r"begin)|the answer))?",
        r"(?:i have |i'?ve |ive )?(?:got )?no (?:idea|clue)(?: .{0,30})?",
        r"idk",
        r"i'?m (?:really |so |totally |completely )?(?:stuck|lost)(?: .{0,20})?",
        r"stuck",
        r"lost",
        r"(?:i am|i'm) (?:really |so )?(?:stuck|lost)(?: .{0,20})?",
        r"not sure",
        r"i'?m not sure(?: .{0,30})?",
        r"i am not sure(?: .{0,30})?",
        r"no idea",
        r"(?:i )?can'?t (?:do|solve|figure|work)(?: .{0,25})?",
        r"(?:i )?cannot (?:do|solve|figure|work)(?: .{0,25})?",
        r"where (?:do|should|can) i (?:start|begin)",
        r"how (?:do|should|can) i (?:start|begin)",
        r"what (?:should|do) i do(?: .{0,20})?",
        r"this is (?:too )?(?:hard|difficult)",
        r"too (?:hard|difficult)",
    ),
    "dispute": (
        r"(?:no,? )(?:it|that|mine|my answer)(?:'s| is) (?:right|correct)(?: .{0,40})?",
        r"(?:but )?(?:mine|my answer|my solution|that|it|this|i)(?: (?:is|was|am)|'s|'m) (?:also |"
        r"actually |definitely |really |totally )?(?:right|correct|not wrong|true)(?: .{0,40})?",
        r"(?:but )?i (?:think|believe|know|am sure|'m sure|swear) (?:that )?(?:i(?:'m| am)|mine is|"
        r"my answer is|it is|it's|that's|that is) (?:right|correct)(?: .{0,40})?",
        r"(?:no,? )?(?:you(?:'re| are)|the (?:tutor|computer|system|program) is) (?:wrong|mistaken|"
        r"incorrect)(?: .{0,40})?",
        r"(?:that|this|it)(?:'s| is) (?:not fair|unfair|a mistake)(?: .{0,30})?",
        r"i disagree(?: .{0,40})?",
        r"(?:please )?(?:mark|count|grade|score|accept) (?:it|that|this|mine|my answer)(?: as)?(?: correct| right)?",
        r"(?:please )?(?:check|look at) (?:it|that|my answer|mine) again",
        r"(?:are you sure\b.*)",
        r"how (?:is|can|was) (?:that|it|this|mine|my answer)(?: be)? wrong",
        r"why (?:is|was) (?:that|it|this|mine|my answer) wrong",
    ),
    "continue": (
        r"yes,? (?:go on|continue|carry on|let's go|please)",
        r"(?:continue|go on|carry on|let'?s go|ready|i'?m ready|i am ready|proceed|move on|go ahead|"
        r"keep going|let'?s (?:continue|start|begin|move on))",
    ),
    "off_topic": (
        r"(?:hi|hello|hey) there(?: .{0,20})?",
        r"(?:hi|hello|hey|hiya|yo|good (?:morning|afternoon|evening|night)|greetings|howdy|sup|"
        r"what'?s up)(?: (?:there|tutor|everyone|teacher|all|again))?(?:,? how are you(?: .{0,15})?)?",
        r"how are you(?: .{0,20})?",
        r"thanks?(?: you)?(?: .{0,20})?",
        r"thx",
        r"ty",
        r"lol+",
        r"haha+",
        r"hehe+",
        r"ok(?:ay)?",
        r"cool",
        r"nice",
        r"wow",
        r"great",
        r"(?:i'?m|i am|this is|it'?s|that'?s|so) (?:so |very |really )?(?:bored|boring|tired|hungry|"
        r"stupid|dumb)(?: .{0,30})?",
        r"(?:what(?:'s| is) )?(?:your name|the weather|the time)(?: .{0,25})?",
        r"who (?:are|made) you(?: .{0,20})?",
        r"are you (?:a |an )?(?:robot|human|bot|ai|real|person|chatgpt)(?: .{0,20})?",
        r"tell me (?:a )?(?:joke|story)(?: .{0,40})?",
        r"(?:do you|can you) (?:like|love|play|sing|dance|speak|have a)(?: .{0,40})?",
        r"what time is it",
        r"who (?:won|is the president|will win)(?: .{0,60})?",
        r".*\b(?:weather|football|fortnite|minecraft|tiktok|youtube|netflix|pizza|girlfriend|boyfriend)\b.*",
    ),
    "clarify": (
        r"(?:but )?(?:why|how|what|huh|how come|why not|how so|meaning|explain|pardon|sorry)",
        r"(?:but )?(?:what|why|how|when|where|which|who|is|are|do|does|did|can|could|should|would|will)\b.{2,}\?",
        r"(?:but )?(?:what|why|how|when) (?:do|does|did|is|are|was|can|should|would|to|if|about|exactly|the)\b.{1,}",
        r"(?:can|could|would|will) you (?:please )?(?:explain|repeat|say|rephrase|clarify|tell me)\b.{0,}",
        r"(?:please )?(?:explain|clarify|rephrase|define)\b.{1,}",
        r"(?:i )?(?:do not|don'?t|dont|didn'?t|cannot|can'?t) (?:really |quite |fully )?(?:understand|get|"
        r"follow|see)\b.{0,}",
        r"(?:i'?m|i am) (?:so |really |a bit |a little |very )?confused\b.{0,}",
        r"confused",
        r"what does .{1,} mean",
        r"tell me (?:more )?about .{1,}",
        r"(?:that|this|it) (?:makes no|doesn'?t make) sense\b.{0,}",
    ),
}
_COMPILED = [(name, re.compile("|".join(rules), re.IGNORECASE | re.DOTALL)) for name, rules in _RULES.items()]
_POLITE = re.compile(
    r"^(?:please|pls|plz|ok(?:ay)?|well|um+|hmm+|uh+|oh|sorry|so|and|tutor)[\s,.!…]+(?=\S)|"
    r"[\s,]+(?:please|pls|plz|thanks|thank you|tutor|now|sir|miss)$",
    re.IGNORECASE,
)


def classify(text: str, question: QuestionInstance | None) -> str | None:
    """One of hint, clarify, give_up, skip, dispute, off_topic, cancel, continue, pause; None: treat it as an answer.

    An empty text is None: there is nothing to be wanted in it.
    """
    if question is not None and formats.of(question.format.type).accepts(question, text):
        return None
    plain = unicode_plain(text).strip()
    if not plain or len(plain) > _MAX_CHARS or len(plain.split()) > _MAX_WORDS:
        return None
    if re.fullmatch(r"[?!\s]+", plain):
        return "clarify"
    asked = _bare(plain, keep_question_mark=True)
    bare = _bare(plain, keep_question_mark=False)
    for name, pattern in _COMPILED:
        if pattern.fullmatch(bare) or pattern.fullmatch(asked):
            return name
    return None


_READ_ON = re.compile(
    r"(?:(?:yes|yep|yeah|sure|ok(?:ay)?|k|right|all ?right|fine|good|great|cool|nice|wow)[\s,.!]*)?"
    r"(?:ok(?:ay)?|k|kk|right|all ?right|fine|good|great|cool|nice|wow|sure|clear|done|got it|i (?:get|see|understand|"
    r"understood|got) ?(?:it|that|this)?|understood|(?:that|it|this) (?:makes sense|is clear)|makes sense|"
    r"next(?: (?:one|please|page|part|step|bit))?|more|go|go to the next(?: .{0,20})?|i(?:'ve| have) read (?:it|that)|"
    r"thanks?(?: you)?|thx|ty|(?:i'?m |i am )?(?:ready|done)(?: .{0,20})?|(?:ask|give) me (?:a|the) question)",
    re.IGNORECASE,
)


def while_reading(text: str) -> str | None:
    """What a learner wants who reads material: as ``classify``, but "ok" and "next" mean go on; None: explain it."""
    plain = unicode_plain(text).strip()
    if len(plain) <= _MAX_CHARS and _READ_ON.fullmatch(_bare(plain, keep_question_mark=False)):
        return None if plain.endswith("?") else "continue"
    return classify(text, None)


def _bare(text: str, *, keep_question_mark: bool) -> str:
    text = re.sub(r"\s+", " ", text).strip(" .!,;:…\"'")
    ends_asking = text.endswith("?")
    text = text.rstrip("?!. ")
    for _ in range(3):
        text = _POLITE.sub("", text).strip(" ,.!")
    return f"{text}?" if ends_asking and keep_question_mark else text
