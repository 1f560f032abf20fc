"""Django's settings for the center, derived from the one typed tree in ``kernel.settings``."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jutong.kernel import settings as jutong_settings
from jutong.kernel.i18n import LANGUAGES as SPOKEN
from jutong.kernel.i18n import LOCALE_DIR

JUTONG = jutong_settings.load()
PACKAGE = Path(__file__).resolve().parent.parent


def _registry_url() -> str:
    if JUTONG.database_url:
        return JUTONG.database_url
    written = JUTONG.path("run", "registry.dsn")
    return written.read_text().strip() if written.exists() else "postgresql:///jutong"


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or parts.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(host),
        "PORT": str(parts.port or options.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
        "TEST": {"NAME": os.environ.get("JUTONG_TEST_DATABASE", "test_jutong")},
    }


def _secret_key() -> str:
    """Return the instance's secret, kept in its keys folder; without a folder yet, one for this process only."""
    path = JUTONG.path("keys", "session.secret")
    if path.exists():
        return path.read_text().strip()
    return base64.b64encode(hashlib.sha256(os.urandom(32)).digest()).decode()


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = ["*"] if JUTONG.host == "0.0.0.0" else [JUTONG.host, "localhost", "127.0.0.1", "testserver"]  # noqa: S104
ROOT_URLCONF = "jutong.center.urls"
WSGI_APPLICATION = "jutong.center.wsgi.application"
DATABASES = {"default": _database(_registry_url())}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "jutong.center.audit",
    "jutong.center.org",
    "jutong.center.catalog",
    "jutong.center.norms",
    "jutong.center.ownership",
    "jutong.center.intake",
    "jutong.center.clocks",
    "jutong.center.sharing",
    "jutong.center.demand",
    "jutong.center.agreement",
    "jutong.center.correction",
    "jutong.center.remedy",
    "jutong.center.dispute",
    "jutong.center.returns",
    "jutong.center.supervision",
    "jutong.center.complaint",
    "jutong.center.notify",
    "jutong.center.fleet",
    "jutong.center.usage",
    "jutong.center.jobs",
    "jutong.center.library",
    "jutong.center.fusion",
    "jutong.center.quality",
    "jutong.center.care",
    "jutong.center.process",
    "jutong.web",
    "jutong.api",
    "jutong.tasks",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "jutong.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "jutong.web.middleware.PageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jutong.web.context.shell",
            ],
        },
    }
]
AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LANGUAGE_CODE = "zh-hans"
LANGUAGES = SPOKEN
LOCALE_PATHS = [LOCALE_DIR]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = f"jutong-{JUTONG.port}"
CSRF_COOKIE_NAME = f"jutong-csrf-{JUTONG.port}"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = JUTONG.secure_cookies
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "jutong.web.problems.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "jutong.web.accounts.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "jutong.web.accounts.UnifiedAdapter"
MFA_ADAPTER = "jutong.web.accounts.FactorAdapter"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/ip,5/15m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "聚通"
MFA_TOTP_TOLERANCE = 1  # telephones and servers may differ by half a minute
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if JUTONG.oidc_server:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "APPS": [
            {
                "provider_id": "unified",
                "name": "政务统一身份认证",
                "client_id": JUTONG.oidc_client,
                "secret": JUTONG.oidc_secret,
                "settings": {"server_url": JUTONG.oidc_server},
            }
        ]
    }
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "jutong_cache",
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "jutong.kernel.logs.JsonLineFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": JUTONG.log_level.upper()},
}
