import re

from admin.openapi import describe
from admin.schemas import Answer, Feedback, Question


def routes(app):
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<>:]*:)?(\w+)>", r"{\1}", rule.rule)
        if path.startswith("/api/v1/") or path in {"/api/docs", "/healthz"}:
            yield path, {method.lower() for method in rule.methods - {"HEAD", "OPTIONS"}}


def test_every_route_is_described_and_nothing_else(app, client):
    document = client.get("/api/v1/openapi.json").get_json()
    assert document == describe()
    assert {path: set(methods) for path, methods in document["paths"].items()} == dict(routes(app))


def test_every_reference_leads_somewhere():
    document = describe()
    for name in re.findall(r"#/components/schemas/(\w+)", str(document)):
        assert name in document["components"]["schemas"]


def test_the_examples_are_valid(client):
    paths = describe()["paths"]
    question = paths["/api/v1/ask"]["post"]["requestBody"]["content"]["application/json"]["example"]
    feedback = paths["/api/v1/feedback"]["post"]["requestBody"]["content"]["application/json"]["example"]
    Question.model_validate(question)
    Feedback.model_validate(feedback)
    Answer.model_validate(client.post("/api/v1/ask", json=question).get_json())


def test_the_page_and_its_parts_come_from_here(client):
    page = client.get("/api/docs").text
    for address in re.findall(r'(?:src|href|data-document)="([^"]+)"', page):
        assert address.startswith("/")
        assert client.get(address).status_code == 200
