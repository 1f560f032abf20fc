from __future__ import annotations

import pytest

from jutong.standards import certificate_id

TYPE = "11100000MB0341032Y002"
ISSUER = "11420503087246977F"
SERIAL = "ABCDEFGH123456789012"
WHOLE = f"1.2.156.3005.2.{TYPE}.{ISSUER}.{SERIAL}.001.B"


def test_rulebook_vector():
    assert certificate_id.check(WHOLE) is None
    assert certificate_id.form(type_code=TYPE, issuer=ISSUER, serial=SERIAL) == WHOLE
    parts = certificate_id.parse(WHOLE)
    assert (parts.type_code, parts.issuer, parts.serial, parts.version) == (TYPE, ISSUER, SERIAL, "001")
    assert str(parts) == WHOLE


@pytest.mark.parametrize(
    ("value", "place", "found"),
    [
        (WHOLE[:-1] + "C", "校验码", "C"),
        (WHOLE[:-1], "校验码", ""),
        (WHOLE.replace("3005", "3006"), "根标识", "1.2.156.3006.2"),
        ("1.2.156.3005.21" + WHOLE[14:], "根标识", "1.2.156.3005.2"),
        ("", "根标识", ""),
        (WHOLE + ".1", "段数", "6"),
        (WHOLE.replace("Y002", "Y02"), "证照类型代码", "11100000MB0341032Y02"),
        (WHOLE.replace("Y002", "Y0A2"), "证照类型代码", "11100000MB0341032Y0A2"),
        (WHOLE.replace("MB0341032Y", "MB0341032X"), "证照类型代码", "11100000MB0341032X"),
        (WHOLE.replace("MB0341032Y", "mb0341032Y"), "证照类型代码", "11100000mb0341032Y"),
        (WHOLE.replace("977F", "977G"), "证照颁发机构代码", "11420503087246977G"),
        (WHOLE.replace("ABCD", "abcd"), "流水号", "abcdEFGH123456789012"),
        (WHOLE.replace(".001.", ".1.", 1), "版本号", "1"),
    ],
)
def test_a_wrong_identifier_is_told_where_and_what(value, place, found):
    finding = certificate_id.check(value)
    assert finding is not None
    assert (finding.place, finding.found) == (place, found)
    with pytest.raises(certificate_id.CertificateIdError):
        certificate_id.parse(value)


def test_wrong_parts_make_no_identifier():
    with pytest.raises(certificate_id.CertificateIdError) as caught:
        certificate_id.form(type_code=TYPE, issuer=ISSUER, serial="")
    assert caught.value.fields["place"] == "流水号"
    with pytest.raises(certificate_id.CertificateIdError):
        certificate_id.form(type_code=TYPE, issuer=ISSUER, serial=SERIAL, version=1000)
