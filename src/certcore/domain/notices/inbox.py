"""What people find in their inbox."""

from datetime import datetime

from attrs import frozen

from certcore.domain.notices.messages import Attachment, Message


@frozen
class InboxEntry:
    """A message as it is kept for its reader; ``read_at`` is None while it is unread.

    ``when`` is what its rule waits for, as text; ``number`` is that of the award it tells of, if any.
    """

    id: str
    recipient_id: str
    learner_id: str
    language: str
    subject: str
    body: str
    rule: str
    when: str
    at: datetime
    received_at: datetime
    read_at: datetime | None = None
    number: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @classmethod
    def of(cls, message: Message, received_at: datetime) -> "InboxEntry":
        """The message as it came in."""
        return cls(
            id=message.id,
            recipient_id=message.recipient.id,
            learner_id=message.learner_id,
            language=message.language,
            subject=message.subject,
            body=message.body,
            rule=message.rule,
            when=str(message.when),
            at=message.at,
            received_at=received_at,
            number=message.number,
            attachments=message.attachments,
        )
