"""What a learner finds at which address: courses, their own lessons to go on with or to read, nobody else's."""

from __future__ import annotations

import uuid

from django.test import Client

from sessions_app import branching, sessions
from sessions_app.models import Session
from tests.integration.admin_visitors import browser, go_on, learner, lesson, lesson_with_question, staff, words


def test_the_first_page_lists_ones_own_lessons(transactional_db: None) -> None:
    ada = learner("ada")
    before = words(browser(ada).get("/"))
    session = lesson_with_question(ada)
    branch = branching.fork(session, Session.objects.get(pk=session).head, actor="ada", by="learner").session
    lesson(learner("grace"))
    page = browser(ada).get("/").content.decode()

    assert "Your lessons" not in before
    assert page.count('class="lesson-title"') == 2
    assert 'href="/learn/small/"' in page
    assert f'href="/sessions/{branch}/"' in page


def test_a_lesson_of_ones_own_can_be_read_when_it_is_over(transactional_db: None) -> None:
    ada = learner("ada")
    session = lesson(ada)
    sessions.shutdown(session)
    client = browser(ada)

    assert f'href="/sessions/{session}/"' in client.get("/").content.decode()
    assert f'data-session="{session}"' in client.get(f"/sessions/{session}/").content.decode()
    assert browser(learner("grace")).get(f"/sessions/{session}/").status_code == 404
    assert staff("clerk").get(f"/sessions/{session}/").status_code == 404
    assert client.get(f"/sessions/{uuid.uuid4()}/").status_code == 404
    assert Client().get(f"/sessions/{session}/").status_code == 302


def test_the_page_speaks_the_readers_language_and_the_course_keeps_its_own(transactional_db: None) -> None:
    ada = learner("ada")
    go_on(lesson(ada))
    client = browser(ada)
    german = client.get("/learn/small/", headers={"accept-language": "de-AT,de;q=0.9"}).content.decode()
    client.post("/language", {"language": "de", "next": "/"})
    chosen = client.get("/", headers={"accept-language": "en"}).content.decode()

    assert '<html lang="de">' in german
    assert "Dein Weg" in german
    assert '<h1 lang="en">' in german
    assert "Deine Lektionen" in chosen
    assert "Deine Antwort wird gepr" in client.get("/words.js").content.decode()


def test_words_are_not_sent_again(db: None) -> None:
    first = Client().get("/words.js", headers={"accept-language": "en"})
    again = Client().get("/words.js", headers={"accept-language": "en", "if-none-match": first["ETag"]})

    assert again.status_code == 304
    assert "no-cache" in first["Cache-Control"]
