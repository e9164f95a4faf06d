"""What an operator may set, from the environment (`LAMPLIGHTER_…`) or a `.env` file.

Nested names are joined by two underscores: `LAMPLIGHTER_TWILIO__SENDER`. The sandbox fills in what it needs
for itself; live mode refuses to start with any of those defaults.
"""

from __future__ import annotations

import secrets
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway.kernel.errors import Misconfigured
from gateway.kernel.phones import InvalidPhone, parse

Role = Literal["web", "dispatch", "clock"]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"no such time zone: {name}") from error
    return name


_NOBODY_ON_DUTY: Final = (
    "a customer in danger is shown in the console and the API alone: set LAMPLIGHTER_ALERT_NUMBERS or the staff bot,"
    " so that somebody on duty is told"
)
#: Credentials between the sandbox's gateway and the embedded carrier; live mode has none by default.
_SANDBOX_TWILIO = {
    "account_sid": "AC" + "5a" * 16,
    "auth_token": "sandbox-auth-token",
    "sender": "+861069559800",
}
#: The bots of the sandbox, which the embedded carrier stands in for.
_SANDBOX_CHATS = {
    "customers": "7000001:sandbox-bot",
    "username": "lamplighter_7000001_bot",
    "staff": "7000002:sandbox-staff-bot",
    "corp_id": "ww" + "5a" * 8,
    "secret": "sandbox-secret",
    "callback": "sandbox-callback",
    "aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
}

Zone = Annotated[str, AfterValidator(_known_zone)]


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class TwilioSettings(BaseModel):
    """Twilio's REST API, or anything that speaks it. Empty in the sandbox means the embedded carrier."""

    account_sid: str = ""
    auth_token: SecretStr = SecretStr("")
    sender: str = ""
    base_url: str = ""
    #: Texts a second over all nodes; 0 sends as fast as the carrier answers.
    rate: float = Field(default=0, ge=0)
    #: Whether it takes texts alone that it has approved.
    approved_templates: bool = False
    #: Hand-overs in flight for one node.
    concurrency: int = Field(default=256, ge=1, le=4096)
    #: Seconds before a hand-over counts as unknown.
    timeout: float = Field(default=15, gt=0)
    #: The address of Lookup; empty means that of the embedded carrier in the sandbox, Twilio's in live mode.
    lookup_url: str = ""
    #: Seconds beyond `timeout` after which a carrier that does not know a message is believed.
    settle_after: float = Field(default=5, gt=0)


class TelegramSettings(BaseModel):
    """The customer bot."""

    token: SecretStr = SecretStr("")
    api_base: str = "https://api.telegram.org"
    mode: Literal["webhook", "polling"] = "webhook"
    #: The bot's user name: the links that bind chats lead to it.
    username: str = Field(default="", pattern=r"^([A-Za-z][A-Za-z0-9_]{3,31})?$")


class StaffBotSettings(BaseModel):
    """The bot for staff."""

    token: SecretStr = SecretStr("")


class WeComSettings(BaseModel):
    """An application of WeCom (企业微信); empty `secret` means none."""

    corp_id: str = ""
    secret: SecretStr = SecretStr("")
    agent_id: int = 0
    #: Of the application's callback: what signs it, and the EncodingAESKey.
    token: SecretStr = SecretStr("")
    aes_key: SecretStr = SecretStr("")
    api_base: str = "https://qyapi.weixin.qq.com"


class SmppSettings(BaseModel):
    """A direct connection to an operator's SMSC."""

    host: str = ""
    port: int = 2775
    system_id: str = ""
    password: SecretStr = SecretStr("")
    sender: str = ""
    window: int = 32


class CarrierSettings(BaseModel):
    """The embedded carrier of the sandbox."""

    #: Port of its API and of the wall of handsets; 0 means the web port plus one.
    port: int = Field(default=0, ge=0, le=65535)
    #: `lively` handsets answer by themselves; `silent` ones only receive.
    handsets: Literal["silent", "lively"] = "silent"
    #: Whether it stands in for the chat platforms too, with a bot of its own for each that the settings name none for.
    chats: bool = False


