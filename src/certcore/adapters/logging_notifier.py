"""A notifier that writes to a log."""

import logging
from typing import Final

from certcore.domain.notices import Message

_LOG: Final = logging.getLogger("certcore.notices")


class LoggingNotifier:
    """Logs every message: its id, rule, award and reader's id; its words only where that is asked for.

    Words hold names and addresses, which logs keep longer than they may (R-62). They are quoted, so that nothing in
    them looks like another line of the log.
    """

    def __init__(self, logger: logging.Logger = _LOG, level: int = logging.INFO, *, words: bool = False) -> None:
        self._logger = logger
        self._level = level
        self._words = words

    def send(self, message: Message) -> None:
        """Log the message."""
        told = "notice %s of rule %s (%s) to %r about %s"
        about = message.number or "no award"
        values = [message.id, message.rule, message.when, message.recipient.id, about]
        if self._words:
            told += ": %r %r"
            values += [message.subject, message.body]
        self._logger.log(self._level, told, *values)
