"""What enters and leaves the REST API, field by field; the OpenAPI page is made from these."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.messages import Move, Reply
from indexer.messages import Hit

# Conversations are counted in a 32-bit column on PostgreSQL.
LARGEST_TURN = 2**31 - 1
_UNSTORABLE = {0} | set(range(0xD800, 0xE000))


def storable(text: str) -> str:
    """The text itself; :class:`ValueError` if no database can keep it (NUL, half of a surrogate pair)."""
    if not _UNSTORABLE.isdisjoint(map(ord, text)):
        raise ValueError("有无法显示的字符，请删去后重试")
    return text


Text = Annotated[str, AfterValidator(storable)]


class Incoming(BaseModel):
    """Parent of what clients send: types are taken literally, a number is no text."""

    model_config = ConfigDict(strict=True)


class Caller(Incoming):
    """Who asks."""

    region: Text | None = Field(None, description="来电人所在区县或街道：代码或名称", examples=["和平区"])
    conversation: Text | None = Field(None, description="上一轮返回的对话编号；不填则开始新的对话")


class Question(Caller):
    """A typed question."""

    text: Text = Field(description="问题，1 到 500 字", examples=["社保卡丢了怎么补办"])


class Feedback(Incoming):
    """The caller's word on an answer."""

    conversation: Text = Field(description="对话编号")
    turn: int = Field(ge=1, le=LARGEST_TURN, description="第几轮，从 1 起", examples=[1])
    right: bool = Field(description="回答对不对")


class EntryShown(BaseModel):
    """An entry of the knowledge base as it is cited."""

    id: int = Field(description="词条编号")
    matter: str | None = Field(description="事项代码")
    matter_name: str | None = Field(description="事项名称")
    aspect: str | None = Field(description="问的是哪一方面，如 办理材料")
    question: str = Field(description="标准问题")
    version: int = Field(description="答案取自词条的哪一版")
    region: str = Field(description="适用区域名称，如 和平区；全市通用的为城市名")
    organisation: str | None = Field(description="承办单位")
    source: str = Field(description="依据")
    updated_on: str | None = Field(description="最后更新日期，YYYY-MM-DD")

    @classmethod
    def of(cls, hit: Hit) -> "EntryShown":
        """The citation of a hit."""
        return cls(**_cited(hit))


class Alternative(EntryShown):
    """Another entry that may have been meant."""

    confidence: float = Field(ge=0, le=1, description="这一条正是所问的概率")

    @classmethod
    def of(cls, hit: Hit) -> "Alternative":
        """The citation of a hit with its probability."""
        return cls(**_cited(hit), confidence=_share(hit.probability))


class Answer(BaseModel):
    """The bot's turn."""

    move: Literal["answer", "confirm", "repeat", "hand_over"] = Field(
        description="answer 直接答复；confirm 请您确认所问；repeat 请再说一遍；hand_over 转人工"
    )
    answer: str = Field(description="给来电人看的话")
    entry: EntryShown | None = Field(description="答复所依据的词条；confirm 时为首先要确认的词条")
    confidence: float = Field(ge=0, le=1, description="最佳词条正是所问的概率")
    alternatives: list[Alternative] = Field(description="其次可能的词条，按可能性和事项交替排列")
    heard: str | None = Field(None, description="听到的话；文字提问时为空")
    conversation: str = Field(description="对话编号，下一轮请带上")
    turn: int = Field(description="第几轮，从 1 起")
    audio: str = Field(description="答复语音（WAV）的地址")

    @classmethod
    def of(cls, reply: Reply, audio: str, heard: str | None = None) -> "Answer":
        """What a client gets of a reply; ``audio`` is the address where it can be heard."""
        return cls(
            move=Move(reply.move).value,
            answer=reply.text,
            entry=EntryShown.of(reply.hit) if reply.hit else None,
            confidence=_share(reply.confidence),
            alternatives=[Alternative.of(hit) for hit in reply.alternatives],
            heard=heard,
            conversation=reply.conversation,
            turn=reply.turn,
            audio=audio,
        )


class Health(BaseModel):
    """That the process serves."""

    status: Literal["ok"]
    entries: int = Field(description="可检索的词条数")


class Failure(BaseModel):
    """What went wrong."""

    code: str = Field(description="固定的英文错误码")
    message: str = Field(description="中文说明和下一步")
    request_id: str | None = Field(None, description="请求编号，仅在内部错误时给出，报修时请提供")


class Failed(BaseModel):
    """Every error's body."""

    error: Failure


def _cited(hit: Hit) -> dict:
    return {
        "id": hit.entry_id,
        "matter": hit.matter,
        "matter_name": hit.matter_name,
        "aspect": hit.aspect,
        "question": hit.question,
        "version": hit.version,
        "region": hit.region_name,
        "organisation": hit.organisation,
        "source": hit.source,
        "updated_on": hit.updated_on,
    }


def _share(probability: float) -> float:
    return round(min(1.0, max(0.0, float(probability))), 4)
