from __future__ import annotations

from pathlib import Path

import pytest

from gateway.kernel.errors import Misconfigured
from gateway.kernel.settings import Settings, load


def test_the_sandbox_needs_nothing() -> None:
    settings = Settings(_env_file=None)
    assert settings.sandbox and settings.embedded_carrier and settings.base_url == "http://127.0.0.1:8080"
    assert settings.twilio.account_sid.startswith("AC") and settings.twilio.sender.startswith("+")


def test_names_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPLIGHTER_ROLES", "web, clock")
    monkeypatch.setenv("LAMPLIGHTER_TWILIO__BASE_URL", "http://127.0.0.1:9999")
    monkeypatch.setenv("LAMPLIGHTER_AUTO_APPROVE", "")
    monkeypatch.setenv("LAMPLIGHTER_PUBLIC_URL", "https://messages.example/")
    settings = load()
    assert settings.roles == ["web", "clock"] and settings.auto_approve == []
    assert not settings.embedded_carrier and settings.base_url == "https://messages.example"


def test_live_mode_refuses_the_sandbox_s_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPLIGHTER_MODE", "live")
    with pytest.raises(Misconfigured) as refused:
        load()
    for name in ("DATABASE_URL", "SECRET_KEY", "PUBLIC_URL", "TWILIO__ACCOUNT_SID", "TWILIO__AUTH_TOKEN"):
        assert f"LAMPLIGHTER_{name}" in str(refused.value)


LIVE = {
    "MODE": "live",
    "DATABASE_URL": "postgresql://db.example/l",
    "SECRET_KEY": "x" * 32,
    "PUBLIC_URL": "https://messages.example",
    "TWILIO__ACCOUNT_SID": "AC1",
    "TWILIO__AUTH_TOKEN": "secret",
    "TWILIO__SENDER": "+12025550100",
}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("BOOTSTRAP_API_KEY", "k", "sandbox"),
        ("SECRET_KEY", "short", "32 characters"),
        ("DATABASE_URL", "mysql://db", "postgresql://"),
        ("TIMEZONE", "Mars/Olympus", "no such time zone"),
        ("ROLES", "web,king", "ROLES"),
        ("PORT", "70000", "PORT"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    for key, usual in LIVE.items():
        monkeypatch.setenv(f"LAMPLIGHTER_{key}", usual)
    assert load().twilio.base_url == "https://api.twilio.com"
    monkeypatch.setenv(f"LAMPLIGHTER_{name}", value)
    with pytest.raises(Misconfigured, match=told):
        load()


def test_a_live_gateway_says_that_nobody_on_duty_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().advice == ()
    for given, value in LIVE.items():
        monkeypatch.setenv(f"LAMPLIGHTER_{given}", value)
    assert ["ALERT_NUMBERS" in one for one in load().advice] == [True]
    monkeypatch.setenv("LAMPLIGHTER_ALERT_NUMBERS", "+8613900000001")
    assert load().advice == ()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPLIGHTER_TWILIO__AUTH_TOKEN", "very-secret")
    assert "very-secret" not in repr(load())


def test_the_sandbox_keeps_its_key(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "var")
    assert settings.kept_secret() == settings.kept_secret() and len(settings.kept_secret()) > 32
    assert (tmp_path / "var" / "secret-key").stat().st_mode & 0o077 == 0
