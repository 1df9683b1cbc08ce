"""The one place where errors become answers: Chinese JSON for the API, a Chinese page for people."""

import logging

from flask import Flask, Response, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from admin.bodies import UnusableBodyError
from bot.errors import ConversationError, UnacceptableUtteranceError, UnknownRegionError
from desk.errors import DeskError, UnknownConversationError, UnknownTurnError
from indexer.errors import IndexerError
from kb.errors import KnowledgeError, NotFoundError
from speech.errors import AudioError, AudioTooLongError, SpeechError

_logger = logging.getLogger(__name__)

# The first class that fits counts, so the particular ones come first.
_OURS: list[tuple[type[Exception], int, str]] = [
    (UnacceptableUtteranceError, 422, "unacceptable_text"),
    (UnknownRegionError, 422, "unknown_region"),
    (UnknownConversationError, 404, "unknown_conversation"),
    (UnknownTurnError, 404, "unknown_turn"),
    (AudioTooLongError, 413, "audio_too_long"),
    (AudioError, 422, "unusable_audio"),
    (NotFoundError, 404, "not_found"),
    # What is left of ours is nothing the client did: a model, an index or a voice that is missing.
    (SpeechError, 503, "speech_unavailable"),
    (IndexerError, 503, "search_unavailable"),
    (ConversationError, 503, "unavailable"),
    (DeskError, 503, "unavailable"),
    (KnowledgeError, 503, "unavailable"),
]
_HTTP = {
    400: ("bad_request", "请求无法理解，请检查格式后重试。"),
    404: ("not_found", "没有这个地址，请核对后再试。"),
    405: ("method_not_allowed", "这个地址不支持这种请求方法，请对照接口说明修改。"),
    408: ("timeout", "请求超时，请重试。"),
    413: ("too_large", "发送的内容太大，请缩短后重试：JSON 不超过 64 KB，声音不超过 32 MB。"),
    414: ("address_too_long", "地址太长，请改用请求正文。"),
    415: ("unsupported_type", "不支持这种内容类型，请对照接口说明修改。"),
    416: ("bad_range", "请求的范围超出了文件，请从头读取。"),
}


def register_errors(app: Flask) -> None:
    """Let the application answer every error from here."""
    app.register_error_handler(UnusableBodyError, lambda e: _answer(e.status, e.code, str(e)))
    app.register_error_handler(HTTPException, _http)
    # What the server raises when a client stops sending in the middle of its request.
    app.register_error_handler(BlockingIOError, lambda _: _answer(408, *_HTTP[408]))
    app.register_error_handler(Exception, _defect)
    for kind, status, code in _OURS:
        app.register_error_handler(kind, _handler(status, code))


def _handler(status: int, code: str):
    def handle(error: Exception) -> Response:
        if status >= 500:
            _logger.error("请求 %s：%s", g.request_id, error, exc_info=error)
        return _answer(status, code, str(error))

    return handle


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    code, message = _HTTP.get(status, ("error", "请求没有成功，请稍后重试。"))
    response = _answer(status, code, message)
    if status == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return response


def _defect(error: Exception) -> Response:
    _logger.error("请求 %s 失败：%s %s", g.request_id, request.method, request.path, exc_info=error)
    message = f"服务内部出错，请稍后重试；如仍不行，请把请求编号 {g.request_id} 告诉管理员。"
    return _answer(500, "internal_error", message, request_id=g.request_id)


def _answer(status: int, code: str, message: str, **more: str) -> Response:
    if _for_programs(request.path):
        response = jsonify(error={"code": code, "message": message, **more})
    else:
        response = Response(render_template("error.html", status=status, message=message), mimetype="text/html")
    response.status_code = status
    return response


def _for_programs(path: str) -> bool:
    return path == "/healthz" or path == "/api" or path.startswith("/api/")