class Settings(BaseSettings):
    """All settings of one node. See `docs/operations.md` for the table."""

    model_config = SettingsConfigDict(
        env_prefix="LAMPLIGHTER_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        validate_default=True,
    )

    mode: Literal["sandbox", "live"] = "sandbox"
    database_url: str = ""
    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    #: Where the probes and metrics answer beside the web, or without it; 0 is nowhere.
    monitoring_port: int = Field(default=0, ge=0, le=65535)
    public_url: str = ""
    roles: Annotated[list[Role], NoDecode] = ["web", "dispatch", "clock"]
    secret_key: SecretStr = SecretStr("")
    bootstrap_api_key: SecretStr = SecretStr("")
    auto_approve: Annotated[list[str], NoDecode] = ["outage_fault", "restoration"]
    contact_checks: Literal["manual", "auto", ""] = ""
    #: Whether the clock takes each day's stages of the arrears ladder, or only people do.
    ladder: Literal["manual", "auto", ""] = ""
    #: Whether the clock asks about every service that was drawn, or surveys go out when people say so.
    surveys: Literal["manual", "auto", ""] = ""
    timezone: Zone = "Asia/Shanghai"
    region: str = "CN"
    #: Numbers of those on duty, texted at any hour when a customer may be in danger.
    alert_numbers: Annotated[list[str], NoDecode] = []
    language: Literal["zh-CN", "en"] = "zh-CN"
    sender_name: str = "国网供电"
    #: Signs texts in other languages; empty means `sender_name` where that is plain ASCII.
    sender_name_en: str = ""
    opt_out_scope: Literal["purpose", "all"] = "purpose"
    mask_unproven: bool = False
    #: What one segment of a text costs, in the utility's currency; previews say what a notice would cost.
    segment_price: Decimal = Field(default=Decimal("0.05"), ge=0)
    #: Numbers that are looked up in one night, each of which costs money; 0 looks nothing up.
    lookups_a_night: int = Field(default=0, ge=0, le=100_000)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    max_upload_mb: int = Field(default=2048, ge=1)
    #: Months that messages and what befell them are kept; the law asks for five at least (domain notes §3.1).
    keep_months: int = Field(default=24, ge=6)

    twilio: TwilioSettings = TwilioSettings()
    telegram: TelegramSettings = TelegramSettings()
    telegram_staff: StaffBotSettings = StaffBotSettings()
    wecom: WeComSettings = WeComSettings()
    smpp: SmppSettings = SmppSettings()
    carrier: CarrierSettings = CarrierSettings()

    @field_validator("roles", "auto_approve", "alert_numbers", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return _split(value)

    @field_validator("alert_numbers")
    @classmethod
    def _numbers(cls, value: list[str], info: ValidationInfo) -> list[str]:
        try:
            return [parse(number, info.data.get("region", "CN")).e164 for number in value]
        except InvalidPhone as error:
            raise ValueError(f"not a telephone number: {error}") from error

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "postgres://", "postgresql+asyncpg://")):
            raise ValueError("DATABASE_URL must be a postgresql:// address")
        return value.replace("postgresql+asyncpg://", "postgresql://").replace("postgres://", "postgresql://")

    @model_validator(mode="after")
    def _defaults_are_the_sandboxes(self) -> Settings:
        if self.mode == "sandbox":
            self.twilio.account_sid = self.twilio.account_sid or _SANDBOX_TWILIO["account_sid"]
            self.twilio.sender = self.twilio.sender or _SANDBOX_TWILIO["sender"]
            if not self.twilio.auth_token.get_secret_value():
                self.twilio.auth_token = SecretStr(_SANDBOX_TWILIO["auth_token"])
            if self.carrier.chats:
                self.stand_in_for_chats()
            return self
        missing = [
            name
            for name, value in (
                ("DATABASE_URL", self.database_url),
                ("SECRET_KEY", self.secret_key.get_secret_value()),
                ("PUBLIC_URL", self.public_url),
                ("TWILIO__ACCOUNT_SID", self.twilio.account_sid),
                ("TWILIO__AUTH_TOKEN", self.twilio.auth_token.get_secret_value()),
                ("TWILIO__SENDER", self.twilio.sender),
            )
            if not value
        ]
        if missing:
            raise ValueError(f"live mode needs LAMPLIGHTER_{', LAMPLIGHTER_'.join(missing)}")
        if len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("live mode needs a LAMPLIGHTER_SECRET_KEY of 32 characters or more")
        if self.bootstrap_api_key.get_secret_value():
            raise ValueError("LAMPLIGHTER_BOOTSTRAP_API_KEY is for the sandbox; live mode refuses it")
        if not self.twilio.base_url:
            self.twilio.base_url = "https://api.twilio.com"
        if not self.twilio.lookup_url:
            self.twilio.lookup_url = "https://lookups.twilio.com"
        return self

    def stand_in_for_chats(self) -> None:
        """Have the embedded carrier speak for the chat platforms, where no other bots are named."""
        self.carrier.chats = not self.telegram.token.get_secret_value() and not self.wecom.secret.get_secret_value()
        if not self.carrier.chats:
            return
        self.telegram.token = SecretStr(_SANDBOX_CHATS["customers"])
        self.telegram.username = _SANDBOX_CHATS["username"]
        self.telegram_staff.token = SecretStr(_SANDBOX_CHATS["staff"])
        self.wecom.corp_id, self.wecom.agent_id = _SANDBOX_CHATS["corp_id"], 1000001
        self.wecom.secret = SecretStr(_SANDBOX_CHATS["secret"])
        self.wecom.token = SecretStr(_SANDBOX_CHATS["callback"])
        self.wecom.aes_key = SecretStr(_SANDBOX_CHATS["aes_key"])

    @property
    def advice(self) -> tuple[str, ...]:
        """What a live gateway does without and had better not, in words for its operator."""
        if self.mode == "live" and not self.alert_numbers and not self.telegram_staff.token.get_secret_value():
            return (_NOBODY_ON_DUTY,)
        return ()

    @property
    def sandbox(self) -> bool:
        """Whether the test clock and the embedded carrier are available."""
        return self.mode == "sandbox"

    @property
    def embedded_carrier(self) -> bool:
        """Whether this node starts a carrier of its own: in the sandbox, unless another one is named."""
        return self.sandbox and not self.twilio.base_url

    @property
    def base_url(self) -> str:
        """The public address, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def senders(self) -> dict[str, str]:
        """Who signs texts, by language; empty where the home's sender does."""
        return {"zh-CN": self.sender_name, "en": self.sender_name_en}

    @cached_property
    def zone(self) -> ZoneInfo:
        """The utility's home zone."""
        return ZoneInfo(self.timezone)

    @property
    def automatic_contact_checks(self) -> bool:
        """Whether the clock drafts contact checks that are due."""
        return (self.contact_checks or ("manual" if self.sandbox else "auto")) == "auto"

    @property
    def automatic_ladder(self) -> bool:
        """Whether the clock takes the day's stages of the arrears ladder."""
        return (self.ladder or ("manual" if self.sandbox else "auto")) == "auto"

    @property
    def automatic_surveys(self) -> bool:
        """Whether the clock asks customers about the services they got."""
        return (self.surveys or ("manual" if self.sandbox else "auto")) == "auto"

    def kept_secret(self) -> str:
        """The key that signs sessions; in the sandbox made once and kept in the data directory."""
        if key := self.secret_key.get_secret_value():
            return key
        path = self.data_dir / "secret-key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text()


def load() -> Settings:
    """Settings from the environment. Raises Misconfigured with every fault on a line of its own."""
    from pydantic import ValidationError

    try:
        return Settings()
    except ValidationError as error:
        faults = "\n".join(
            f"  LAMPLIGHTER_{'__'.join(str(part).upper() for part in fault['loc']) or 'MODE'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise Misconfigured(f"settings are wrong:\n{faults}") from error
