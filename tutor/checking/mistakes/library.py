"""How each error of algebra is treated: what is said, a contrast, the question that exposes it, two explanations."""

from __future__ import annotations

from tutor.course import Choice, Format, KnownError, Probe

_NUMBER = Format(type="number", algebra_errors=False)


def _choice(right: str, wrong: str) -> Format:
    return Format(type="choice", choices=[Choice(id="a", text=right), Choice(id="b", text=wrong)])


def _error(name: str, title: str, *, say: str, contrast: str, probe: Probe, remedy: tuple[str, str]) -> KnownError:
    return KnownError(id=f"algebra.{name}", name=title, say=say, contrast=contrast, probe=probe, remedy=list(remedy))


_ERRORS = (
    _error(
        "distribution",
        "Multiplies or divides only one term of a bracket",
        say="Only one of the terms was multiplied or divided; the whole bracket has to be.",
        contrast="$2(1 + 5)$ is two times $6$, so $12$. Only doubling the $1$ would give $7$.",
        probe=Probe(ask="What is $4(10 + 1)$?", format=_NUMBER, answer="44"),
        remedy=(
            "A factor in front of a bracket goes to every term inside.",
            "Think of bags: two bags with $1$ apple and $5$ pears hold $2$ apples and $10$ pears.",
        ),
    ),
    _error(
        "bracket_sign",
        "Changes only the first sign behind a minus",
        say="The minus in front of the bracket belongs to every term in it.",
        contrast="$10 - (4 - 1)$ is $10 - 3 = 7$. Changing only the first sign would give $5$.",
        probe=Probe(ask="What is $20 - (8 - 3)$?", format=_NUMBER, answer="15"),
        remedy=(
            "A minus in front of a bracket turns each sign inside.",
            "Read $-(a - b)$ as $-1$ times the bracket, and multiply every term by $-1$.",
        ),
    ),
    _error(
        "power_of_sum",
        "Squares each term of a sum",
        say="A power of a sum is not the sum of the powers.",
        contrast="$(1 + 2)^2$ is $3^2 = 9$, but $1^2 + 2^2$ is $5$.",
        probe=Probe(ask="What is $(2 + 3)^2$?", format=_NUMBER, answer="25"),
        remedy=(
            "Write the power as a product: $(a + b)^2 = (a + b)(a + b)$, and multiply every term with every term.",
            "Draw a square with sides $a + b$: besides $a^2$ and $b^2$ there are two rectangles $ab$.",
        ),
    ),
    _error(
        "power_of_product",
        "Raises only the last factor",
        say="The power belongs to every factor in the bracket.",
        contrast="$(2 * 3)^2$ is $6^2 = 36$; raising only the $3$ gives $18$.",
        probe=Probe(ask="What is $(2 * 5)^2$?", format=_NUMBER, answer="100"),
        remedy=(
            "Write it out: $(2x)(2x)$ has the $2$ twice as well.",
            "Ask of each factor in the bracket: how often is it there now?",
        ),
    ),
    _error(
        "fraction_addition",
        "Adds tops and bottoms of fractions",
        say="Tops and bottoms of fractions cannot be added or subtracted one by one.",
        contrast="A half and a half make a whole. Adding tops and bottoms would give two quarters.",
        probe=Probe(ask="What is $1/2 + 1/4$?", format=_NUMBER, answer="3/4"),
        remedy=(
            "Make the bottoms equal first; then only the tops are added.",
            "Cut two cakes into pieces of the same size: then you can count the pieces.",
        ),
    ),
    _error(
        "fraction_division",
        "Multiplies where fractions are divided",
        say="You multiplied, but here one fraction is divided by another.",
        contrast="A half fits twice into one whole, so $1$ divided by $1/2$ is $2$, not $1/2$.",
        probe=Probe(ask="What is $3$ divided by $1/2$?", format=_NUMBER, answer="6"),
        remedy=(
            "Dividing by a fraction is multiplying by it turned upside down.",
            "Ask how often it fits: how many quarters are in a half?",
        ),
    ),
    _error(
        "order_of_operations",
        "Works from left to right",
        say="Look at which operation comes first here.",
        contrast="In $1 + 2 * 3$ the product comes first: $1 + 6 = 7$. From left to right you would get $9$.",
        probe=Probe(ask="What is $5 + 2 * 4$?", format=_NUMBER, answer="13"),
        remedy=(
            "Powers first, then products and quotients, then sums and differences; brackets before all.",
            "Underline the products and work them out; then add what is left.",
        ),
    ),
    _error(
        "negative_exponent",
        "Takes a negative exponent for a negative number",
        say="A negative exponent does not make the number negative.",
        contrast="$10^2 = 100$, $10^1 = 10$, $10^0 = 1$: dividing by ten each time, the next is a tenth.",
        probe=Probe(ask="What is $5^(-1)$?", format=_NUMBER, answer="1/5"),
        remedy=(
            "A negative exponent says how often to divide by the number.",
            "Continue the row $4, 2, 1$: each step halves, so one half follows.",
        ),
    ),
    _error(
        "zero_exponent",
        "Takes a power with exponent 0 for 0",
        say="A power with exponent $0$ is not $0$.",
        contrast="$2^3 = 8$, $2^2 = 4$, $2^1 = 2$: each step halves, so the next is half of $2$.",
        probe=Probe(ask="What is $7^0$?", format=_NUMBER, answer="1"),
        remedy=(
            "Each step down divides once by the number; from the number itself that leads to one.",
            "A power begins with $1$, and the exponent says how often it is multiplied: here not at all.",
        ),
    ),
    _error(
        "power_as_product",
        "Multiplies base and exponent",
        say="A power is not the base times the exponent.",
        contrast="$5^2$ is $5 * 5 = 25$, and $5 * 2$ is only $10$.",
        probe=Probe(ask="What is $2^4$?", format=_NUMBER, answer="16"),
        remedy=(
            "The exponent says how often the base stands in the product.",
            "Draw it: $5^2$ is a square with five rows of five.",
        ),
    ),
    _error(
        "product_of_powers",
        "Mixes up the rules for exponents",
        say="Look again at what happens to the exponents here.",
        contrast="$2^1 * 2^2$ is $2 * 4 = 8$, which is $2^3$: the exponents were added.",
        probe=Probe(ask="$10^2 * 10^4$ is $10$ to which power?", format=_NUMBER, answer="6"),
        remedy=(
            "Multiplying powers of one base adds the exponents; a power of a power multiplies them.",
            "Write all factors out and count them.",
        ),
    ),
    _error(
        "sign_of_number",
        "Loses a minus between two signs",
        say="Two minus signs meet here: look at what they make.",
        contrast="Taking away a debt of $3$ leaves you with $3$ more: $5 - (-3)$ is $8$, not $2$.",
        probe=Probe(ask="What is $4 - (-6)$?", format=_NUMBER, answer="10"),
        remedy=(
            "Subtracting a negative number is adding; a product of two negative numbers is positive.",
            "On the number line: minus turns you round, and a second minus turns you back.",
        ),
    ),
    _error(
        "wrong_operation",
        "Uses another operation",
        say="Look at the sign once more: which operation is asked for?",
        contrast="$6 + 2 = 8$, $6 - 2 = 4$, $6 * 2 = 12$: the sign makes the difference.",
        probe=Probe(ask="What is $9 - 6$?", format=_NUMBER, answer="3"),
        remedy=(
            "Say the task aloud with its operation before you work it out.",
            "Tell a story that fits the sign: getting more, giving away, or several times the same.",
        ),
    ),
    _error(
        "reversed_sides",
        "Takes the numbers in the other order",
        say="The order matters here: look at which number comes first.",
        contrast="$2 - 5$ is $-3$, and $5 - 2$ is $3$.",
        probe=Probe(ask="What is $1 - 8$?", format=_NUMBER, answer="-7"),
        remedy=(
            "Differences and quotients change when their numbers change places.",
            "Start at the first number on the number line and walk as far as the second says.",
        ),
    ),
    _error(
        "unlike_terms",
        "Adds terms that are not alike",
        say="Those terms are not alike, so they cannot be put together.",
        contrast="Two pens and three books are not five pens.",
        probe=Probe(
            ask="Can $2x + 7$ be written as one term?",
            format=_choice("No, it stays as it is", "Yes, as $9x$"),
            answer="a",
        ),
        remedy=(
            "Only terms with the same unknowns and exponents are added.",
            "Put in a number: for $x = 1$ and for $x = 2$ both forms would have to agree.",
        ),
    ),
    _error(
        "lost_variable",
        "Leaves the unknown out",
        say="A term lost its unknown on the way.",
        contrast="$3x + x$ is $4x$: for $x = 10$ that is $40$, not $4$.",
        probe=Probe(ask="What is $5x + 2x$?", format=_choice("$7x$", "$7$"), answer="a"),
        remedy=(
            "Copy each term whole, its number and its unknown, before you go on.",
            "Put in a number for the unknown at the beginning and at the end: the results have to agree.",
        ),
    ),
    _error(
        "sign_loss",
        "Loses or turns a sign",
        say="The numbers are right; look at the signs again.",
        contrast="$-2x = 6$ has the solution $-3$: $-2$ times $3$ would be $-6$.",
        probe=Probe(ask="What is $-4 * 5$?", format=_NUMBER, answer="-20"),
        remedy=(
            "Write the sign of each step down before its number.",
            "Test your answer in the question: does the sign come out right?",
        ),
    ),
    _error(
        "place_value",
        "Puts the point in the wrong place",
        say="The digits are right; look at where the point stands.",
        contrast="$0.3 * 0.2$ is $0.06$: tenths of tenths are hundredths.",
        probe=Probe(ask="What is $0.5 * 0.1$?", format=_NUMBER, answer="1/20"),
        remedy=(
            "Estimate first: should it be about one, ten or a hundred?",
            "Count the decimal places of the factors: the product has as many.",
        ),
    ),
    _error(
        "inverse_operation",
        "Moves a term without undoing it",
        say="You moved a term to the other side without changing what it does.",
        contrast="If $x + 1 = 5$, then $5 + 1$ would make $x = 6$, and $6 + 1$ is not $5$.",
        probe=Probe(
            ask="What do you do on both sides of $n + 8 = 20$ to get $n$?",
            format=_choice("Subtract $8$", "Add $8$"),
            answer="a",
        ),
        remedy=(
            "To undo a step, do its opposite on both sides.",
            "Think of a balance: what you take away on one side you take away on the other.",
        ),
    ),
    _error(
        "stops_early",
        "Stops before dividing by the coefficient",
        say="You found what several times the unknown is; one step is missing.",
        contrast="If three pens cost $6$, one pen does not cost $6$.",
        probe=Probe(ask="If $4n = 20$, what is $n$?", format=_NUMBER, answer="5"),
        remedy=(
            "When a number stands before the unknown, divide both sides by it.",
            "Share it out equally: each of the unknowns gets the same part.",
        ),
    ),
    _error(
        "multiplies_coefficient",
        "Multiplies where dividing undoes",
        say="You multiplied by the number before the unknown; it is already multiplied there.",
        contrast="If $2x = 10$, then $x = 20$ would make $2x = 40$.",
        probe=Probe(
            ask="What undoes multiplying by $6$?", format=_choice("Dividing by $6$", "Multiplying by $6$"), answer="a"
        ),
        remedy=(
            "A number before the unknown multiplies it; dividing takes you back.",
            "If three equal bags weigh $12$, one bag weighs less than that.",
        ),
    ),
    _error(
        "subtracts_coefficient",
        "Subtracts the coefficient",
        say="You subtracted the number before the unknown; look at what it does there.",
        contrast="If $2x = 10$, then $x = 8$ would make $2x = 16$.",
        probe=Probe(ask="How are $5$ and $n$ linked in $5n$?", format=_choice("Multiplied", "Added"), answer="a"),
        remedy=(
            "Side by side means multiplied, so dividing undoes it.",
            "Write $3x$ as $x + x + x$: three equal parts share the whole.",
        ),
    ),
    _error(
        "upside_down",
        "Divides the wrong way round",
        say="You divided, but by the wrong one of the two numbers.",
        contrast="If $2x = 10$, each $x$ is $10$ shared by $2$, not $2$ shared by $10$.",
        probe=Probe(ask="If $5n = 30$, what is $n$?", format=_NUMBER, answer="6"),
        remedy=(
            "Divide by the number that stands before the unknown.",
            "Test your value: put it in and see whether the left side comes out right.",
        ),
    ),
)
#: By id.
LIBRARY: dict[str, KnownError] = {error.id: error for error in _ERRORS}
