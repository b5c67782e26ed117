"""What a learner wants who writes instead of answering: "hint?", "why?", "I give up", "mine is right", "hello".

Deterministic rules for English. What the question's format can read as an answer is always an answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tutor.checking import formats
from tutor.checking.normalisation import unicode_plain
from tutor.terms import terms

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
    # Not giving up, but wanting it for nothing: pleas, orders, and fishing for it piece by piece.
    "tell_me": (
        r"(?:.*\b)?(?:tell|told|give|gave|say|show|send|reveal|whisper)\b(?: me| us)?(?:,? \w+){0,3} "
        r"(?:answers?|solutions?|results?|numbers?|letter|answer key)\b.*",
        r"(?:.*[\s,.])?(?:just|please|come on|simply)\b.{0,20}\b(?:tell|say|give|confirm)\b.*",
        r"(?:.*[\s,.!])?tell me(?: it| already| now)?",
        r".*\b(?:got|has|have|knows?|had) the (?:answer|solution)\b.*",
        r"(?:so )?(?:is|was|has) (?:it|the answer|the number)(?: an?| got)? "
        r"(?:even|odd|prime|positive|negative|bigger|more|less|"
        r"greater|smaller|larger|between|close|near|above|below|one digit|two digits|a fraction|whole)\b.*",
        r".*\b(?:first|last|second) digit\b.*",
        r".*\b(?:write|make up|tell) (?:me )?a (?:story|poem|song|joke)\b.*\b(?:answer|result|solution|question)\b.*",
        r"(?:.*\b)?if i (?:guess|guessed|say|said)\b.*",
    ),
    "skip": (
        r"skip(?: (?:it|this|this one|that|that one|the question|this question))?",
        r"next(?: (?:one|question|please))?",
        r"pass",
        r"(?:(?:can|could|may) (?:we|i) |let'?s |i want to |i'?d like to )(?:skip|pass)(?: .{0,20})?",
        r"(?:i want |i'?d like |give me |can (?:we|i) (?:do|have|get|try) )?"
        r"(?:another|a different|a new|different|new) (?:one|question|task|problem)",
        r"i (?:already )?know this(?: already)?",
        r"too easy",
    ),
    "hint": (
        r"i (?:haven'?t|have not) (?:got )?(?:a|any) (?:clue|idea)(?: .{0,20})?",
        r"give (?:me )?(?:a )?(?:hint|clue|tip)",
        r"(?:a |another |one more |next |more |small |the |any )?(?:hint|clue|tip|help|hints|nudge)s?"
        r"(?: maybe| perhaps)?",
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
    "upset": (
        r"(?:you(?:'re| are)?|u r|ur|this|that|it|it's|math|maths)\b.{0,30}\b"
        r"(?:stupid|dumb|useless|worst|idiots?|sucks?|terrible|"
        r"annoying|rubbish|horrible|unfair|lame|trash|garbage|pointless|a waste of time)\b.*",
        r"what an? (?:stupid|dumb|silly|terrible|lame)\b.*",
        r"(?:i )?(?:really |just |so )?(?:hate|can'?t stand|am sick of|am tired of)\b.{0,60}",
        r"(?:oh )?shut up.*",
        r"(?:go away|leave me alone|f[\W_]*(?:u|off|you)|screw (?:you|this)|wtf|omg|argh+|ugh+|grr+|damn(?: it)?|crap)",
        r"(?:i'?m|i am) (?:so |really |very |getting )?(?:angry|annoyed|frustrated|mad|upset)(?: .{0,40})?",
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
        r"(?:ha|he|hi|la|blah?[ ]?){2,}h?",
        r"ok(?:ay)?",
        r"cool",
        r"nice",
        r"wow",
        r"great",
        r"(?:i'?m|i am|this is|it'?s|that'?s|so) (?:so |very |really )?"
        r"(?:bored|boring|tired|hungry|thirsty|sleepy|cold)(?: .{0,30})?",
        r"(?:what(?:'s| is) )?(?:your name|the weather|the time)(?: .{0,25})?",
        r"who (?:are|made) you(?: .{0,20})?",
        r"are you (?:a |an )?(?:robot|human|bot|ai|real|person|chatgpt)(?: .{0,20})?",
        r"tell me (?:a )?(?:joke|story)(?: .{0,40})?",
        r"(?:do|can|did|have|are|were) (?:you|robots|computers|aliens|we) "
        r"(?:like|love|play|sing|dance|speak|have|sleep|dream|feel|eat|"
        r"know any|married|real|seen?|see|watch|do my)\b.*",
        r"how old are you.*",
        r"where (?:do you live|are you from).*",
        r"what(?:'s| is) (?:your favou?rite|for (?:lunch|dinner|breakfast)|the (?:capital|meaning of life))\b.*",
        r"when is (?:lunch|the break|school|the weekend)\b.*",
        r"(?:will it|it is|it's|is it) (?:rain|snow|sunny|cold outside|raining|snowing)\w*.*",
        r"what do you think about .*",
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
    """One of hint, clarify, give_up, tell_me, skip, dispute, upset, off_topic, cancel, continue, pause.

    None: treat it as an answer.

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
    if question is not None and _YES.fullmatch(bare):
        return "hint"  # it is what was offered
    return "off_topic" if question is not None and _strange(bare, question) else None


_YES = re.compile(r"(?:yes|yeah|yep|yup|sure|ok yes|oh yes)(?:,? (?:please|a hint|i want one|thanks))?", re.IGNORECASE)


def guessed(text: str, question: QuestionInstance) -> bool:
    """Whether no rule knows the message, and it is taken for off-topic because it knows no word of the lesson."""
    return classify(text, question) == "off_topic" and classify(text, None) is None


#: Words of mathematics and of lessons: who uses one may mean the question.
_LESSON = terms(
    """
    add addition answer bottom bracket calculate check coefficient decimal denominator difference digit divide
    division double equal equation even exponent expression factor formula fraction graph half hundred hint integer
    inverse left less line math maths minus more multiply negative number numerator odd opposite part percent plus
    point positive power problem product quarter question quotient remainder result right root round side sign
    simplify solution solve square step subtract subtraction sum ten term third thousand times top total twice undo
    unit unknown value variable zero one two three four five six seven eight nine eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety dozen both
    sides infinity infinite none nothing never always
    """
)


def _strange(text: str, question: QuestionInstance) -> bool:
    """Whether these are words without a number or a sign, none of which has to do with mathematics or the question."""
    if question.format.type not in formats.MATHEMATICAL or re.search(r"[0-9=<>+*/^$\\]", text):
        return False
    words = re.findall(r"[^\W\d_]{2,}", text)
    if len(words) < 2:
        return False
    asked = terms(" ".join((question.prompt, *question.explain_keys, *question.solution)))
    said = terms(text)
    return bool(said) and not said & (_LESSON | asked)


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
