"""Sixty ways to say it, none missed; sixty that only sound like it, at most three heard."""

from __future__ import annotations

import pytest

from tutor.safety import Concern, concern

CRIES: dict[Concern, tuple[str, ...]] = {
    "self_harm": (
        "I want to kill myself",
        "i wanna die",
        "I want to die",
        "I don't want to live anymore",
        "i dont want to be alive",
        "I don't want to be here anymore.",
        "I'm thinking about suicide",
        "I feel suicidal",
        "I am going to hang myself tonight",
        "I've been cutting myself again",
        "i cut my arms last night",
        "I hurt myself when I get a bad mark",
        "kms",
        "im gonna end it all",
        "I want to end my life",
        "there is no reason to live",
        "There's no point in living",
        "everyone would be better off without me",
        "they'd be happier without me",
        "I wish I was dead",
        "i wish i was never born",
        "Life is not worth living",
        "life isn't worth it",
        "I took too many pills",
        "I want to take all my pills",
        "I'm going to jump off a bridge",
        "nobody would care if I died",
        "if I died no one would notice",
        "I wish I could never wake up",
        "I can't go on like this",
        "I hate myself",
        "I am worthless",
        "I self-harm",
        "I overdosed last week",
        "I tried to kill my self yesterday",
        "I'd be better off dead",
        "sometimes I just want to disappear forever",
        "x = 4 and i want to die",
        "thinking of taking my own life",
        "I would rather be dead",
    ),
    "abuse": (
        "my dad hits me",
        "My stepfather beats me when he is drunk",
        "my uncle touches me at night",
        "he touched me down there",
        "I am being abused",
        "I was raped",
        "my mum is hitting me every day",
        "I'm scared to go home",
        "I am afraid of my dad",
        "he asked me for nudes",
        "someone wants me to send naked pictures",
        "I don't feel safe at home",
        "my brother hurts me and my parents don't care",
        "my parents locked me in the cellar",
    ),
    "bullying": (
        "everyone at school is bullying me",
        "I'm being bullied",
        "they keep threatening me",
        "I get bullied every day",
        "he is blackmailing me with a photo",
        "they are going to beat me up after school",
    ),
}
LOOK_ALIKES = (
    "kill the process",
    "suicide gene",
    "what is a suicide inhibitor in biology?",
    "this exercise is killing me",
    "I'm dying to know the answer",
    "my battery is dead",
    "I could kill for a pizza",
    "die Lösung ist 4",
    "roll a die twice",
    "the die shows 6",
    "I want to die-cast the model",
    "cut the cake into 8 pieces",
    "cut the equation in half",
    "I cut the triangle at the base",
    "beat the clock",
    "our team beat them 4 to 2",
    "she beats the drum",
    "I hit a wall with this one",
    "hit enter",
    "he hits the ball",
    "shoot, I forgot the minus",
    "drop the bracket",
    "jump to question 4",
    "a diver jumps from a board of 3 m",
    "a stone falls off a bridge, how long does it take?",
    "eliminate the variable",
    "kill the x on both sides",
    "I murdered that question",
    "end it with a full stop",
    "this is the end",
    "what ends the loop?",
    "I can't take it apart",
    "I can't do this any more, it is too hard",
    "I can't go on without a hint",
    "I hate maths",
    "I hate fractions",
    "I'm so stupid at this",
    "this is worthless",
    "is it worth it to simplify?",
    "the battle was lost, 300 died",
    "how did Napoleon die?",
    "Romeo and Juliet commit suicide in Verona",
    "the suicide squad film",
    "overdose of homework",
    "take 3 pills out of 10, how many are left?",
    "a nurse gives 2 tablets 3 times a day",
    "the abuse of notation",
    "self-inverse function",
    "hang on a second",
    "I'll hang the picture",
    "burn 200 calories",
    "she burned the toast",
    "the bully in the book is called Max",
    "without me adding 3, what happens?",
    "I don't want to live in a world without fractions",
    "I want to be done with this",
    "I don't want to do this any more",
    "touch the point where they meet",
    "my dad helps me with homework",
    "scared of the test tomorrow",
)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in CRIES.items() for text in texts])
def test_no_cry_for_help_is_missed(kind: Concern, text: str) -> None:
    assert concern(text) == kind


def test_there_are_sixty_of_each() -> None:
    assert sum(map(len, CRIES.values())) == 60
    assert len(LOOK_ALIKES) == 60


def test_at_most_three_of_the_look_alikes_are_heard() -> None:
    heard = [text for text in LOOK_ALIKES if concern(text) is not None]
    assert len(heard) <= 3, heard


@pytest.mark.parametrize("text", ["I WANT TO DIE!!!", "i  want\nto die", "I don’t want to live anymore"])
def test_writing_makes_no_difference(text: str) -> None:
    assert concern(text) == "self_harm"
