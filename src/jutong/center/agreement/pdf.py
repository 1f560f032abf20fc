"""The document as PDF. Chinese is set in a face every reader of PDF has (Adobe-GB1), so no font file travels along."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from jutong.center.agreement.models import Agreement, Signature
from jutong.kernel.clock import BEIJING

FACE = "STSong-Light"
_MARGIN = 56


def pdf_bytes(agreement: Agreement, signatures: Sequence[Signature]) -> bytes:
    """Return an agreement with its items, articles and signatures as PDF."""
    # The library takes a while to load and most processes never make a PDF.
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415
    from reportlab.platypus import SimpleDocTemplate  # noqa: PLC0415

    if FACE not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FACE))
    document, out = agreement.document, BytesIO()
    title = f"{document['title']} {agreement.number}"
    paper = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
        title=title, author=document["provider"]["name"], subject=agreement.digest, invariant=1,
    )  # fmt: skip
    foot = f"{agreement.number} 第{agreement.version}版  {agreement.digest}"

    def feet(canvas: Any, laid: Any) -> None:
        canvas.setFont(FACE, 7.5)
        canvas.drawString(_MARGIN, _MARGIN / 2, foot)
        canvas.drawRightString(A4[0] - _MARGIN, _MARGIN / 2, f"第{laid.page}页")

    paper.build(_flow(agreement, signatures), onFirstPage=feet, onLaterPages=feet)
    return out.getvalue()


def _style(name: str, size: float, **more: Any) -> Any:
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 - as above

    return ParagraphStyle(name, fontName=FACE, fontSize=size, leading=size * 1.6, wordWrap="CJK", **more)


def _flow(agreement: Agreement, signatures: Sequence[Signature]) -> list[Any]:
    from reportlab.platypus import Paragraph, Spacer  # noqa: PLC0415 - as above

    document = agreement.document
    title, head = _style("title", 18, alignment=1), _style("head", 12, spaceBefore=8)
    text, small = _style("text", 10.5, firstLineIndent=21), _style("small", 8.5)
    flow: list[Any] = [Paragraph(escape(document["title"]), title), Spacer(1, 6)]
    flow.append(Paragraph(escape(f"编号：{agreement.number}  第{agreement.version}版"), small))
    for article in document["articles"]:
        flow.append(Paragraph(escape(f"第{article['number']}条 {article['heading']}"), head))
        flow += [Paragraph(escape(paragraph), text) for paragraph in article["paragraphs"]]
        flow.append(Paragraph(escape(f"依据：{article['clause']}"), small))
    flow += [Paragraph("附表：共享的信息项", head), _table(document["items"], small)]
    flow.append(Paragraph("签署", head))
    for row in signatures:
        at = row.at.astimezone(BEIJING).isoformat(" ", "seconds").removesuffix("+08:00")
        place = f"（代{row.on_behalf_of.name}，{_lent_days(row)}）" if row.on_behalf_of else ""
        who = f"{row.statement['post']} {row.by.name}{place}"
        flow.append(Paragraph(escape(f"{row.organisation.name}  {who}  {at}"), text))
        flow.append(Paragraph(escape(f"{row.alg} {row.key_id} {row.signature}"), small))
    if not signatures:
        flow.append(Paragraph("尚未签署", text))
    return flow


def _lent_days(row: Signature) -> str:
    lent = row.statement["on_behalf_of"]
    return f"委托{lent['from']}至{lent['until']}"


def _table(items: list[dict[str, Any]], style: Any) -> Any:
    from reportlab.lib import colors  # noqa: PLC0415 - as above
    from reportlab.platypus import Paragraph, Table, TableStyle  # noqa: PLC0415

    rows = [["信息项", "提供方式", "分级", "查询标识"]]
    rows += [[row["name"], row["mode_label"], row["grade"], "是" if row["is_key"] else ""] for row in items]
    cells = [[Paragraph(escape(cell), style) for cell in row] for row in rows]
    return Table(
        cells, colWidths=[220, 90, 90, 83], repeatRows=1,
        style=TableStyle([("GRID", (0, 0), (-1, -1), 0.4, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]),
    )  # fmt: skip
