"""E-mail by SMTP, never in clear: STARTTLS or TLS from the first byte, the server's certificate checked."""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from jutong.center.notify.channels import answers
from jutong.center.notify.channels.base import SECONDS, Parcel
from jutong.center.notify.channels.posting import trusting
from jutong.center.notify.errors import SendFailedError
from jutong.center.notify.hosts import Spot, admit

_LASTING = range(550, 555)
"""Replies to a recipient or a message that another try does not change."""


class _Smtp(smtplib.SMTP):
    """Connects to the address that was looked at; certificates are checked against the name."""

    def __init__(self, spot: Spot, context: ssl.SSLContext | None, *, own_name: str) -> None:
        self._spot, self._implicit = spot, context
        super().__init__(spot.host, spot.port, own_name, timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((self._spot.address, port), timeout)
        return plain if self._implicit is None else self._implicit.wrap_socket(plain, server_hostname=host)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server and the account messages come from. ``tls`` is ``starttls`` or ``tls``."""

    name: str
    host: str
    port: int
    sender: str
    tls: str = "starttls"
    user: str = ""
    password: str = ""
    ca_pem: str = ""

    def check(self) -> None:
        """Refuse a host that is not allowed."""
        admit(self.host, self.port)

    def send(self, parcel: Parcel) -> str:
        """Send one mail to one reader."""
        spot = admit(self.host, self.port)
        try:
            return self._hand_over(spot, self.written(parcel))
        except smtplib.SMTPRecipientsRefused as error:
            code, _words = next(iter(error.recipients.values()))
            raise self._refused(code) from error
        except smtplib.SMTPNotSupportedError as error:
            raise SendFailedError(channel=self.name, reason=answers.NO_STARTTLS, detail="STARTTLS") from error
        except smtplib.SMTPResponseException as error:
            raise self._refused(error.smtp_code) from error
        except ssl.SSLCertVerificationError as error:
            raise self._failed(answers.UNTRUSTED, error.verify_message) from error
        except (TimeoutError, smtplib.SMTPException) as error:
            raise self._failed(answers.BROKEN_OFF, type(error).__name__) from error
        except OSError as error:
            raise self._failed(answers.UNREACHED, error.strerror or type(error).__name__) from error

    def _hand_over(self, spot: Spot, mail: EmailMessage) -> str:
        context = trusting(self.ca_pem)
        domain = self.sender.rpartition("@")[2]
        with _Smtp(spot, context if self.tls == "tls" else None, own_name=domain) as server:
            if self.tls != "tls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
            server.send_message(mail)
        return "SMTP 250"

    def written(self, parcel: Parcel) -> EmailMessage:
        """Return the mail; its Message-ID is made of the key, so that a repeated one is known."""
        mail = EmailMessage()
        domain = self.sender.rpartition("@")[2]
        mail["From"] = Address("聚通", addr_spec=parseaddr(self.sender)[1])
        mail["To"] = Address(addr_spec=parcel.to)
        mail["Subject"] = parcel.message.title
        mail["Date"] = format_datetime(parcel.now)
        mail["Message-ID"] = f"<{parcel.key}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(parcel.message.as_text())
        return mail

    def _refused(self, code: int) -> SendFailedError:
        return SendFailedError(
            channel=self.name, reason=answers.of_code(answers.SMTP, code), detail=f"SMTP {code}",
            lasting=code in _LASTING,
        )  # fmt: skip

    def _failed(self, reason: str, detail: str) -> SendFailedError:
        return SendFailedError(channel=self.name, reason=reason, detail=detail)
