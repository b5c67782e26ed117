r"""Recursive descent from tokens to trees, over ASCII and LaTeX input.

``sum = sign? product (("+" | "-") product)*`` · ``product = factor (("*" | "/" | ":") factor | factor)*`` ·
``factor = ("+" | "-") factor | power`` · ``power = atom ("^" exponent | "°" | "%")?`` ·
``atom = number | mixed | name | function | "(" sum ")" | "|" sum "|" | \frac{…}{…} | \sqrt[n]{…}``

A product may leave out its sign (``2x``, ``x(x+1)``, ``2 sin x``) except between two numbers. A function without
brackets takes the product that follows it: ``sin 2x``.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tutor.checking.algebra import limits
from tutor.checking.algebra.bounds import check_size
from tutor.checking.algebra.language import Language
from tutor.checking.algebra.names import CONSTANTS, FUNCTIONS, GREEK, INVERSE
from tutor.checking.algebra.tokens import Token, tokens_of
from tutor.checking.algebra.tree import (
    Constant,
    Function,
    Mixed,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
)
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.normalisation import CLOSE, OPEN

_CLOSING = {"(": ")", "[": "]", "{": "}"}
#: Words between formulas; no product of letters is read out of them.
RESERVED = frozenset({"and", "or", "not", "in", "if", "where", "is", "to", "no", "all", "union", "none"})


def read_formula(text: str, language: Language) -> Node:
    """The one formula that ``text`` is. Raises ``MalformedAnswer``."""
    parser = Parser(text, language)
    node = parser.formula()
    parser.expect_end()
    return node


class Parser:
    """A cursor over tokens; formats put their own brackets and separators around ``formula``."""

    def __init__(self, text: str, language: Language) -> None:
        self.language = language
        self._tokens = tokens_of(text, language)
        self._at = 0
        self._depth = 0
        self._bars = 0
        #: What ± is read as; an item of a list is read twice where it has one.
        self.plus_minus: str | None = None
        #: Square brackets group; where they are an interval's own, they do not.
        self.square_brackets = True
        #: Inside a function without brackets, where another function ends its argument.
        self._open_arguments = 0

    # --- the cursor -----------------------------------------------------------------------------------------------

    @property
    def place(self) -> int:
        return self._at

    def back_to(self, place: int) -> None:
        self._at = place

    def peek(self, ahead: int = 0) -> Token:
        token = self._tokens[min(self._at + ahead, len(self._tokens) - 1)]
        if token.text == "±" and self.plus_minus:
            return Token("sign", self.plus_minus, token.spaced)
        return token

    def between(self, start: int, text: str) -> bool:
        """Whether a sign was passed since ``start``."""
        return any(token.text == text for token in self._tokens[start : self._at])

    def take(self) -> Token:
        token = self.peek()
        self._at += 1
        return token

    def at_end(self) -> bool:
        return self.peek().kind == "end"

    def sees(self, *texts: str) -> bool:
        """Whether the next token is one of these signs, relations or words."""
        token = self.peek()
        return token.kind in {"sign", "relation", "name"} and token.text in texts

    def accept(self, *texts: str) -> bool:
        if self.sees(*texts):
            self._at += 1
            return True
        return False

    def has_relation(self) -> bool:
        """Whether a relation such as < stands anywhere from here on."""
        return any(token.kind == "relation" for token in self._tokens[self._at :])

    def expect(self, text: str) -> None:
        if not self.accept(text):
            if self.at_end() and text in ")]}|":
                raise MalformedAnswer("bracket", f"A bracket is not closed: please add the missing {text}.")
            raise self.unexpected()

    def expect_end(self) -> None:
        if not self.at_end():
            raise self.unexpected()

    def unexpected(self) -> MalformedAnswer:
        token = self.peek()
        if token.kind == "end":
            return MalformedAnswer("incomplete", "That ends too early: something is missing at the end.")
        if token.kind == "sign" and token.text in ")]}":
            return MalformedAnswer("bracket", f"There is a {token.text} without its opening bracket; please check it.")
        if token.kind == "name" and len(token.text) > 1:
            return MalformedAnswer(
                "words", f"I cannot read {token.text!r} here; please give the answer alone, without words."
            )
        if token.kind == "relation":
            return MalformedAnswer("relation", f"There is a {token.text} where I expected a formula; please check it.")
        return MalformedAnswer("syntax", f"I cannot read that near {token.text!r}; please check it.")

    # --- formulas -------------------------------------------------------------------------------------------------

    def formula(self) -> Node:
        """A formula as far as it goes, within the limits on size."""
        node = self._sum()
        check_size(node)
        return node

    def _nested(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > limits.MAX_DEPTH:
            raise MalformedAnswer("too_deep", f"That is nested more than {limits.MAX_DEPTH} deep; please simplify it.")
        try:
            return read()
        finally:
            self._depth -= 1

    def _sum(self) -> Node:
        terms: list[Node] = []
        while True:
            if terms and not self.sees("+", "-"):
                break
            negative = self._sign()
            term = self._product()
            terms.append(Negative(term) if negative else term)
        return terms[0] if len(terms) == 1 else Sum(tuple(terms))

    def _sign(self) -> bool:
        """Takes one sign in front: whether it makes what follows negative."""
        if self.accept("-"):
            return True
        self.accept("+")
        return False

    def _product(self) -> Node:
        left = self._factor()
        grown = False
        while True:
            if self.accept("*"):
                left, grown = self._times(left, self._factor(), grown=grown), True
            elif self.accept("/", ":"):
                left, grown = Quotient(left, self._divisor()), False
            elif self._starts_factor():
                left, grown = self._times(left, self._power(), grown=grown), True
            else:
                return left

    @staticmethod
    def _times(left: Node, right: Node, *, grown: bool) -> Node:
        if grown and isinstance(left, Product):
            return Product((*left.factors, right))
        return Product((left, right))

    def _divisor(self) -> Node:
        first = self._factor()
        if not self.language.tight:
            return first
        factors = [first]
        while self._starts_factor():
            factors.append(self._power())
        return first if len(factors) == 1 else Product(tuple(factors))

    def _starts_factor(self) -> bool:
        """Whether a factor follows without a sign."""
        token = self.peek()
        if token.kind == "number":
            before = self._tokens[self._at - 1]
            if before.kind == "number" or before.text == CLOSE:
                raise MalformedAnswer(
                    "two_numbers", "There are two numbers side by side; please put a sign such as * or + between them."
                )
            return before.text in {")", "]", "}", "|"} and not (before.text == "|" and self._bars)
        if token.kind == "name":
            if token.text.lower() in RESERVED and token.text not in self.language.symbols:
                return False
            return not (self._open_arguments and self._function_name() is not None)
        if token.kind == "command":
            return token.text in {"frac", "sqrt"}
        if token.text == "|":
            return self._bars == 0
        if token.text == "[":
            return self.square_brackets
        return token.kind == "sign" and token.text in {"(", "{", OPEN, "√", "∛"}

    def _factor(self) -> Node:
        if self.sees("+", "-"):
            negative = self._sign()
            inner = self._nested(self._factor)
            return Negative(inner) if negative else inner
        return self._power()

    def _power(self) -> Node:
        base = self._atom()
        if self.accept("°"):
            return Product((base, Quotient(Constant("pi"), Number(Fraction(180)))))
        if self.accept("%"):
            return Quotient(base, Number(Fraction(100)))
        if not self.accept("^"):
            return base
        return Power(base, self._exponent())

    def _exponent(self) -> Node:
        def read() -> Node:
            negative = self._sign() if self.sees("+", "-") else False
            inner = self._power()
            if self.language.tight and isinstance(inner, Number):
                factors: list[Node] = [inner]
                while self.peek().kind == "name" and not self.peek().spaced and self._starts_factor():
                    factors.append(self._power())
                inner = inner if len(factors) == 1 else Product(tuple(factors))
            return Negative(inner) if negative else inner

        return self._nested(read)

    def _atom(self) -> Node:
        token = self.peek()
        if token.kind == "number":
            return self._number()
        if token.kind == "name":
            return self._name()
        if token.kind == "command":
            return self._command()
        if token.text in {"√", "∛"}:
            self.take()
            name = "sqrt" if token.text == "√" else "cbrt"
            return Function(name, (self._nested(self._atom),))
        if token.text == OPEN:
            self.take()
            top, bottom = self._fraction_sign()
            return Quotient(top, bottom)
        if token.text == "|":
            return self._absolute()
        if token.kind == "sign" and token.text in _CLOSING:
            self.take()
            inner = self._bracketed()
            self.expect(_CLOSING[token.text])
            return inner
        raise self.unexpected()

    def _bracketed(self) -> Node:
        bars, self._bars = self._bars, 0
        arguments, self._open_arguments = self._open_arguments, 0
        try:
            return self._nested(self._sum)
        finally:
            self._bars, self._open_arguments = bars, arguments

    def _absolute(self) -> Node:
        self.take()
        self._bars += 1
        inner = self._nested(self._sum)
        self._bars -= 1
        self.expect("|")
        return Function("abs", (inner,))

    # --- numbers --------------------------------------------------------------------------------------------------

    def _number(self) -> Node:
        text = self.take().text
        whole, dot, places = text.partition(".")
        if dot:
            return Number(Fraction(f"{whole or 0}.{places}"), len(places))
        return self._mixed(int(whole)) or Number(Fraction(int(whole)))

    def _mixed(self, whole: int) -> Node | None:
        r"""``3 1/2``, ``3½``, ``3\frac{1}{2}``: only a proper fraction right behind a whole number."""
        place = self._at
        token = self.peek()
        parts: tuple[Node, Node] | None = None
        if token.kind == "number" and token.spaced and self.peek(1).text == "/" and self.peek(2).kind == "number":
            parts = (self._whole(), self._whole()) if self._fraction_ends() else None
        elif token.text == OPEN:
            self.take()
            parts = self._fraction_sign()
        elif token.kind == "command" and token.text == "frac":
            parts = self._frac()
        match parts:
            case (Number(top, None), Number(bottom, None)) if 0 < top < bottom:
                return Mixed(whole, int(top), int(bottom))
        self._at = place
        return None

    def _fraction_ends(self) -> bool:
        """``3 1/2``, but not ``3 1/2x`` or ``3 1/2^2``, which say something else."""
        after = self.peek(3)
        return (
            after.text != "^"
            and (after.spaced or after.kind not in {"name", "command"})
            and "." not in (self.peek().text + self.peek(2).text)
        )

    def _whole(self) -> Node:
        token = self.take()
        self.accept("/")
        return Number(Fraction(token.text))

    def _fraction_sign(self) -> tuple[Node, Node]:
        """A fraction that was one sign, such as ½."""
        top = self._sum()
        if not isinstance(top, Quotient) or not self.accept(CLOSE):
            raise self.unexpected()
        return top.top, top.bottom

    # --- names ----------------------------------------------------------------------------------------------------

    def _function_name(self) -> str | None:
        """The function that the next token begins with; a declared unknown of that name wins."""
        word = self.peek().text
        if word in self.language.symbols:
            return None
        lower = word.lower()
        return FUNCTIONS.get(lower)

    def _name(self) -> Node:
        function = self._function_name()
        if function is not None:
            self.take()
            return self._function(function)
        word = self.peek().text
        split = self._split(word)
        # A run of letters is several names: the first is taken, the rest stands in the tokens again.
        self.take()
        first, rest = split[0], word[len(split[0]) :]
        if rest:
            self._tokens[self._at - 1 : self._at] = [Token("name", first), Token("name", rest)]
        else:
            first = self._subscripted(first)
        if first in CONSTANTS and first not in self.language.symbols:
            return Constant(CONSTANTS[first])
        if first.lower() in CONSTANTS and len(first) > 1:
            return Constant(CONSTANTS[first.lower()])
        return Symbol(self._symbol(first, word))

    def _split(self, word: str) -> list[str]:
        known = self.language.symbols
        if word in known or word.lower() in CONSTANTS or word in GREEK or len(word) == 1:
            return [word]
        for size in range(len(word) - 1, 0, -1):
            head = word[:size]
            if head in known or (len(head) > 1 and (head in CONSTANTS or head in GREEK)):
                return [head]
        return [word[0]]

    def _subscripted(self, name: str) -> str:
        if self.sees("_"):
            self.take()
            braced = self.accept("{")
            token = self.take()
            if token.kind not in {"number", "name"}:
                raise self.unexpected()
            if braced:
                self.expect("}")
            return f"{name}_{token.text}"
        token = self.peek()
        if token.kind == "number" and not token.spaced:
            for joined in (f"{name}{token.text}", f"{name}_{token.text}"):
                if joined in self.language.symbols:
                    self.take()
                    return joined
        return name

    def _symbol(self, name: str, word: str) -> str:
        if self.language.allows(name):
            return name
        known = self.language.symbols
        for other in (name.lower(), name.upper()):
            if other in known:
                return other
        if len(word) > 1:
            raise MalformedAnswer(
                "words", f"I cannot read {word[:20]!r} as a formula; please give the answer alone, without words."
            )
        expected = f"please use {' and '.join(sorted(known))}" if known else "please give a number"
        raise MalformedAnswer("other_variable", f"There is no {name} in this question; {expected}.")

    # --- functions ------------------------------------------------------------------------------------------------

    def _function(self, name: str) -> Node:
        base: Node | None = None
        if name in {"log", "root"} and self.accept("_"):
            base = self._atom_in_braces()
        elif name == "log" and self._numbered():
            base = self._number()
        power: Node | None = None
        if self.accept("^"):
            power = self._exponent_in_braces()
        arguments = self._arguments()
        if power == Negative(Number(Fraction(1))) and name in INVERSE:
            name, power = INVERSE[name], None
        node = self._applied(name, arguments, base)
        return node if power is None else Power(node, power)

    def _numbered(self) -> bool:
        """``log2(8)`` and ``log10(x)``, but not ``log 2``."""
        return self.peek().kind == "number" and not self.peek().spaced and self.peek(1).text == "("

    def _atom_in_braces(self) -> Node:
        if self.accept("{"):
            inner = self._bracketed()
            self.expect("}")
            return inner
        token = self.peek()
        if token.kind == "name" and len(token.text) > 1:
            self._tokens[self._at : self._at + 1] = [Token("name", token.text[0]), Token("name", token.text[1:])]
        return self._number_alone() if token.kind == "number" else self._atom()

    def _number_alone(self) -> Node:
        return Number(Fraction(self.take().text))

    def _exponent_in_braces(self) -> Node:
        if self.accept("{"):
            inner = self._bracketed()
            self.expect("}")
            return inner
        return self._number_alone() if self.peek().kind == "number" else self._exponent()

    def _arguments(self) -> list[Node]:
        if self.peek().text in {"(", "[", "{"} and self.peek().kind == "sign":
            closing = _CLOSING[self.take().text]
            arguments = [self._bracketed()]
            while self.accept(",", ";"):
                arguments.append(self._bracketed())
            self.expect(closing)
            return arguments
        self._open_arguments += 1
        try:
            return [self._nested(self._implicit_argument)]
        finally:
            self._open_arguments -= 1

    def _implicit_argument(self) -> Node:
        """What ``sin 2x`` takes: factors without a sign between them, as far as the next function."""
        if self.sees("-"):
            self.take()
            return Negative(self._implicit_argument())
        left = self._power()
        factors = [left]
        while self.peek().text not in {"(", "["} and self._starts_factor():
            factors.append(self._power())
        if (
            self.sees("/")
            and len(factors) == 1
            and isinstance(left, Constant | Number)
            and self.peek(1).kind == "number"
        ):
            self.take()
            return Quotient(left, self._number_alone())
        return left if len(factors) == 1 else Product(tuple(factors))

    def _applied(self, name: str, arguments: list[Node], base: Node | None) -> Node:
        if name == "log":
            if base is None and len(arguments) == 1 and self.language.log_base == "e":
                return Function("ln", (arguments[0],))
            base = base or (arguments.pop() if len(arguments) == 2 else Number(Fraction(self.language.log_base)))
            arguments.append(base)
        elif name == "lg":
            name = "log"
            arguments.append(Number(Fraction(10)))
        elif name == "root" and base is not None:
            arguments.append(base)
        wanted = 2 if name in {"log", "root"} else 1
        if len(arguments) != wanted:
            raise MalformedAnswer("arguments", f"{name} takes {'two values' if wanted == 2 else 'one value'}.")
        return Function(name, tuple(arguments))

    # --- commands of LaTeX ----------------------------------------------------------------------------------------

    def _command(self) -> Node:
        token = self.peek()
        if token.text == "frac":
            top, bottom = self._frac()
            return Quotient(top, bottom)
        if token.text != "sqrt":
            raise self.unexpected()
        self.take()
        index: Node | None = None
        if self.accept("["):
            index = self._bracketed()
            self.expect("]")
        inner = self._group()
        return Function("sqrt", (inner,)) if index is None else Function("root", (inner, index))

    def _frac(self) -> tuple[Node, Node]:
        self.take()
        return self._group(), self._group()

    def _group(self) -> Node:
        r"""``{…}``, or one digit or letter as in ``\frac12``."""
        if self.accept("{"):
            inner = self._bracketed()
            self.expect("}")
            return inner
        token = self.peek()
        if token.kind in {"number", "name"} and len(token.text) > 1:
            rest = Token(token.kind, token.text[1:])
            self._tokens[self._at : self._at + 1] = [Token(token.kind, token.text[0]), rest]
        return self._number_alone() if self.peek().kind == "number" else self._nested(self._atom)
