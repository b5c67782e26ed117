"""One question of a course for its author: as a learner sees it, with other numbers, and a place to try answers."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString, mark_safe

from tutor import course as content
from tutor.checking import check
from tutor.draws import parameters
from tutor.expressions import ExpressionError
from tutor.markdown import render
from tutor.questions import QuestionInstance, UnknownQuestion, find, instance_of

_LARGEST_SEED = 2**31 - 1
#: In characters.
_MAX_ANSWER = 2_000


def question_page(
    request: HttpRequest, admin: ModelAdmin[Any], course: content.Course, question_id: str, back: str, where: str
) -> HttpResponse:
    """``?seed=3`` draws other numbers, ``&answer=…`` is judged. Nothing is stored."""
    try:
        topic, question = find(course, question_id)
    except UnknownQuestion as error:
        raise Http404(str(error)) from None
    seed = _seed(request)
    given = request.GET.get("answer", "")[:_MAX_ANSWER]
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "media": admin.media,
        "title": question.id,
        "subtitle": None,
        "back": back,
        "where": where,
        "topic": topic.title,
        "question": question,
        "seed": seed,
        "next_seed": (seed + 1) % _LARGEST_SEED,
        "given": given,
    }
    try:
        instance = instance_of(course, topic, question, seed)
        context.update(_shown(question, instance, seed))
        context["verdict"] = _verdict(course, instance, given) if given.strip() else None
    except (ExpressionError, LookupError, ValueError) as error:
        context["broken"] = str(error)
    return TemplateResponse(request, "admin/tutor/question.html", context)


def _shown(question: content.Question, instance: QuestionInstance, seed: int) -> dict[str, Any]:
    return {
        "numbers": parameters(question, seed) if question.params else {},
        "prompt": _html(instance.prompt),
        "choices": [(choice.id, _html(choice.text), choice.known_error) for choice in instance.format.choices],
        "answer": instance.answer,
        "hints": [_html(hint if isinstance(hint, str) else hint.ask) for hint in instance.hints],
        "solution": [_html(line) for line in instance.solution],
        "errors": [(error.known_error, error.match or "", error.say) for error in instance.errors],
    }


def _verdict(course: content.Course, instance: QuestionInstance, given: str) -> dict[str, Any]:
    verdict = check(instance, given)
    names = {error.id: error.name for topic in course.topics for error in topic.known_errors}
    tone = {"correct": "good", "wrong": "bad", "known_error": "bad"}.get(verdict.verdict, "waiting")
    return {
        "name": verdict.verdict.replace("_", " "),
        "tone": tone,
        "known_error": names.get(verdict.known_error or "", verdict.known_error),
        "feedback": _html(verdict.feedback) if verdict.feedback else "",
        "detail": verdict.intent or verdict.code,
        "counts": verdict.counts,
    }


def _seed(request: HttpRequest) -> int:
    text = request.GET.get("seed", "0")
    return min(int(text), _LARGEST_SEED) if text.isdecimal() and len(text) < 12 else 0


def _html(markdown: str) -> SafeString:
    return mark_safe(render(markdown))  # noqa: S308 — ``render`` emits a closed set of elements
