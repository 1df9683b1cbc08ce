"""Telephone numbers in Chinese text: finding them, and telling which may not be read out to a caller."""

import re
from collections.abc import Container, Iterator

_TOKEN = re.compile(r"(?<![\dA-Za-z.])[(（]?\d(?:\d|[-－—–()（）·\s](?=[\d(（])|\.(?=\d{3}))*[xX]?")
# What stands before a number that is dialled, and before one that is not.
_DIALLED = re.compile(r"(?:打|拨|电话|热线|号码|专线|传真|客服)[^\d，。；！？]{0,4}$")
_OTHER = re.compile(r"(?:工号|编号|代码|证号|邮编|文号|型号|账号|卡号|车牌|单号)[^\d，。；！？]{0,3}$")
_UNITS = "元万亿人户平米公千吨年月日天个次分小时点岁周度%％项条件名家辆所栋层室字股头亩克斤升瓦兆位"
_COUNTED = re.compile(rf"\s*(?:[{_UNITS}]|号[楼院窗门])")
_SHORT = re.compile(r"1(?:10|12|14|17|19|2[0-2]|1\d{3}|0\d{3}|2\d{3})|9[56]\d{3,4}|95\d{6}")
_FIXED = re.compile(
    r"0(?:10|2\d|[3-9]\d{2})-(?:\d{7,8}|\d{3,4}-\d{4})|(?:400|800)-?\d{3}-?\d{4}|(?:400|800)-?\d{4}-?\d{3}"
)
_MOBILE = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
_IDENTITY = re.compile(r"\d{17}[\dXx]")


def phone_faults(text: str, lines: Container[str] = ()) -> Iterator[str]:
    """Reasons, in Chinese, why a number in the text may not stand there; ``lines`` are further numbers that may.

    Allowed are emergency and service numbers (110, 12345, 95598), fixed telephones with their area code
    (024-8800-1234 or 024-88001234) and 400 or 800 numbers (YD/T 1138: 电信网编号计划). Mobile telephones and identity
    numbers belong to a person and must not be read out.
    """
    for found in _TOKEN.finditer(text):
        token = found.group()
        digits = re.sub(r"\D", "", token)
        before = text[: found.start()]
        if len(digits) < 3 or _OTHER.search(before):
            continue
        if _IDENTITY.fullmatch(token):
            yield f"“{token}”像是身份证号，不能公开"
        elif _MOBILE.fullmatch(digits):
            yield f"“{token}”是手机号，请改用单位的固定电话或热线"
        elif token in lines or _SHORT.fullmatch(token) or _FIXED.fullmatch(token) or _COUNTED.match(text, found.end()):
            continue
        elif _DIALLED.search(before) or len(digits) >= 7:
            yield f"“{token}”不是规范的电话号码：{_advice(digits)}"


def _advice(digits: str) -> str:
    if len(digits) in (7, 8):
        return "缺少区号，请写成024-8800-1234这样"
    if digits.startswith("0") and 10 <= len(digits) <= 12:
        return "区号后面要加短横线，请写成024-8800-1234这样"
    return "请核对号码，固定电话写成024-8800-1234这样"
