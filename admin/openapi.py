"""Describes the API as OpenAPI 3.0, from the models that it really uses."""

from typing import Any

from pydantic.json_schema import models_json_schema

from admin.schemas import Answer, Failed, Feedback, Health, Question

_REFERENCE = "#/components/schemas/{model}"
_WAV = {"type": "string", "format": "binary"}
_QUESTION_EXAMPLE = {"text": "社保卡丢了怎么补办", "region": "和平区"}
_FEEDBACK_EXAMPLE = {"conversation": "0123456789abcdef0123456789abcdef", "turn": 1, "right": True}
_WRONG = {
    400: "正文为空或不是 JSON",
    404: "没有这次对话或这一轮",
    413: "内容太大或声音太长",
    422: "字段不对、问题为空或太长、没有这个区域、声音无法使用",
    500: "内部错误，附请求编号",
}


def describe() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "12345 热线问答接口", "version": "1", "description": "全部在本机运行，不访问外网。"},
        "paths": {path: _grouped(methods) for path, methods in _paths().items()},
        "components": {"schemas": _schemas()},
    }


def _paths() -> dict[str, Any]:
    return {
        "/api/v1/ask": {
            "post": {
                "summary": "用文字提问",
                "requestBody": _json_body("Question", _QUESTION_EXAMPLE),
                "responses": _responses(_json("答复", "Answer"), 400, 404, 413, 422, 500),
            }
        },
        "/api/v1/ask/audio": {
            "post": {
                "summary": "用声音提问",
                "description": "WAV 作为原始正文，或以 multipart/form-data 的任一文件字段上传；最大 32 MB。",
                "parameters": [_parameter("region", "区县或街道"), _parameter("conversation", "对话编号")],
                "requestBody": _sound_body(),
                "responses": _responses(_json("答复，heard 为听到的话", "Answer"), 400, 404, 413, 422, 500),
            }
        },
        "/api/v1/feedback": {
            "post": {
                "summary": "答复对不对",
                "requestBody": _json_body("Feedback", _FEEDBACK_EXAMPLE),
                "responses": {"204": {"description": "已记录"}} | _failures(400, 404, 413, 422, 500),
            }
        },
        "/api/v1/conversations/{conversation}/turns/{turn}/speech.wav": {
            "get": {
                "summary": "某一轮答复的语音",
                "parameters": [
                    _parameter("conversation", "对话编号", "path"),
                    _parameter("turn", "第几轮，从 1 起", "path", {"type": "integer", "minimum": 1}),
                ],
                "responses": _responses({"description": "语音", "content": {"audio/wav": {"schema": _WAV}}}, 404, 500),
            }
        },
        "/api/v1/openapi.json": {
            "get": {
                "summary": "本说明",
                "responses": {
                    "200": {
                        "description": "OpenAPI 3.0",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                },
            }
        },
        "/api/docs": {
            "get": {
                "summary": "本说明的网页",
                "responses": {"200": {"description": "网页", "content": {"text/html": {"schema": {"type": "string"}}}}},
            }
        },
        "/healthz": {"get": {"summary": "是否在服务", "responses": {"200": _json("在服务", "Health")}}},
    }


def _grouped(methods: dict[str, Any]) -> dict[str, Any]:
    return {method: {"tags": ["问答"]} | operation for method, operation in methods.items()}


def _schemas() -> dict[str, Any]:
    models = [(model, "validation") for model in (Question, Feedback)]
    models += [(model, "serialization") for model in (Answer, Health, Failed)]
    _, schema = models_json_schema(models, ref_template=_REFERENCE)
    return _as_3_0(schema["$defs"])


def _as_3_0(node: Any) -> Any:
    """The same schema in the words of OpenAPI 3.0, the newest that the bundled page can show."""
    if isinstance(node, list):
        return [_as_3_0(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _as_3_0(value) for key, value in node.items()}
    if isinstance(node.get("examples"), list):
        node["example"] = node.pop("examples")[0]
    if node.get("default", ...) is None:
        del node["default"]
    if {"type": "null"} in node.get("anyOf", []):
        node["allOf"] = [kind for kind in node.pop("anyOf") if kind != {"type": "null"}]
        node["nullable"] = True
    return _with_plain_constant(node)


def _with_plain_constant(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "const"} | (
        {"enum": [node["const"]]} if "const" in node else {}
    )


def _json(description: str, model: str) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model=model)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _json_body(model: str, example: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model=model)}
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


def _sound_body() -> dict[str, Any]:
    form = {"type": "object", "properties": {"file": _WAV}}
    for field in ("region", "conversation"):
        form["properties"][field] = {"type": "string"}
    content = {"audio/wav": {"schema": _WAV}, "multipart/form-data": {"schema": form}}
    return {"required": True, "content": content}


def _parameter(name: str, description: str, place: str = "query", schema: dict | None = None) -> dict[str, Any]:
    found = {"name": name, "in": place, "description": description, "schema": schema or {"type": "string"}}
    return found | ({"required": True} if place == "path" else {})


def _responses(success: dict[str, Any], *statuses: int) -> dict[str, Any]:
    return {"200": success} | _failures(*statuses)


def _failures(*statuses: int) -> dict[str, Any]:
    return {str(status): _json(_WRONG[status], "Failed") for status in statuses}
