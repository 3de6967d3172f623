"""Notices: which rule tells whom of what, when, and in which words (R-80 to R-82)."""

from certcore.domain.notices.book import NOTICES_SETTING, NoticeBook
from certcore.domain.notices.inbox import InboxEntry
from certcore.domain.notices.messages import Attachment, Message, Notice, notice_id, unwanted
from certcore.domain.notices.rules import NoticeRule
from certcore.domain.notices.short_codes import SHORT_CODES, ShortCode, codes_in, render_body, render_subject
from certcore.domain.notices.templates import Template, Text
from certcore.domain.notices.timetable import Expiry, Moment, Timetable
from certcore.domain.notices.triggers import (
    EXPIRED,
    Audience,
    Offset,
    OffsetUnit,
    Trigger,
    When,
    triggers_of,
)

__all__ = [
    "EXPIRED",
    "NOTICES_SETTING",
    "SHORT_CODES",
    "Attachment",
    "Audience",
    "Expiry",
    "InboxEntry",
    "Message",
    "Moment",
    "Notice",
    "NoticeBook",
    "NoticeRule",
    "Offset",
    "OffsetUnit",
    "ShortCode",
    "Template",
    "Text",
    "Timetable",
    "Trigger",
    "When",
    "codes_in",
    "notice_id",
    "render_body",
    "render_subject",
    "triggers_of",
    "unwanted",
]
