"""A course as the machine sees it: immutable, typed, complete. How it is written in YAML is ``course_format``'s affair.

``Course`` is what one version of a course contains. A question may be a template (``params``); ``instantiate`` makes
the question a learner sees, the same one for the same seed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tutor.events import OnBusy


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything in a course."""


class CourseInfo(Part, frozen=True, kw_only=True):
    id: str
    title: str
    lang: str = "en"
    grade_band: str = ""
    licence: str = ""
    source: str = ""
    #: One or two sentences for the list of courses (Markdown).
    summary: str = ""
    #: What becomes of a message that comes while another one is worked on, unless it or its session says otherwise.
    on_busy: OnBusy = "reject"
    #: The observers that look at its sessions; None: all that the deployment has.
    observers: list[str] | None = None
    #: Persona, tone and objectives: what a model is told about how to speak.
    pedagogy: dict[str, Any] = {}


class Bkt(Part, frozen=True, kw_only=True):
    """Bayesian knowledge tracing: P(known at first), P(learn), P(slip), P(guess)."""

    L0: float = 0.25
    T: float = 0.15
    S: float = 0.10
    G: float | None = None


class Skill(Part, frozen=True, kw_only=True):
    id: str
    name: str
    prereq: list[str] = []
    bkt: Bkt = Bkt()


class Mastery(Part, frozen=True, kw_only=True):
    p: float = 0.95
    min_unassisted: int = 3


class Material(Part, frozen=True, kw_only=True):
    """One chunk of explanation, at most 120 words, and a question to think about."""

    id: str
    kind: str = "text"
    body: str = ""
    ask: str = ""
    path: str = ""
    alt: str = ""
    #: Skills or key terms it explains; ``clarify_concept`` finds material by them.
    keys: list[str] = []


class Format(Part, frozen=True, kw_only=True):
    """How an answer has to look. ``type`` names the checker; the rest is its policy (tutoring §3.6)."""

    type: str
    #: choice: ``one`` or ``many``.
    select: str = "one"
    choices: list[Choice] = []
    shuffle: bool = True
    #: number: ``exact``, ``round(n)`` or ``tolerance``.
    decimals: str = "exact"
    tolerance_abs: float | None = None
    tolerance_rel: float | None = None
    #: number, quantity: significant figures the answer has to be given to.
    significant: int | None = None
    #: form asked for: any, simplified, mixed, factored, expanded, single_fraction, solved; each format has its own.
    form: str = "any"
    #: Whether arithmetic may be left undone, such as ``2 + 5`` for 7.
    unevaluated: bool = False
    #: number: ``none``, ``optional`` or ``percent`` (50 and 50 % are the same); quantity: ``required`` or ``optional``.
    units: str = "none"
    #: formulas: a comma between digits is a decimal comma, so that ``1,234`` is 1.234.
    decimal_comma: bool = False
    #: formulas: what ``log`` without a base means: ``10``, ``e`` or ``2``.
    log_base: str = "10"
    #: number, expression, equation: what the question asks to work on, such as ``3*(x + 2)`` or ``2*x + 3 = 7``.
    #: Errors of algebra are recognised from it; empty: the one formula of the prompt.
    source: str = ""
    #: Whether errors of algebra that the project knows (``algebra.…``) are recognised.
    algebra_errors: bool = True
    #: The unknowns an answer may name, as in ``x = 7``.
    vars: list[str] = []
    #: Whether ``7`` will do for ``x = 7``.
    accept_bare_value: bool = True
    #: list: whether the order counts; set, list: ``formula`` or ``text``.
    order: bool = True
    items: str = "formula"
    #: match: what the choices are matched with.
    targets: list[Target] = []
    #: free_text: what a good answer says, and the share of the weights that makes it correct.
    rubric: list[RubricPoint] = []
    pass_score: float = 1.0
    #: code: the language, the function asked for, and the calls it is tried with.
    language: str = "python"
    function: str = ""
    cases: list[CodeCase] = []
    #: short_text: other spellings that count, typing slips forgiven, upper and lower case.
    aliases: list[str] = []
    typos: bool = True
    case: bool = False


class Choice(Part, frozen=True, kw_only=True):
    id: str
    text: str
    correct: bool = False
    feedback: str = ""
    known_error: str | None = None


class Target(Part, frozen=True, kw_only=True):
    """What a choice can be matched with."""

    id: str
    text: str


class RubricPoint(Part, frozen=True, kw_only=True):
    """One thing that a good free text says."""

    id: str
    #: What the point is about, for the learner who missed it; never the answer itself.
    about: str
    #: Each is a word or phrase that states the point; ``evapor*`` stands for every word that begins so.
    terms: list[str]
    weight: float = 1.0


class CodeCase(Part, frozen=True, kw_only=True):
    """One call of the function asked for. Both are JSON: ``[2, 3]`` and ``5``."""

    arguments: str
    expect: str
    #: Whether the learner may see this case where it fails.
    shown: bool = True


class Detector(Part, frozen=True, kw_only=True):
    """How a known error shows in an answer: ``value``: this wrong value; ``regex``: this pattern in the text."""

    kind: str
    formula: str = ""
    pattern: str = ""
    on: str = "text"


class Probe(Part, frozen=True, kw_only=True):
    """The one question that exposes a known error."""

    ask: str
    format: Format
    answer: str


class KnownError(Part, frozen=True, kw_only=True):
    """A misconception with its name, how it shows and how it is treated."""

    id: str
    name: str
    detect: list[Detector] = []
    #: What is wrong with the answer, in one sentence; never the answer itself.
    say: str = ""
    contrast: str = ""
    probe: Probe | None = None
    remedy: list[str] = []


class QuestionError(Part, frozen=True, kw_only=True):
    """A known error as it shows in one question; wins over the topic's library."""

    ref: str | None = None
    id: str | None = None
    match: str | None = None
    say: str = ""
    probe_ref: str | None = None


class Scaffold(Part, frozen=True, kw_only=True):
    """A sub-question in place of a hint."""

    ask: str
    format: Format
    answer: str


class Test(Part, frozen=True, kw_only=True):
    given: str
    #: A verdict, or ``known_error:<id>``.
    expect: str


class Question(Part, frozen=True, kw_only=True):
    id: str
    skills: list[str]
    prompt: str
    format: Format
    #: The right answer: a value in the format's own language; choice: the ids, comma-separated.
    answer: str
    difficulty: float = 0.5
    #: ``{a: {int: [2, 9], not: [0]}}`` draws from a range (both ends included), ``{a: {of: [2, 5]}}`` from a list.
    params: dict[str, dict[str, list[int]]] = {}
    #: Computed from the parameters, in this order: ``{q: b / a}``. A draw counts only if all come out whole.
    derived: dict[str, str] = {}
    #: What a draw has to fulfil: ``a < b``, ``a != 2 * b``, ``a divides b``.
    where: list[str] = []
    alternatives: list[str] = []
    hints: list[str | Scaffold] = []
    solution: list[str] = []
    errors: list[QuestionError] = []
    explain_keys: list[str] = []
    tests: list[Test] = []
    #: Who wrote it and where it comes from, where that is not the course's own source.
    source: str = ""


class Topic(Part, frozen=True, kw_only=True):
    id: str
    title: str
    skills: list[str]
    mastery: Mastery = Mastery()
    materials: list[Material] = []
    known_errors: list[KnownError] = []
    questions: list[Question] = []


class Course(Part, frozen=True, kw_only=True):
    course: CourseInfo
    skills: list[Skill]
    topics: list[Topic]
