"""Tells what a person can act on from defects, which deserve a traceback."""

import tomllib

from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from bot.errors import ConversationError
from desk.errors import DeskError
from indexer.errors import IndexerError
from kb.errors import KnowledgeError
from speech.errors import SpeechError

OURS = (KnowledgeError, IndexerError, DeskError, ConversationError, SpeechError)
_WRONG_VALUES = {
    "int_parsing": "应为整数",
    "float_parsing": "应为数字",
    "extra_forbidden": "没有这个设置，请核对名称",
    "greater_than_equal": "不能小于{ge}",
    "less_than_equal": "不能大于{le}",
}


def explain(error: Exception) -> str | None:
    """The sentence to show for an error of ours, a wrong setting, file or database; None for a defect."""
    if isinstance(error, OURS):
        return str(error)
    if isinstance(error, ValidationError) and error.title == "Settings":
        return f"设置有误（环境变量或hotline.toml）：{'；'.join(map(_wrong_setting, error.errors()))}。"
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"hotline.toml的格式有误：{error}。"
    if isinstance(error, OSError) and error.filename:
        return f"无法读写“{error.filename}”（{error.strerror}），请检查路径、权限和磁盘空间。"
    if isinstance(error, DatabaseError):
        return f"数据库出错：{error.orig}。请检查HOTLINE_DATA里的hotline.sqlite，或HOTLINE_DATABASE_URL指的数据库。"
    if isinstance(error, ArgumentError | NoSuchModuleError) or _is_missing_driver(error):
        return f"HOTLINE_DATABASE_URL不能使用（{error}），请检查地址，并安装所需的数据库驱动。"
    return None


def _wrong_setting(error: dict) -> str:
    told = _WRONG_VALUES.get(error["type"])
    reason = told.format(**error.get("ctx", {})) if told else error["msg"]
    return f"HOTLINE_{str(error['loc'][0]).upper()}{reason}"


def _is_missing_driver(error: Exception) -> bool:
    return isinstance(error, ModuleNotFoundError) and error.name in ("psycopg2", "psycopg", "pymysql", "MySQLdb")
