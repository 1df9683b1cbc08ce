"""Reads what clients send, never more than allowed, and tells in Chinese what is wrong with it."""

import time
from typing import TypeVar

from flask import Request, Response, request
from pydantic import ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from admin.schemas import Incoming

JSON_BYTES = 64 * 1024
AUDIO_BYTES = 32 * 1024 * 1024
# Beyond this a client that ignores our answer is cut off: it uploads for nobody.
DRAIN_BYTES = 128 * 1024 * 1024
DRAIN_SECONDS = 10.0
_CHUNK = 1024 * 1024
_BOM = b"\xef\xbb\xbf"

Model = TypeVar("Model", bound=Incoming)


class UnusableBodyError(Exception):
    """The body or a parameter cannot be understood; its text says what to change, in Chinese."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def read_json(model: type[Model]) -> Model:
    """The request's JSON body as ``model``; :class:`UnusableBodyError`, or 413 beyond ``JSON_BYTES``."""
    body = _read(JSON_BYTES).removeprefix(_BOM)
    if not body.strip():
        raise UnusableBodyError("empty_body", 400, "请求正文是空的，请发送一个 JSON 对象。")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _explained(error) from error


def read_parameters(model: type[Model]) -> Model:
    """The query's and the form's fields as ``model``; :class:`UnusableBodyError`."""
    try:
        return model.model_validate(request.values.to_dict())
    except ValidationError as error:
        raise _explained(error) from error


def read_sound() -> bytes:
    """The uploaded sound: the first file of a form, else the raw body; :class:`UnusableBodyError` if there is none."""
    if request.mimetype != "multipart/form-data":
        # Before anything asks for form fields: a body mislabelled as a form would be eaten by the form parser.
        return _not_empty(_read(AUDIO_BYTES))
    request.max_content_length = AUDIO_BYTES
    sounds = [file.read() for file in request.files.values()]
    if sounds:
        return _not_empty(next(filter(None, sounds), b""))
    raise UnusableBodyError("no_file", 400, "表单里没有声音文件，请用文件字段上传 WAV。")


def drain(response: Response) -> Response:
    """Read what is left of the body: a server that closes over unread bytes resets the connection, and the client
    never sees the answer."""
    if request.environ.get("wsgi.input_terminated"):
        _read_rest(request)
    return response


def _read_rest(incoming: Request) -> None:
    stream, left, until = incoming.environ["wsgi.input"], DRAIN_BYTES, time.monotonic() + DRAIN_SECONDS
    try:
        while left > 0 and time.monotonic() < until:
            chunk = stream.read(_CHUNK)
            if not chunk:
                return
            left -= len(chunk)
    except Exception:
        return


def _read(limit: int) -> bytes:
    request.max_content_length = limit
    body = request.get_data()
    # A body without a length is cut at the limit, not refused.
    if request.content_length is None and len(body) >= limit:
        raise RequestEntityTooLarge
    return body


def _not_empty(sound: bytes) -> bytes:
    if not sound:
        raise UnusableBodyError("empty_body", 400, "没有收到声音，请上传一段 WAV 录音。")
    return sound


def _explained(error: ValidationError) -> UnusableBodyError:
    first = error.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "json_invalid":
        return UnusableBodyError("not_json", 400, "请求正文不是有效的 JSON，请检查格式，并使用 UTF-8 编码。")
    if not first["loc"]:
        return UnusableBodyError("not_an_object", 422, "请求正文应当是一个 JSON 对象，请对照接口说明修改。")
    if first["type"] == "missing":
        return UnusableBodyError("missing_field", 422, f"缺少字段 {field}，请补上。")
    if first["type"] == "value_error":
        return UnusableBodyError("unusable_text", 422, f"字段 {field} {first['ctx']['error']}。")
    return UnusableBodyError("wrong_type", 422, f"字段 {field} 的类型或取值不对，请对照接口说明修改。")
