"""Every setting of one Hotline process, typed, with its default and its reason.

Read from ``HOTLINE_*`` variables of the environment, then from ``hotline.toml`` in the working directory. No other
module reads either: the composition root passes the values on.
"""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

SHIPPED_SPEECH_MODEL = Path(__file__).parents[1] / "speech" / "models" / "asr-starter"


class Settings(BaseSettings):
    """What an operator may change; each field is the variable ``HOTLINE_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", toml_file="hotline.toml", extra="forbid")

    host: str = Field("127.0.0.1", description="Address the site and API listen on.")
    port: int = Field(8345, ge=1, le=65535, description="Port the site and API listen on.")
    threads: int = Field(8, ge=1, le=256, description="Requests one process answers at once.")
    data: Path = Field(Path("data"), description="Folder of the database, the index, installed models and caches.")
    database_url: str = Field("", description="SQLAlchemy URL; empty means hotline.sqlite in the data folder.")
    embedding_model: str = Field(
        "",
        description="Name or folder of a sentence-transformers model (for example BAAI/bge-small-zh-v1.5); empty means "
        "a static model trained on the knowledge base when the index is built.",
    )
    embedding_query_prompt: str = Field("", description="Put before queries (not entries), for models that ask for it.")
    follow_seconds: float = Field(
        0.2, gt=0, le=3600, description="Pause after which a running server looks for what editors have published."
    )
    speech_model: str = Field(
        "", description="Folder of a Kaldi-format Vosk model; empty means the installed one, else the shipped starter."
    )
    voice: str = Field("sit/cmn-latn-pinyin", description="espeak-ng voice; this one reads numbered pinyin.")
    speaking_rate: int = Field(170, ge=80, le=400, description="Words a minute as pyttsx3 counts them.")
    wrong_answer_cost: float = Field(
        5.0,
        gt=1,
        le=1_000,
        # Measured: 27 of 72 callers' questions are answered at what this makes of it, 25 of them rightly, and of 1,100
        # that no entry answers 3.
        description="How many hand-overs to a person one wrong answer is as bad as.",
    )
    answer_threshold: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Probability of being right from which the bot answers without asking back; empty means what the "
        "cost of a wrong answer makes of it.",
    )
    confirm_threshold: float = Field(
        0.3,
        ge=0,
        le=1,
        # Measured: 58 of 72 callers' questions lie above it, of 1,100 that no entry answers 117.
        description="Probability from which the bot asks back; below it a person takes over.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the one file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def answers_from(self) -> float:
        """Probability of being right from which the bot answers.

        A hand-over costs 1, an answer on average the cost of a wrong one times the chance that it is wrong (Chow 1970).
        """
        return 1 - 1 / self.wrong_answer_cost if self.answer_threshold is None else self.answer_threshold

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'hotline.sqlite'}"

    @property
    def index_folder(self) -> Path:
        """Where built indexes lie."""
        return self.data / "index"

    @property
    def models_folder(self) -> Path:
        """Where ``hotline models install`` puts recognition models."""
        return self.data / "models"

    @property
    def speech_cache(self) -> Path:
        """Where spoken sentences are kept."""
        return self.data / "speech-cache"
