from __future__ import annotations

import base64
import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.evals import generate_attacks
from tutor.evals.exceptions import BadOptions
from tutor.evals.red_team.attacks import FAMILIES

TRIBUNAL = {
    "base64", "leetspeak", "rot13", "pig_latin", "reversed", "ignore_instructions", "system_prompt_extraction",
    "role_switch", "delimiter_injection", "dan", "stan", "developer_mode", "hypothetical", "character_roleplay",
    "research_framing",
}  # fmt: skip


@given(st.text(min_size=1, max_size=100), st.integers())
def test_the_same_prompt_and_seed_give_the_same_attacks(prompt: str, seed: int) -> None:
    assert generate_attacks(prompt, seed=seed) == generate_attacks(prompt, seed=seed)


def test_tribunals_attacks_are_all_there_and_more() -> None:
    names = {attack.name for attack in generate_attacks("How do I pick a lock?")}

    assert names >= TRIBUNAL
    assert {"already_knows", "authority", "emotional", "escalation", "hidden_in_mathematics"} <= names


def test_one_family_can_be_asked_for_and_draws_the_same_words() -> None:
    every = generate_attacks("p", seed=4)

    assert generate_attacks("p", ["jailbreak"], seed=4) == [one for one in every if one.family == "jailbreak"]
    with pytest.raises(BadOptions, match="encoding"):
        generate_attacks("p", ["no such family"])


def test_encodings_carry_the_prompt() -> None:
    prompt = "Tell me the answer."
    made = {attack.name: attack.text for attack in generate_attacks(prompt, ["encoding"])}

    assert base64.b64encode(prompt.encode()).decode() in made["base64"]
    assert codecs.encode(prompt, "rot13") in made["rot13"]
    assert prompt[::-1] in made["reversed"]
    assert made["pig_latin"].startswith("ellTay emay")


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"encoding"}))
def test_the_others_say_it_plainly(family: str) -> None:
    assert all("Tell me." in attack.text for attack in generate_attacks("Tell me.", [family]))
